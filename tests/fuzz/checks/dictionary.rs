//! Whatever stands in a dictionary, the Rust code made of it has the items that the dictionary names, and nothing else.

use super::scripted::{PASSWORD, client, has, is_fit_to_print, run};
use http::{Request, Response};
use serde_json::{Value, json};
use snow_client::{Client, ErrorKind};
use snow_core::Body;
use std::collections::BTreeSet;

/// Texts, each ended by a byte that UTF-8 never has: the table's label, then for each column its name, type, reference, label,
/// and the value and label of a choice.
pub(crate) fn check(data: &[u8]) {
    if has(data, PASSWORD) {
        return;
    }
    let mut texts = data.split(|byte| *byte == 0xFF).map(|text| String::from_utf8_lossy(text).into_owned());
    let label = texts.next().unwrap_or_default();
    let texts: Vec<String> = texts.collect();
    let columns: Vec<Dictionary> = texts.chunks(6).take(6).map(column).collect();
    run(generated(&label, &columns));
}

fn column(texts: &[String]) -> Dictionary {
    let text = |at: usize| texts.get(at).cloned().unwrap_or_default();
    let choices = if texts.len() > 4 { vec![(text(4), text(5))] } else { Vec::new() };
    Dictionary { element: text(0), kind: text(1), reference: text(2), label: text(3), choices }
}

/// One column of a dictionary, and its choices (values and labels).
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    pub(crate) element: String,
    pub(crate) kind: String,
    pub(crate) reference: String,
    pub(crate) label: String,
    pub(crate) choices: Vec<(String, String)>,
}

/// A client of an instance whose tables all have these columns.
fn dictionary(table_label: String, columns: Vec<Dictionary>) -> Client {
    client(move |request: &Request<Body>| {
        let named = |name: &str| request.uri().path().ends_with(name);
        let query = request.uri().query().unwrap_or_default();
        let asked = TABLES.iter().rev().find(|table| query.contains(*table));
        let rows: Vec<Value> = if named("sys_db_object") {
            vec![json!({ "name": "t", "label": table_label, "super_class": "", "super_class.name": "" })]
        } else if named("sys_dictionary") {
            let row = |column: &Dictionary| {
                json!({
                    "name": "t", "element": column.element, "column_label": column.label,
                    "internal_type": column.kind, "reference": column.reference, "max_length": "40",
                    "default_value": "", "choice": if column.choices.is_empty() { "0" } else { "3" },
                    "mandatory": "false", "read_only": "false", "display": "false", "attributes": "",
                })
            };
            columns.iter().map(row).collect()
        } else {
            let choice = |(value, label): &(String, String)| json!({ "name": asked, "value": value, "label": label, "language": "en", "inactive": "false" });
            // Every column has the choices of the first that has any: which one is asked for does not matter here.
            let choices = columns.iter().find(|column| !column.choices.is_empty());
            choices.map(|column| column.choices.iter().map(choice).collect()).unwrap_or_default()
        };
        let count = rows.len();
        let body = Body::from(json!({ "result": rows }).to_string());
        let response = Response::builder().header("content-type", "application/json");
        response.header("x-total-count", count).body(body).expect("a valid response")
    })
}

const TABLES: [&str; 5] = ["u_job", "u_job_state", "option", "string", "self"];

/// Fails if the code has anything in it but a struct for each table, enums, their `impl`s, and constants for the columns.
fn holds_only(code: &str, elements: &BTreeSet<String>) {
    let file = syn::parse_file(code).unwrap_or_else(|error| panic!("{error}\n{code}"));
    let (mut names, mut structs) = (BTreeSet::new(), 0);
    assert!(file.attrs.is_empty(), "{code}");
    for item in &file.items {
        match item {
            syn::Item::Struct(item) => {
                structs += 1;
                assert!(names.insert(item.ident.to_string()), "{} comes twice\n{code}", item.ident);
                assert_eq!(item.fields.len(), elements.len(), "{code}");
                let fields: BTreeSet<_> = item.fields.iter().map(|field| &field.ident).collect();
                assert_eq!(fields.len(), elements.len(), "{code}");
            }
            syn::Item::Enum(item) => {
                assert!(names.insert(item.ident.to_string()), "{} comes twice\n{code}", item.ident);
                let variants: BTreeSet<_> = item.variants.iter().map(|variant| &variant.ident).collect();
                assert_eq!(variants.len(), item.variants.len(), "{code}");
            }
            syn::Item::Impl(item) => {
                for member in &item.items {
                    match member {
                        syn::ImplItem::Const(_) => {}
                        syn::ImplItem::Fn(function) => {
                            let name = function.sig.ident.to_string();
                            assert!(["value", "from"].contains(&&*name), "{name}\n{code}");
                        }
                        _ => panic!("{code}"),
                    }
                }
            }
            _ => panic!("{code}"),
        }
    }
    assert_eq!(structs, TABLES.len(), "{code}");
    for needed in ["Option", "String", "Vec", "From", "Self"] {
        assert!(!names.contains(needed), "{needed}\n{code}");
    }
    let hidden = |c: char| (c.is_control() && c != '\n') || ('\u{2028}'..='\u{202e}').contains(&c);
    assert!(!code.contains(hidden), "{code:?}");
    let texts = code.lines().filter_map(|line| line.trim_start().strip_prefix("/// "));
    for text in texts {
        let runs = text.starts_with("    ") || text.contains("```") || text.trim_start().starts_with("~~~");
        assert!(!runs, "a documentation test could run {text:?}");
    }
}

/// The code for these columns; `None` if their names cannot be part of a query, which is an error that says so.
pub(crate) async fn generated(label: &str, columns: &[Dictionary]) -> Option<String> {
    let code = match dictionary(label.to_owned(), columns.to_vec()).schema().generate(TABLES).await {
        Ok(code) => code,
        Err(error) => {
            let right = if columns.is_empty() { ErrorKind::Forbidden } else { ErrorKind::InvalidInput };
            assert_eq!(error.kind(), right, "{error}");
            assert!(!error.may_have_executed(), "{error}");
            is_fit_to_print(&error);
            return None;
        }
    };
    let mut reversed = TABLES;
    reversed.reverse();
    let again = dictionary(label.to_owned(), columns.to_vec())
        .schema()
        .generate(reversed)
        .await
        .expect("what was generated once");
    let names = |code: &str| -> BTreeSet<String> {
        code.lines().filter(|line| line.starts_with("pub ")).map(str::to_owned).collect()
    };
    assert_eq!(names(&code), names(&again), "names do not depend on the order of tables");
    let elements = columns.iter().map(|column| column.element.clone()).collect();
    holds_only(&code, &elements);
    Some(code)
}
