//! The settings of an operation can be given in any order: each pair of them compiles both ways. Its page has an example.

use crate::internal_errors;
use snow_client::aggregate::{Aggregate, Comparison};
use snow_client::export::{ExportDirectory, Ndjson};
use snow_client::{Client, DisplayValue, Query, field};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

/// For each pair of methods, compiles the call with both, in both orders. Returns the names of the methods.
macro_rules! any_order {
    ($call:expr; $($method:tt)*) => {{
        any_order!(@pairs $call; $($method)*);
        BTreeSet::from([$(any_order!(@name $method)),*])
    }};
    (@pairs $call:expr;) => {};
    (@pairs $call:expr; $first:tt $($other:tt)*) => {
        $(any_order!(@both $call; $first $other);)*
        any_order!(@pairs $call; $($other)*);
    };
    (@both $call:expr; {$($first:tt)*} {$($second:tt)*}) => {
        let _ = || drop($call.$($first)*.$($second)*);
        let _ = || drop($call.$($second)*.$($first)*);
    };
    (@name {$name:ident $($arguments:tt)*}) => { stringify!($name) };
}

const ID: &str = "a9e30c7dc61122760116894de7bcc7bd";

/// The methods of each operation that are called on the operation and return it, by the name of its type.
fn operations(client: &Client) -> Vec<(&'static str, BTreeSet<&'static str>)> {
    let (table, api) = (client.table("incident"), client.api("/api/x_acme/v1/orders"));
    let (import, attachments) = (client.import("imp_user"), client.attachments());
    let fields = [("number", "1")];
    vec![
        (
            "table::GetRecord",
            any_order!(table.get(ID);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {fields(["number"])} {display_value(DisplayValue::All)} {exclude_reference_link(true)} {view("mobile")}
            {query_no_domain(true)} {require_fields(true)}),
        ),
        (
            "table::CreateRecord",
            any_order!(table.create(&fields);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {fields(["number"])} {display_value(DisplayValue::All)} {exclude_reference_link(true)} {view("mobile")}
            {input_display_value(true)} {suppress_auto_sys_field(true)} {require_applied(true)} {verified()}
            {confirm_by("number")}),
        ),
        (
            "table::ConfirmedCreate",
            any_order!(table.create(&fields).confirm_by("number");
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {fields(["number"])} {display_value(DisplayValue::All)} {exclude_reference_link(true)} {view("mobile")}
            {input_display_value(true)} {suppress_auto_sys_field(true)} {require_applied(true)} {verified()}),
        ),
        (
            "table::UpdateRecord",
            any_order!(table.update(ID, &fields);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {fields(["number"])} {display_value(DisplayValue::All)} {exclude_reference_link(true)} {view("mobile")}
            {query_no_domain(true)} {input_display_value(true)} {suppress_auto_sys_field(true)} {require_applied(true)}
            {verified()} {use_put(true)}),
        ),
        (
            "table::UpsertRecord",
            any_order!(table.upsert("number", &fields);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)}
            {fields(["number"])} {display_value(DisplayValue::All)} {exclude_reference_link(true)} {view("mobile")}
            {query_no_domain(true)} {input_display_value(true)} {suppress_auto_sys_field(true)} {require_applied(true)}
            {verified()}),
        ),
        (
            "table::DeleteRecord",
            any_order!(table.delete(ID);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {query_no_domain(true)}),
        ),
        (
            "table::ListRecords",
            any_order!(table.list();
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)}
            {fields(["number"])} {display_value(DisplayValue::All)} {exclude_reference_link(true)} {view("mobile")}
            {query_no_domain(true)} {query(Query::new())} {filter("active", true)} {limit(1)} {offset(1)}
            {query_category("list")} {require_fields(true)} {with_sys_ids()}),
        ),
        (
            "table::CountRecords",
            any_order!(table.list().count();
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {query_no_domain(true)} {query(field("active").eq(true))} {filter("active", true)} {query_category("list")}),
        ),
        (
            "aggregate::AggregateRecords",
            any_order!(client.aggregate("incident");
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {query_no_domain(true)} {query(Query::new())} {display_value(DisplayValue::All)} {count()} {sum(["a"])}
            {avg(["a"])} {min(["a"])} {max(["a"])}),
        ),
        (
            "aggregate::AggregateGroups",
            any_order!(client.aggregate("incident").group_by(["state"]);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {query_no_domain(true)} {query(Query::new())} {display_value(DisplayValue::All)} {count()} {sum(["a"])}
            {avg(["a"])} {min(["a"])} {max(["a"])} {having(Aggregate::Count, "a", Comparison::Greater, 1.0)}
            {order_by("state")} {order_by_desc("state")} {order_by_aggregate(Aggregate::Sum, "a")}
            {order_by_aggregate_desc(Aggregate::Sum, "a")}),
        ),
        (
            "api::SendRequest",
            any_order!(api.get();
            {param("a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {query(Query::new())}
            {limit(1)} {offset(1)} {json_body(&fields)} {body("text/plain", "a")}),
        ),
        (
            "export::Export",
            any_order!(table.list().export(Ndjson::new(), ExportDirectory::new("a"));
            {resume(true)} {parallel(1)} {parts(1)} {records_per_file(1)} {page_size(1)} {buffer(1)} {by_offset(true)}
            {allow_drift(true)} {schema(&1)} {on_progress(drop)}),
        ),
        (
            "api::ReadResponse",
            any_order!(api.get().records();
            {param("a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {query(Query::new())}
            {limit(1)} {offset(1)} {json_body(&fields)} {body("text/plain", "a")} {with_headers()}),
        ),
        (
            "import::InsertRow",
            any_order!(import.insert(&fields);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {allow_failures(true)}),
        ),
        (
            "import::GetRow",
            any_order!(import.get(ID);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {allow_failures(true)}),
        ),
        ("import::InsertRows", {
            let set = serde_json::from_str(r#"{"import_set_id":"1","multi_import_set_id":"2"}"#).unwrap();
            any_order!(import.insert_multiple([fields]);
                {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
                {run_after(&set)} {in_same_set_as(&set)})
        }),
        (
            "attachment::GetAttachment",
            any_order!(attachments.get(ID);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}),
        ),
        (
            "attachment::RenameAttachment",
            any_order!(attachments.rename(ID, "a");
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}),
        ),
        (
            "attachment::DeleteAttachment",
            any_order!(attachments.delete(ID);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}),
        ),
        (
            "attachment::ListAttachments",
            any_order!(attachments.list();
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}
            {query(Query::new())} {limit(1)} {offset(1)}),
        ),
        (
            "attachment::ListAttributes",
            any_order!(attachments.attributes(ID);
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}),
        ),
        (
            "attachment::WriteAttribute",
            any_order!(attachments.delete_attribute(ID, "a");
            {param("sysparm_a", "b")} {header("x-a", "b")} {deadline(Duration::MAX)} {idempotent(true)} {with_headers()}),
        ),
    ]
}

/// The public methods of an operation that take it and return an operation, from the list of the public API.
fn chainable<'a>(api: &'a str, operation: &str) -> BTreeSet<&'a str> {
    let starts =
        [format!("pub fn snow_client::{operation}<O>::"), format!("pub fn snow_client::{operation}<T>::")];
    let plain = format!("pub fn snow_client::{operation}::");
    let returned = [&format!("-> snow_client::{operation}<"), "-> snow_client::table::ConfirmedCreate<"];
    let methods = api.lines().filter_map(|line| {
        let rest = starts.iter().chain([&plain]).find_map(|start| line.strip_prefix(start.as_str()))?;
        let (name, signature) = rest.split_once(['(', '<'])?;
        let takes_self = signature.contains("self,") || signature.contains("self)");
        let is_chained = takes_self && !signature.contains("&self");
        let returns_operation =
            signature.ends_with("-> Self") || returned.iter().any(|returned| signature.contains(returned));
        (is_chained && returns_operation).then_some(name)
    });
    methods.collect()
}

#[test]
fn every_pair_of_settings_compiles_in_both_orders() {
    let client = crate::client(&crate::simulator());
    let api = include_str!("../api/snow-client.txt");
    let operations = operations(&client);
    for (operation, methods) in &operations {
        assert_eq!(
            methods,
            &chainable(api, operation),
            "{operation}: the settings here and those of its type"
        );
    }
    let call = "core::future::into_future::IntoFuture for snow_client::";
    let types: BTreeSet<&str> =
        api.lines().filter_map(|line| line.split_once(call)?.1.split('<').next()).collect();
    let others = BTreeSet::from(["attachment::Upload"]);
    let tried: BTreeSet<&str> = operations.iter().map(|(operation, _)| *operation).collect();
    assert_eq!(
        types.difference(&others).copied().collect::<BTreeSet<_>>(),
        tried,
        "an operation is not tried"
    );
}

/// The doc comment of a type: the lines with `///` before it.
fn docs_of(name: &str, sources: &[String]) -> String {
    let declared = |line: &&str| {
        line.strip_prefix("pub struct ")
            .and_then(|line| line.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with(['<', ' ', ';']))
    };
    let found = sources.iter().filter_map(|source| {
        let lines: Vec<&str> = source.lines().collect();
        let at = lines.iter().position(&declared)?;
        let above =
            lines[..at].iter().rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
        Some(above.copied().collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n"))
    });
    let found: Vec<String> = found.collect();
    assert_eq!(found.len(), 1, "{name} is declared once");
    found.concat()
}

/// The examples run as doc tests.
#[test]
fn the_page_of_each_operation_has_an_example() {
    let client = crate::client(&crate::simulator());
    let mut files = Vec::new();
    internal_errors::sources(&internal_errors::crates().join("snow-client/src"), &mut files);
    let sources: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let operations = operations(&client);
    let types = operations.iter().map(|(operation, _)| *operation);
    for operation in types.chain(["attachment::Upload", "attachment::Download"]) {
        let name = operation.rsplit("::").next().unwrap();
        let docs = docs_of(name, &sources);
        let (_, example) =
            docs.split_once("/// ```\n").unwrap_or_else(|| panic!("{operation} has no example"));
        assert!(example.contains(".await"), "the example of {operation} sends nothing: {docs}");
    }
}
