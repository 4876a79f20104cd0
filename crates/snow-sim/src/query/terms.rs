//! A query's text in its parts: `^`, `^OR`, `^NQ`, order, related lists (facts 2.2, 2.3).

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) lead: Lead,
    pub(super) what: What,
}

/// What stands in front of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    And,
    Or,
    NewGroup,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
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
            What::Order(field.to_owned(), true)
        } else if let Some(field) = rest.strip_prefix("ORDERBY") {
            What::Order(field.to_owned(), false)
        } else if let Some(head) = rest.strip_prefix("RLQUERY") {
            What::Related(related(head, &mut parts))
        } else {
            What::Condition(if nothing { String::new() } else { rest.to_owned() })
        };
        if lead == Lead::NewGroup || what != What::Condition(String::new()) {
            terms.push(Term { lead, what });
        }
    }
    terms
}

/// `ORDERBY` begins like an or, and is none.
fn lead(part: &str) -> (Lead, &str) {
    if let Some(rest) = part.strip_prefix("NQ") {
        return (Lead::NewGroup, rest);
    }
    match part.strip_prefix("OR") {
        Some(rest) if !rest.starts_with("DERBY") => (Lead::Or, rest),
        _ => (Lead::And, part),
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

    fn term(lead: Lead, text: &str) -> Term {
        Term { lead, what: What::Condition(text.into()) }
    }

    #[test]
    fn carets_split_and_double_carets_do_not() {
        assert_eq!(split("a=1^^b=2"), [term(Lead::And, "a=1^b=2")]);
        assert_eq!(split("^a=1^"), [term(Lead::And, "a=1")]);
        let order = Term { lead: Lead::And, what: What::Order("d".into(), true) };
        assert_eq!(
            split("a=1^ORb=2^NQc=3^ORDERBYDESCd^EQ"),
            [term(Lead::And, "a=1"), term(Lead::Or, "b=2"), term(Lead::NewGroup, "c=3"), order]
        );
        let related = |lead, text: &str| Term { lead, what: What::Related(text.into()) };
        assert_eq!(
            split("RLQUERYx.y,>=1^a=1^ENDRLQUERY^b=2"),
            [related(Lead::And, "x.y,>=1^a=1"), term(Lead::And, "b=2")]
        );
        assert_eq!(
            split("a=1^NQRLQUERYx.y,>=1^RLQUERYz.w,=0^ENDRLQUERY^ENDRLQUERY^b=2"),
            [
                term(Lead::And, "a=1"),
                related(Lead::NewGroup, "x.y,>=1^RLQUERYz.w,=0^ENDRLQUERY"),
                term(Lead::And, "b=2")
            ]
        );
        assert_eq!(split("^^^"), [term(Lead::And, "^")]);
    }
}
