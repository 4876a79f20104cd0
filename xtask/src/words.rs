//! The words of the documentation: the first of a function is a verb, facts that are cited are links, and a search for another
//! library's words finds ours. Read from rustdoc's JSON, so that it is what a user reads.

use crate::run::Done;
use crate::workspace::Workspace;
use crate::{aliases, api};
use serde_json::Value;

/// First words that end like a verb in the third person, but are not verbs.
const NO_VERBS: [&str; 14] = [
    "This",
    "Its",
    "As",
    "Is",
    "Has",
    "Was",
    "Always",
    "Whether",
    "Sometimes",
    "Errors",
    "Panics",
    "Examples",
    "Rows",
    "Records",
];

/// Functions whose first word may be another one: at most one in twenty.
const EXCEPTIONS: [&str; 0] = [];

pub(crate) fn check(workspace: &Workspace) -> Done {
    let (mut functions, mut problems) = (0, Vec::new());
    for library in workspace.libraries {
        let json = api::rustdoc_json(workspace, library)?;
        problems.extend(aliases::missing(library, &json)?);
        for item in own_items(&json) {
            let (name, docs) =
                (item["name"].as_str().unwrap_or_default(), item["docs"].as_str().unwrap_or_default());
            let place = format!(
                "{}:{}",
                item["span"]["filename"].as_str().unwrap_or(library),
                item["span"]["begin"][0]
            );
            if !item["inner"]["function"].is_null() && !docs.is_empty() {
                functions += 1;
                let word = first_word(docs);
                if !is_verb(word) && !EXCEPTIONS.contains(&name) {
                    problems.push(format!(
                        "{place}: the first word of {name} is {word:?}, and has to be a verb: \"Returns …\""
                    ));
                }
            }
            if let Some(fact) = unlinked_fact(docs) {
                problems.push(format!(
                    "{place}: {name} cites {fact:?} without a link: write [{fact}], and define it"
                ));
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    println!(
        "{functions} public functions begin with a verb, all facts are links, and all aliases are there"
    );
    Ok(())
}

fn own_items(json: &Value) -> impl Iterator<Item = &Value> {
    let items = json["index"].as_object().into_iter().flat_map(|index| index.values());
    items.filter(|item| item["crate_id"] == 0)
}

fn first_word(docs: &str) -> &str {
    let start = docs.trim_start_matches(|c: char| !c.is_alphabetic());
    &start[..start.find(|c: char| !c.is_alphabetic()).unwrap_or(start.len())]
}

/// "Returns", "Sets": the third person.
fn is_verb(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && word.ends_with('s') && !NO_VERBS.contains(&word)
}

/// Returns a citation such as "facts 3.4" that is not in brackets.
fn unlinked_fact(docs: &str) -> Option<String> {
    let docs = docs.replace('\n', " ");
    let cited = |word: &str| {
        docs.match_indices(word).map(|(at, _)| at).find(|at| {
            let number = docs[at + word.len()..].starts_with(|c: char| c.is_ascii_digit());
            number && !docs[..*at].ends_with('[')
        })
    };
    let at = cited("facts ").or_else(|| cited("Facts "))?;
    let rest = &docs[at..];
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == ' ' || c == '.')).unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches(['.', ' ']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_has_to_be_a_verb() {
        assert!(is_verb(first_word("Returns the record.")));
        assert!(is_verb(first_word("`Sets` it.")));
        for other in [
            "The record.",
            "How many.",
            "Whether it is.",
            "Its name.",
            "returns it.",
            "",
            "Always ready.",
            "# Errors\n",
            "Rows of it.",
        ] {
            assert!(!is_verb(first_word(other)), "{other}");
        }
    }

    #[test]
    fn a_fact_has_to_be_a_link() {
        for cited in ["Refused (facts 3.4).", "Refused (facts\n3.4)."] {
            assert_eq!(unlinked_fact(cited).as_deref(), Some("facts 3.4"));
        }
        assert_eq!(unlinked_fact("Refused ([facts 3.4]), as facts say, and \"facts\" 1."), None);
    }
}
