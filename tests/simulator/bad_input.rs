//! The builder refuses invalid input with an error that says what is wrong.

use snow_sim::{BuildError, ColumnType, Simulator, Table, User};

fn refused(built: Result<Simulator, BuildError>, why: &str) {
    let error = built.unwrap_err().to_string();
    assert!(error.contains(why), "{why:?} is not in: {error}");
}

#[test]
fn the_builder() {
    let new = Simulator::builder;
    refused(new().user("a", "x").user("a", "y").build(), "\"a\" is there twice");
    refused(new().user("", "x").build(), "empty name");
    refused(new().user("a", "").build(), "no password");
    refused(new().user_with(User::new("a", "x").time_zone("Mars/Olympus")).build(), "\"Mars/Olympus\"");
    refused(new().user_with(User::new("a", "x").date_format("%Y")).build(), "date format");
    refused(new().oauth_client("a", "x").oauth_client("a", "x").build(), "OAuth client");
    refused(new().oauth_client_as("a", "x", "nobody").build(), "\"nobody\"");
    refused(new().api_key("canary", "nobody").build(), "\"nobody\"");
    refused(
        new().user("a", "x").api_key("canary", "a").api_key("canary", "a").build(),
        "API key \"…\" is there twice",
    );
    refused(
        new().table(Table::new("u_x", "X").extends("none")).build(),
        "extends \"none\", which does not exist",
    );
    refused(new().table(Table::new("incident", "X")).build(), "\"incident\" is there already");
    refused(new().table(Table::new("U X", "X")).build(), "lower case");
    let twice = Table::new("u_x", "X").column("u_a", ColumnType::Text).column("u_a", ColumnType::Text);
    refused(new().table(twice).build(), "column \"u_a\" already");
    let inherited = Table::new("u_x", "X").extends("task").column("number", ColumnType::Text);
    refused(new().table(inherited).build(), "column \"number\" already");
    refused(new().table(Table::new("u_x", "X").column("Ü", ColumnType::Text)).build(), "column name");
    refused(new().row("none", [("a", "b")]).build(), "no such table");
    refused(new().row("incident", [("none", "b")]).build(), "no column \"none\"");
    refused(new().json("incident", "{").build(), "\"incident\" cannot be loaded");
    refused(new().json("incident", "[1]").build(), "number 0 is not an object");
    refused(new().data_folder("/no/such/folder").build(), "/no/such/folder");
}

#[tokio::test]
async fn a_port_that_is_taken() {
    let simulator = Simulator::builder().build().unwrap();
    let first = simulator.listen().await.unwrap();
    let error = simulator.listen_on(first.address()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn rows_as_the_table_api_exports_them() {
    let simulator = crate::builder().build().unwrap();
    let exported = crate::get(&simulator, "/api/now/table/incident?sysparm_query=ORDERBYsys_id").await;
    let again = crate::builder().without_demo_data().json("incident", exported.text.clone()).build().unwrap();
    let exported_again = crate::get(&again, "/api/now/table/incident?sysparm_query=ORDERBYsys_id").await;
    assert_eq!(exported.json(), exported_again.json());
    let rows = r#"[{"u_name":"x","u_owner":{"link":"https://h/api/now/table/sys_user/123","value":"123"},"sys_id":"1"}]"#;
    let unknown = crate::builder().json("u_new", rows).build().unwrap();
    let row = crate::get(&unknown, "/api/now/table/u_new/1").await.result();
    assert_eq!(row["u_owner"]["value"], "123", "a reference is known by its link");
}
