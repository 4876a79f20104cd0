//! The words that people search the documentation for: the parameters of the service, and what other libraries call our methods.
//! Each of them has to be a `doc(alias)`.

use crate::run::root;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// What other libraries call what a client does.
const OTHER_WORDS: [&str; 10] =
    ["insert", "find", "filter", "where", "sort", "paginate", "timeout", "refresh", "login", "patch"];

/// The library in whose documentation people search for those words, including the words of the libraries that it exports.
const CLIENT: &str = "snow-client";

/// The lists of the service's parameters that a library has methods for.
const PARAMETERS: [(&str, &str); 2] = [
    (CLIENT, "crates/snow-client/src/request/reserved_params.rs"),
    ("snow-core", "crates/snow-core/src/params/name.rs"),
];

/// Parameters without a public method.
const HIDDEN: [(&str, &str); 1] = [("snow-core", "sysparm_tiny")];

/// The words of `OTHER_WORDS` that belong to the query, which snow-client exports from snow-core.
const IN_CORE: [&str; 1] = ["sort"];

/// Returns a line for each word that a search of this library's documentation does not find.
pub(crate) fn missing(library: &str, json: &Value) -> Result<Vec<String>, String> {
    let found = of(json);
    let wanted = wanted(library)?;
    let missing = wanted.iter().filter(|word| !found.contains(*word));
    Ok(missing.map(|word| format!("{library}: no public item has doc(alias = {word:?})")).collect())
}

fn wanted(library: &str) -> Result<Vec<String>, String> {
    let mut wanted = Vec::new();
    for (_, file) in PARAMETERS.iter().filter(|(of, _)| *of == library) {
        let text = fs::read_to_string(root().join(file)).map_err(|why| format!("{file}: {why}"))?;
        let names = parameters(&text);
        if names.is_empty() {
            return Err(format!(
                "{file} lists no parameters any more: the check of aliases has to read another file"
            ));
        }
        wanted.extend(names.into_iter().filter(|name| !HIDDEN.contains(&(library, name))));
    }
    let own = OTHER_WORDS.iter().filter(|word| match library {
        CLIENT => !IN_CORE.contains(word),
        "snow-core" => IN_CORE.contains(word),
        _ => false,
    });
    wanted.extend(own.map(|word| (*word).to_owned()));
    Ok(wanted)
}

/// Returns the names of parameters that a file has in quotes, with or without a `&` in front.
fn parameters(source: &str) -> BTreeSet<String> {
    let quoted = source.split('"').skip(1).step_by(2);
    let names = quoted.map(|text| text.trim_start_matches('&').trim_end_matches('='));
    // "sysparm_" alone is a prefix that a check compares with.
    names.filter(|name| name.strip_prefix("sysparm_").is_some_and(is_name)).map(str::to_owned).collect()
}

fn is_name(rest: &str) -> bool {
    !rest.is_empty() && rest.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// Returns the aliases of all items that the documentation shows.
fn of(json: &Value) -> BTreeSet<String> {
    let items = json["index"].as_object().into_iter().flat_map(|index| index.values());
    let attributes = items.flat_map(|item| item["attrs"].as_array().into_iter().flatten());
    attributes.filter_map(|attribute| attribute["other"].as_str()).filter_map(alias).collect()
}

/// Returns the word of `#[doc(alias = "word")]`, as which rustdoc writes each word of a list as well.
fn alias(attribute: &str) -> Option<String> {
    let word = attribute.strip_prefix("#[doc(alias = \"")?.strip_suffix("\")]")?;
    Some(word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_alias_that_is_missing_is_seen() {
        let item =
            |word: &str| json!({ "attrs": [{ "other": format!("#[doc(alias = \"{word}\")]") }, "must_use"] });
        let wanted = wanted(CLIENT).unwrap();
        let all: Vec<Value> = wanted.iter().map(|word| item(word)).collect();
        let index = |items: &[Value]| json!({ "index": items.iter().cloned().enumerate().map(|(at, item)| (at.to_string(), item)).collect::<serde_json::Map<_, _>>() });
        assert_eq!(missing(CLIENT, &index(&all)).unwrap(), Vec::<String>::new());
        for left_out in &wanted {
            let some: Vec<Value> =
                wanted.iter().filter(|word| *word != left_out).map(|word| item(word)).collect();
            let problem = missing(CLIENT, &index(&some)).unwrap();
            assert_eq!(problem, [format!("snow-client: no public item has doc(alias = {left_out:?})")]);
        }
    }

    #[test]
    fn the_parameters_are_those_of_the_lists() {
        let client = wanted(CLIENT).unwrap();
        assert!(client.len() > 25 && client.contains(&"sysparm_query".to_owned()), "{client:?}");
        let core = wanted("snow-core").unwrap();
        assert!(
            core.contains(&"sysparm_no_count".to_owned()) && core.contains(&"sort".to_owned()),
            "{core:?}"
        );
        assert!(!core.contains(&"sysparm_tiny".to_owned()));
        assert_eq!(wanted("snow-sim").unwrap(), Vec::<String>::new());
        assert_eq!(parameters(r#"("sysparm_a", "b"), "&sysparm_c=", "sysparm_""#).len(), 2);
    }
}
