//! A query's text in its parts: `^`, `^OR`, `^NQ`, order, related lists (facts 2.2, 2.3).

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Term {
    And(String),
    Or(String),
    NewGroup(String),
    Order(String, bool),
    /// `RLQUERY…^ENDRLQUERY`, without either word.
    Related(String),
}

pub(super) fn split(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut parts = pieces(text).into_iter();
    while let Some(part) = parts.next() {
        // The text index of a record is no field; `EQ` and `GROUPBY` say nothing about rows (facts 2.1).
        if part.is_empty() || part == "EQ" || part.starts_with("GROUPBY") {
            continue;
        }
        if let Some(field) = part.strip_prefix("ORDERBYDESC") {
            terms.push(Term::Order(field.to_owned(), true));
        } else if let Some(field) = part.strip_prefix("ORDERBY") {
            terms.push(Term::Order(field.to_owned(), false));
        } else if let Some(body) = part.strip_prefix("RLQUERY") {
            let inside = parts.by_ref().take_while(|part| part != "ENDRLQUERY");
            let body = std::iter::once(body.to_owned()).chain(inside.map(|part| part.replace('^', "^^")));
            terms.push(Term::Related(body.collect::<Vec<_>>().join("^")));
        } else if let Some(rest) = part.strip_prefix("NQ") {
            terms.push(Term::NewGroup(rest.to_owned()));
        } else if let Some(rest) = part.strip_prefix("OR") {
            terms.push(Term::Or(rest.to_owned()));
        } else {
            terms.push(Term::And(part));
        }
    }
    terms
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

    #[test]
    fn carets_split_and_double_carets_do_not() {
        assert_eq!(split("a=1^^b=2"), [Term::And("a=1^b=2".into())]);
        assert_eq!(split("^a=1^"), [Term::And("a=1".into())]);
        assert_eq!(
            split("a=1^ORb=2^NQc=3^ORDERBYDESCd^EQ"),
            [
                Term::And("a=1".into()),
                Term::Or("b=2".into()),
                Term::NewGroup("c=3".into()),
                Term::Order("d".into(), true)
            ]
        );
        assert_eq!(
            split("RLQUERYx.y,>=1^a=1^ENDRLQUERY^b=2"),
            [Term::Related("x.y,>=1^a=1".into()), Term::And("b=2".into())]
        );
        assert_eq!(split("^^^"), [Term::And("^".into())]);
    }
}
