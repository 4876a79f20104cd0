//! A query's text in its parts: `^`, `^OR`, `^NQ`, order, related lists (facts 2.2, 2.3).

use super::operator;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) lead: Connective,
    pub(super) what: TermKind,
}

/// What stands in front of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connective {
    And,
    Or,
    NewGroup,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum TermKind {
    Condition(String),
    Order(String, bool),
    /// What stands between `RLQUERY` and its `^ENDRLQUERY`.
    Related(String),
}

pub(super) fn split(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut parts = pieces(text).into_iter();
    while let Some(part) = parts.next() {
        let (lead, rest) = lead(&part);
        // `EQ` and `GROUPBY` say nothing about rows (facts 2.1).
        let nothing = rest.is_empty() || rest == "EQ" || rest.starts_with("GROUPBY");
        let what = if let Some(field) = rest.strip_prefix("ORDERBYDESC") {
            TermKind::Order(field.to_owned(), true)
        } else if let Some(field) = rest.strip_prefix("ORDERBY") {
            TermKind::Order(field.to_owned(), false)
        } else if let Some(head) = rest.strip_prefix("RLQUERY") {
            TermKind::Related(related(head, &mut parts))
        } else {
            TermKind::Condition(if nothing { String::new() } else { rest.to_owned() })
        };
        if lead == Connective::NewGroup || what != TermKind::Condition(String::new()) {
            terms.push(Term { lead, what });
        }
    }
    terms
}

/// The same query without its `ORDERBY`s.
pub(crate) fn without_order(text: &str) -> String {
    let kept = pieces(text).into_iter().filter(|piece| !lead(piece).1.starts_with("ORDERBY"));
    kept.map(|piece| piece.replace('^', "^^")).collect::<Vec<_>>().join("^")
}

/// The fields that the conditions of a query name, each once: what stands in front of the operator, whether it is the name of a field
/// or not.
pub(crate) fn fields_of(text: &str) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for term in split(text) {
        let TermKind::Condition(condition) = term.what else { continue };
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        let name = condition.find(|c| !named(c)).unwrap_or(condition.len());
        let mut ends = condition[name..].char_indices().map(|(at, _)| name + at);
        let end = ends.find(|end| operator::split(&condition[*end..]).is_some());
        let field = &condition[..end.unwrap_or(name)];
        if !field.is_empty() && !fields.iter().any(|known| known == field) {
            fields.push(field.to_owned());
        }
    }
    fields
}

/// `ORDERBY` begins like `OR`, but is not one.
fn lead(part: &str) -> (Connective, &str) {
    if let Some(rest) = part.strip_prefix("NQ") {
        return (Connective::NewGroup, rest);
    }
    match part.strip_prefix("OR") {
        Some(rest) if !rest.starts_with("DERBY") => (Connective::Or, rest),
        _ => (Connective::And, part),
    }
}

/// Everything up to the end that belongs to this beginning.
fn related(head: &str, parts: &mut impl Iterator<Item = String>) -> String {
    let (mut body, mut depth) = (head.to_owned(), 1);
    for part in parts {
        depth += usize::from(lead(&part).1.starts_with("RLQUERY"));
        depth -= usize::from(part == "ENDRLQUERY");
        if depth == 0 {
            break;
        }
        body.push('^');
        body.push_str(&part.replace('^', "^^"));
    }
    body
}

/// Split at `^`; `^^` is a caret inside a value (facts 2.3).
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '^' if characters.next_if_eq(&'^').is_some() => {
                pieces.last_mut().into_iter().for_each(|piece| piece.push('^'))
            }
            '^' => pieces.push(String::new()),
            c => pieces.last_mut().into_iter().for_each(|piece| piece.push(c)),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(lead: Connective, text: &str) -> Term {
        Term { lead, what: TermKind::Condition(text.into()) }
    }

    #[test]
    fn carets_split_and_double_carets_do_not() {
        assert_eq!(split("a=1^^b=2"), [term(Connective::And, "a=1^b=2")]);
        assert_eq!(split("^a=1^"), [term(Connective::And, "a=1")]);
        let order = Term { lead: Connective::And, what: TermKind::Order("d".into(), true) };
        assert_eq!(
            split("a=1^ORb=2^NQc=3^ORDERBYDESCd^EQ"),
            [
                term(Connective::And, "a=1"),
                term(Connective::Or, "b=2"),
                term(Connective::NewGroup, "c=3"),
                order
            ]
        );
        let related = |lead, text: &str| Term { lead, what: TermKind::Related(text.into()) };
        assert_eq!(
            split("RLQUERYx.y,>=1^a=1^ENDRLQUERY^b=2"),
            [related(Connective::And, "x.y,>=1^a=1"), term(Connective::And, "b=2")]
        );
        assert_eq!(
            split("a=1^NQRLQUERYx.y,>=1^RLQUERYz.w,=0^ENDRLQUERY^ENDRLQUERY^b=2"),
            [
                term(Connective::And, "a=1"),
                related(Connective::NewGroup, "x.y,>=1^RLQUERYz.w,=0^ENDRLQUERY"),
                term(Connective::And, "b=2")
            ]
        );
        assert_eq!(split("^^^"), [term(Connective::And, "^")]);
    }
}
