//! The conditions that look at a change: `VALCHANGES`, `CHANGESFROM`, `CHANGESTO`. They mean something where a record is written, in
//! the filter of a business rule, and nothing in a read (facts 2.1).

/// A condition that every record, and one that no record meets.
const ALWAYS: &str = "sys_class_nameANYTHING";
const NEVER: &str = "sys_idINSTANCEOFno_such_table";

/// Replaces the conditions on changes in a query by what they come to for one write. `values` returns what a field was and what it
/// becomes; of a new record it was nothing. A field that does not exist has not changed.
pub(crate) fn settle(query: &str, values: impl Fn(&str) -> (String, String)) -> String {
    let parts = query.split('^').map(|part| {
        let (lead, condition) = lead(part);
        match settled(condition, &values) {
            Some(holds) => format!("{lead}{}", if holds { ALWAYS } else { NEVER }),
            None => part.to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join("^")
}

/// Whether a condition on a change holds; `None` if it is another kind of condition.
fn settled(condition: &str, values: impl Fn(&str) -> (String, String)) -> Option<bool> {
    let end = condition.find(|c: char| c.is_ascii_uppercase())?;
    let (field, rest) = condition.split_at(end);
    // A word in a value is not an operator.
    if !field.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return None;
    }
    let (old, new) = values(field);
    let changed = old != new;
    if let Some(value) = rest.strip_prefix("CHANGESFROM") {
        return Some(changed && old == value);
    }
    if let Some(value) = rest.strip_prefix("CHANGESTO") {
        return Some(changed && new == value);
    }
    (rest == "VALCHANGES").then_some(changed)
}

fn lead(part: &str) -> (&str, &str) {
    let known = ["NQ", "OR"].into_iter().find(|lead| part.starts_with(lead) && !part.starts_with("ORDERBY"));
    part.split_at(known.map_or(0, str::len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_on_changes_come_to_always_or_never() {
        let values = |field: &str| match field {
            "state" => ("1".to_owned(), "7".to_owned()),
            _ => ("x".to_owned(), "x".to_owned()),
        };
        for (query, holds) in [
            ("stateVALCHANGES", true),
            ("stateCHANGESTO7", true),
            ("stateCHANGESTO1", false),
            ("stateCHANGESFROM1", true),
            ("nameVALCHANGES", false),
            ("nameCHANGESTOx", false),
        ] {
            let expected = if holds { ALWAYS } else { NEVER };
            assert_eq!(settle(query, values), expected, "{query}");
            assert_eq!(
                settle(&format!("a=1^OR{query}^NQ{query}"), values),
                format!("a=1^OR{expected}^NQ{expected}")
            );
        }
        for other in ["state=7", "nameLIKECHANGESTO", "ORDERBYstate", "", "a=CHANGESTO7"] {
            assert_eq!(settle(other, values), other);
        }
    }
}
