//! The dictionary can be read as rows, by users who may read it (facts 7.3, 1.3 and 1.9).

use crate::{READER, builder, get, get_as};
use serde_json::{Value, json};
use snow_sim::{ColumnType, Table};
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
pub(crate) async fn the_dictionary_is_there_as_rows() {
    let order = Table::new("u_order", "Order").extends("task").display("number").choice_column(
        "u_size",
        ColumnType::Integer,
        "2",
        [("1", "Small"), ("2", "Large")],
    );
    let simulator = builder().table(order).build().unwrap();
    let entry = get(&simulator, "/api/now/table/sys_dictionary?sysparm_query=name=u_order^element=u_size")
        .await
        .rows();
    for (field, value) in [
        (
            "internal_type",
            json!({ "link": "https://dev1.service-now.com/api/now/table/sys_glide_object?name=integer", "value": "integer" }),
        ),
        ("reference", json!("")),
        ("default_value", json!("2")),
        ("choice", json!("1")),
        ("max_length", json!("40")),
        ("mandatory", json!("false")),
        ("display", json!("false")),
        ("active", json!("true")),
    ] {
        assert_eq!(entry[0][field], value, "{field}");
    }
    let query = "/api/now/table/sys_dictionary?sysparm_query=name=incident^element=caller_id";
    let caller = get(&simulator, query).await.rows().remove(0);
    let link = "https://dev1.service-now.com/api/now/table/sys_db_object?name=sys_user";
    assert_eq!(caller["reference"], json!({ "link": link, "value": "sys_user" }), "by name, not by sys_id");
    let plain = get(&simulator, &format!("{query}&sysparm_exclude_reference_link=true")).await;
    assert_eq!(
        (plain.column("internal_type"), plain.column("reference")),
        (vec!["reference".into()], vec!["sys_user".into()])
    );
    let shown =
        get(&simulator, &format!("{query}&sysparm_display_value=true&sysparm_exclude_reference_link=true"))
            .await;
    assert_eq!(
        (shown.column("internal_type"), shown.column("reference")),
        (vec!["Reference".into()], vec!["User".into()])
    );

    // A table's own columns are its rows; the others are rows of the tables above.
    let columns = async |table: &str| {
        let query = format!(
            "/api/now/table/sys_dictionary?sysparm_query=name={table}^elementISNOTEMPTY&sysparm_exclude_reference_link=true"
        );
        let rows = get(&simulator, &query).await.rows();
        rows.into_iter()
            .map(|row| (text(&row["element"]), text(&row["internal_type"])))
            .collect::<BTreeMap<_, _>>()
    };
    let (own, above) = (columns("incident").await, columns("task").await);
    assert!(!own.contains_key("number") && above["number"] == "string");
    for (column, kind) in [
        ("sys_id", "GUID"),
        ("sys_class_name", "sys_class_name"),
        ("opened_at", "glide_date_time"),
        ("time_worked", "glide_duration"),
        ("watch_list", "glide_list"),
        ("work_notes", "journal_input"),
        ("comments_and_work_notes", "journal_list"),
        ("active", "boolean"),
    ] {
        assert_eq!(above[column], kind, "{column}");
    }
    let made = crate::create(&simulator, "{}").await;
    let record = get(&simulator, &format!("/api/now/table/incident/{made}")).await.result();
    let fields: BTreeSet<&String> = record.as_object().unwrap().keys().collect();
    assert_eq!(
        own.keys().chain(above.keys()).collect::<BTreeSet<_>>(),
        fields,
        "together they are the record's"
    );

    let tables = get(
        &simulator,
        "/api/now/table/sys_db_object?sysparm_query=name=u_order&sysparm_fields=label,super_class.name",
    )
    .await;
    assert_eq!(
        (tables.column("label"), tables.column("super_class.name")),
        (vec!["Order".into()], vec!["task".into()])
    );
    let collection = get(&simulator, "/api/now/table/sys_dictionary?sysparm_query=name=incident^elementISEMPTY&sysparm_exclude_reference_link=true").await;
    assert_eq!(collection.column("internal_type"), ["collection"]);
    let kinds = get(&simulator, "/api/now/table/sys_glide_object").await.column("name");
    let used = get(&simulator, "/api/now/table/sys_dictionary?sysparm_exclude_reference_link=true")
        .await
        .column("internal_type");
    assert!(used.iter().all(|kind| kinds.contains(kind)), "every type is one of the list");
    let choices = async |table: &str, element: &str| {
        get(
            &simulator,
            &format!(
                "/api/now/table/sys_choice?sysparm_query=name={table}^element={element}^ORDERBYsequence"
            ),
        )
        .await
    };
    assert_eq!(
        choices("incident", "incident_state").await.column("label"),
        ["New", "In Progress", "On Hold", "Resolved", "Closed", "Canceled"]
    );
    assert_eq!(choices("u_order", "u_size").await.column("value"), ["1", "2"]);
    assert_ne!(
        choices("incident", "state").await.column("label"),
        choices("task", "state").await.column("label"),
        "a class may have its own"
    );
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
pub(crate) async fn the_dictionary_is_for_administrators() {
    let simulator = builder().build().unwrap();
    let reader = async |path: &str| get_as(&simulator, READER, path).await;
    let rows = reader("/api/now/table/sys_dictionary?sysparm_query=name=incident").await;
    assert_eq!((rows.status.as_u16(), rows.rows().len()), (200, 0));
    assert_ne!(rows.header("x-total-count"), "0", "denied, not empty");
    let id =
        get(&simulator, "/api/now/table/sys_dictionary?sysparm_limit=1").await.column("sys_id").remove(0);
    assert_eq!(reader(&format!("/api/now/table/sys_dictionary/{id}")).await.status, 404);
    let choices = reader("/api/now/table/sys_choice?sysparm_limit=1").await.rows();
    assert_eq!(choices[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["label"]);
    let asked = reader("/api/now/table/sys_choice?sysparm_query=name=incident").await;
    let detail = json!("Field(s) present in the query do not have permission to be read");
    assert_eq!(asked.error(), (403, "Insufficient rights to query records".into(), detail));
    for path in [
        "/api/now/table/sys_db_object",
        "/api/now/stats/sys_db_object?sysparm_count=true",
        "/api/now/stats/sys_dictionary?sysparm_count=true&sysparm_group_by=name",
    ] {
        assert_eq!(
            (reader(path).await.status.as_u16(), get(&simulator, path).await.status.as_u16()),
            (403, 200),
            "{path}"
        );
    }
    simulator.settings(|settings| settings.platform_acls = false);
    assert_ne!(reader("/api/now/table/sys_dictionary?sysparm_query=name=incident").await.rows().len(), 0);
    assert_eq!(reader("/api/now/table/sys_db_object").await.status, 200);
}

#[tokio::test]
async fn any_table_may_be_extended() {
    let (parent, child) = (Table::new("u_animal", "Animal"), Table::new("u_dog", "Dog").extends("u_animal"));
    let parent = parent.column("u_name", ColumnType::Text);
    let builder = builder().table(parent).table(child).row("u_animal", [("u_name", "Felix")]);
    let simulator = builder.row("u_dog", [("u_name", "Rex")]).build().unwrap();
    let names =
        async |table: &str| get(&simulator, &format!("/api/now/table/{table}")).await.column("u_name");
    assert_eq!((names("u_animal").await.len(), names("u_dog").await), (2, vec!["Rex".into()]));
    let dogs = get(&simulator, "/api/now/table/u_animal?sysparm_query=sys_class_name=u_dog").await;
    assert_eq!(dogs.column("u_name"), ["Rex"]);
}
