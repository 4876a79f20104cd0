//! A dictionary of which the user sees only a part is an error that says how much is visible, and no types are generated from it.

use http::{Request, Response};
use serde_json::{Value, json};
use snow_client::{Client, Error, ErrorKind, field};
use snow_core::Body;
use snow_sim::{Rule, Simulator, User};
use std::convert::Infallible;

/// An instance whose dictionary is open, but for what these rules hide from its reader.
fn reader(rules: impl IntoIterator<Item = Rule>) -> Client {
    let mut builder = Simulator::builder().user("admin", "secret").user_with(User::new("reader", "secret"));
    for rule in rules {
        builder = builder.rule(rule);
    }
    let simulator = builder.build().unwrap();
    simulator.settings(|settings| settings.platform_acls = false);
    let builder = Client::builder().instance("dev1").user("reader").password("secret");
    builder.validate_fields(true).transport(simulator).build().unwrap()
}

fn rows(table: &str, query: &str) -> Rule {
    Rule::HideRows { table: table.into(), query: query.into() }
}

fn hidden_field(table: &str, field: &str) -> Rule {
    Rule::HideField { table: table.into(), field: field.into() }
}

#[track_caller]
fn told(error: &Error, parts: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn an_open_dictionary_is_read_by_anybody() {
    let client = reader([]);
    assert!(client.schema().table("incident").await.unwrap().column("short_description").is_some());
    assert!(!client.schema().choices("incident", "state").await.unwrap().is_empty());
}

#[tokio::test]
async fn one_hidden_column_is_enough_to_refuse() {
    let rows_of = field("name").is_in(["incident", "task"]).and(field("element").is_not_empty());
    let total = reader([]).table("sys_dictionary").list().query(&rows_of).count().await.unwrap();
    let client = reader([rows("sys_dictionary", "element=short_description")]);
    let error = client.schema().table("incident").await.unwrap_err();
    let shown = format!("this user may read only {} of the {total} records of sys_dictionary", total - 1);
    told(&error, &[&shown, "administrator"]);
    // Nothing is said of a column that exists and is hidden, and nothing is generated without it.
    let query = field("short_description").eq("x");
    let error = client.table("incident").list().query(query).limit(1).await.unwrap_err();
    told(&error, &["records of sys_dictionary"]);
    told(&client.schema().generate(["incident"]).await.unwrap_err(), &["records of sys_dictionary"]);
}

#[tokio::test]
async fn a_hidden_table_above_or_choice_is_refused_too() {
    let client = reader([rows("sys_db_object", "name=task")]);
    told(&client.schema().table("incident").await.unwrap_err(), &["records of sys_db_object"]);
    let client = reader([rows("sys_choice", "element=state^value=1")]);
    told(&client.schema().choices("incident", "state").await.unwrap_err(), &["records of sys_choice"]);
}

#[tokio::test]
async fn a_hidden_field_of_the_dictionary_is_no_empty_one() {
    for (table, field) in [
        ("sys_dictionary", "internal_type"),
        ("sys_dictionary", "reference"),
        ("sys_dictionary", "mandatory"),
        ("sys_dictionary", "attributes"),
        ("sys_db_object", "super_class"),
        ("sys_choice", "value"),
        ("sys_choice", "inactive"),
    ] {
        let client = reader([hidden_field(table, field)]);
        let error = match table {
            "sys_choice" => client.schema().choices("incident", "state").await.map(drop).unwrap_err(),
            _ => client.schema().table("incident").await.map(drop).unwrap_err(),
        };
        told(&error, &[&format!("{field:?}"), "hidden from this user"]);
    }
}

/// An instance with one table, `u_job`, whose columns have these types; with or without a count.
fn of_types(types: &'static [&'static str], count: bool) -> Client {
    let service = tower::service_fn(move |request: Request<Body>| async move {
        let rows: Vec<Value> = match request.uri().path() {
            "/api/now/table/sys_db_object" => {
                vec![json!({ "name": "u_job", "label": "Job", "super_class": "", "super_class.name": "" })]
            }
            "/api/now/table/sys_dictionary" => types.iter().map(|kind| json!({
                "name": "u_job", "element": format!("u_{kind}"), "column_label": kind, "internal_type": kind, "reference": "",
                "max_length": "40", "default_value": "", "choice": "", "mandatory": "false", "read_only": "false",
                "display": "false", "attributes": "",
            })).collect(),
            _ => vec![json!({ "sys_id": "c1", "u_percent_complete": "45.5", "u_float": "0.1", "u_integer": "7" })],
        };
        let mut response = Response::builder().header("content-type", "application/json");
        if count {
            response = response.header("x-total-count", rows.len());
        }
        Ok::<_, Infallible>(response.body(Body::from(json!({ "result": rows }).to_string())).unwrap())
    });
    Client::builder().instance("dev1").user("a").password("b").transport(service).build().unwrap()
}

#[tokio::test]
async fn without_a_count_it_is_not_known_whether_the_dictionary_is_whole() {
    assert!(of_types(&["integer"], true).schema().table("u_job").await.is_ok());
    let error = of_types(&["integer"], false).schema().table("u_job").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete, "{error}");
    assert!(error.to_string().contains("X-Total-Count"), "{error}");
}

#[tokio::test]
async fn columns_that_hold_fractions_are_generated_as_floats() {
    let client = of_types(
        &["integer", "longint", "decimal", "float", "percent_complete", "currency", "glide_duration"],
        true,
    );
    let code = client.schema().generate(["u_job"]).await.unwrap();
    for (kind, rust) in [
        ("integer", "i64"),
        ("longint", "i64"),
        ("decimal", "f64"),
        ("float", "f64"),
        ("percent_complete", "f64"),
        ("currency", "String"),
        ("glide_duration", "String"),
    ] {
        assert!(code.contains(&format!("pub u_{kind}: Option<{rust}>,")), "{kind} is {rust}: {code}");
        assert!(
            code.contains(&format!(
                "TypedField<{rust}> = snow_client::schema::TypedField::new(\"u_{kind}\")"
            )),
            "{kind}: {code}"
        );
    }
    #[derive(serde::Deserialize)]
    struct Job {
        u_percent_complete: Option<f64>,
    }
    let job: Job = client.api("/api/now/table/u_job").get().records().await.unwrap()[0].to().unwrap();
    assert_eq!(job.u_percent_complete, Some(45.5));
}
