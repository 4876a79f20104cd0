//! The dictionary is read once, refuses fields that do not exist, and generates Rust types that miss no column.

use crate::generated::incident::{Incident, IncidentPriority, IncidentState};
use serde_json::json;
use snow_client::schema::{TableSchema, diff};
use snow_client::{Client, Error, ErrorKind, Transport, field, layer::RetryPolicy};
use snow_core::decode::fields_of;
use snow_sim::{ColumnType, Fault, Simulator, Table, User};
use std::collections::BTreeSet;

fn simulator() -> Simulator {
    let size = |table: Table, label: &str| {
        table.choice_column("u_size", ColumnType::Integer, "1", [("1", label), ("2", "Large")])
    };
    let animal = Table::new("u_animal", "Animal").display("u_name").column("u_name", ColumnType::Text);
    let animal = size(animal, "Small").column("u_owner", ColumnType::Reference("sys_user".into()));
    let dog = Table::new("u_dog", "Dog").extends("u_animal").column("u_good", ColumnType::Boolean);
    let builder = Simulator::builder().user("admin", "secret").user_with(User::new("reader", "secret"));
    builder.table(animal).table(dog).build().unwrap()
}

fn builder(simulator: &Simulator, user: &str) -> snow_client::client::ClientBuilder {
    let builder = Client::builder().instance("dev1").user(user).password("secret");
    builder.retry(RetryPolicy::new().max_attempts(1)).transport(simulator.clone())
}

fn kind(error: Error) -> ErrorKind {
    error.kind()
}

#[tokio::test]
async fn columns_come_with_those_of_the_tables_above_and_are_read_once() {
    let simulator = simulator();
    let listener = simulator.listen().await.unwrap();
    let transport = Transport::builder().no_proxy().build().unwrap();
    let client = Client::builder().instance(listener.url()).user("admin").password("secret");
    let client = client.transport(transport).build().unwrap();
    let schema = client.schema();
    let dog = schema.table("u_dog").await.unwrap();
    assert_eq!((&*dog.label, dog.parents()), ("Dog", vec!["u_animal"]));
    let name = dog.column("u_name").unwrap();
    assert_eq!((&*name.kind, &*name.declared_in, name.is_display), ("string", "u_animal", true));
    let owner = dog.column("u_owner").unwrap();
    assert_eq!((&*owner.kind, owner.reference.as_deref()), ("reference", Some("sys_user")));
    let size = dog.column("u_size").unwrap();
    assert_eq!((size.has_choices, size.default_value.as_deref()), (true, Some("1")));
    assert_eq!(&*dog.column("u_good").unwrap().declared_in, "u_dog");
    assert!(dog.column("u_nothing").is_none());
    let row = client.table("u_dog").create(&json!({ "u_name": "Rex" })).await.unwrap();
    let known: BTreeSet<_> = dog.columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(known, row.fields().collect(), "no column is missed");

    let labels = async |table: &str, column: &str| {
        let choices = schema.choices(table, column).await.unwrap();
        choices.iter().map(|choice| format!("{} {}", choice.value, choice.label)).collect::<Vec<_>>()
    };
    assert_eq!(labels("u_dog", "u_size").await, ["1 Small", "2 Large"], "of the table above");
    assert_ne!(labels("incident", "state").await, labels("task", "state").await, "a class has its own");
    assert_eq!(schema.choices("incident", "sate").await.map_err(kind).unwrap_err(), ErrorKind::InvalidInput);

    simulator.take_journal();
    schema.table("u_dog").await.unwrap();
    client.clone().schema().choices("u_dog", "u_size").await.unwrap();
    assert!(simulator.take_journal().is_empty());
    schema.clear_cache();
    schema.table("u_dog").await.unwrap();
    assert!(!simulator.take_journal().is_empty());
}

#[tokio::test]
async fn a_dot_walk_leads_to_its_column_and_a_table_is_stored_with_it() {
    let cost = Table::new("u_cost", "Cost")
        .decimal_column("u_rate", 21, 7)
        .column("u_plain", ColumnType::Decimal)
        .column("u_owner", ColumnType::Reference("sys_user".into()));
    let simulator = Simulator::builder().user("admin", "secret").table(cost).build().unwrap();
    let client = builder(&simulator, "admin").build().unwrap();
    let schema = client.schema();
    let rate = schema.column("u_cost", "u_rate").await.unwrap();
    assert_eq!((rate.precision, rate.scale), (Some(21), Some(7)));
    let plain = schema.column("u_cost", "u_plain").await.unwrap();
    assert_eq!((plain.precision, plain.scale), (None, None));

    let city = schema.column("u_cost", "u_owner.manager.email").await.unwrap();
    assert_eq!((&*city.name, &*city.declared_in), ("u_owner.manager.email", "sys_user"));
    let extended = schema.column("u_cost", "u_owner.ref_sys_user.name").await.unwrap();
    assert_eq!((&*extended.name, &*extended.kind), ("u_owner.ref_sys_user.name", "string"));
    for path in ["u_owner.nmae", "u_rate.name", "nothing", "variables.x", "", "u_owner.", "ref_incident"] {
        let error = schema.column("u_cost", path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path} {error}");
    }

    let table = schema.table("u_cost").await.unwrap().as_ref().clone().with_column(city.clone()).unwrap();
    let stored = serde_json::to_string(&table).unwrap();
    assert_eq!(serde_json::from_str::<TableSchema>(&stored).unwrap(), table);
    assert_eq!(table.column("u_owner.manager.email"), Some(&city));
}

#[tokio::test]
async fn what_is_not_there_or_not_to_be_seen_is_told_apart() {
    let simulator = simulator();
    let admin = builder(&simulator, "admin").build().unwrap();
    assert_eq!(admin.schema().table("u_no_such").await.map_err(kind).unwrap_err(), ErrorKind::UnknownTable);
    assert_eq!(admin.schema().table("u/x").await.map_err(kind).unwrap_err(), ErrorKind::InvalidInput);
    let reader = builder(&simulator, "reader").build().unwrap();
    let error = reader.schema().table("incident").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error}");
    assert!(error.to_string().contains("the dictionary"), "{error}");
    simulator.fail_next(Fault::NoNode);
    assert_eq!(admin.schema().table("task").await.map_err(kind).unwrap_err(), ErrorKind::Unavailable);
    assert!(admin.schema().table("task").await.is_ok(), "a failure is not kept");
}

#[tokio::test]
async fn unknown_fields_are_refused_before_a_query_widens() {
    let simulator = simulator();
    let plain = builder(&simulator, "admin").build().unwrap();
    let all = plain.table("incident").list().query(field("sate").eq(1)).limit(1_000).await.unwrap();
    assert_eq!(Some(all.len() as u64), all.total(), "what the service does by itself");
    assert!(all.len() > 2);

    let checked = builder(&simulator, "admin").validate_fields(true).build().unwrap();
    let list = |query: snow_client::Query<'static>| checked.table("incident").list().query(query).limit(1);
    for good in [
        field("state").eq(1).and(field("caller_id.department.name").is_not_empty()).order_by("number"),
        field("caller_id.manager.manager.email").contains("a"),
        field("ref_u_dog.u_good").eq(true),
    ] {
        list(good).await.unwrap();
    }
    checked.table("incident").list().fields(["number", "caller_id.name"]).limit(1).await.unwrap();
    checked.aggregate("incident").count().group_by(["caller_id.department"]).await.unwrap();
    simulator.take_journal();
    let refused = [
        list(field("sate").eq(1)).into_future().await.map(drop),
        list(field("state").eq(1).or(field("active").eq(true).and(field("sate").eq(2)))).await.map(drop),
        list(field("state").eq(1).order_by("sate")).await.map(drop),
        list(field("caller_id.sate").eq(1)).await.map(drop),
        list(field("opened_at").lt_field("sate")).await.map(drop),
        checked.table("incident").list().fields(["sate"]).limit(1).await.map(drop),
        checked.aggregate("incident").count().query(field("sate").eq(1)).await.map(drop),
        checked.aggregate("incident").sum(["sate"]).await.map(drop),
        checked.aggregate("incident").count().group_by(["sate"]).await.map(drop),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("has no column \"sate\""), "{error}");
    }
    let mut batch = checked.batch();
    let item = batch.add(checked.table("incident").list().query(field("sate").eq(1)).limit(1));
    assert_eq!(batch.send().await.take(&item).map_err(kind).unwrap_err(), ErrorKind::InvalidInput);
    assert!(simulator.take_journal().is_empty(), "nothing went out");
    let hint = list(field("sate").eq(1)).await.unwrap_err();
    assert!(hint.to_string().contains("did you mean \"state\"?"), "{hint}");
    // Whoever may not read the dictionary is told so, and nothing is sent unchecked.
    let reader = builder(&simulator, "reader").validate_fields(true).build().unwrap();
    let error = reader.table("incident").list().query(field("state").eq(1)).limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn generated_rust_compiles_reads_the_rows_and_misses_no_column() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let text = include_str!("generated/incident.rs");
    let now = client.schema().generate([Incident::TABLE]).await.unwrap();
    assert_eq!(diff(text, &now), [""; 0], "run cargo xtask codegen");
    assert!(text == now, "run cargo xtask codegen");

    let rows = client.table(Incident::TABLE).list().limit(1_000).await.unwrap();
    assert!(rows.len() > 2);
    let fields: BTreeSet<_> = fields_of::<Incident>().unwrap().into_iter().collect();
    for row in &rows {
        assert_eq!(row.fields().collect::<BTreeSet<_>>(), fields, "no column is missed, and none too many");
        let incident: Incident = row.to().unwrap();
        assert_eq!(incident.number.as_deref(), Some(&*row.value("number").unwrap()));
        assert_eq!(incident.active, Some(row.value("active").unwrap() == "true"));
        assert_eq!(incident.state.unwrap().value(), row.value("state").unwrap());
        let caller = incident.caller_id.map(|caller| caller.value).unwrap_or_default();
        assert_eq!(caller, row.value("caller_id").unwrap());
    }

    let query = Incident::STATE.is_in([IncidentState::New, IncidentState::InProgress]);
    let query = query.and(Incident::ACTIVE.eq(true)).and(Incident::PRIORITY.ne(IncidentPriority::N5Planning));
    let found = client.table(Incident::TABLE).list().query(query).limit(1_000).await.unwrap();
    assert!(!found.is_empty() && found.len() < rows.len());
    for incident in &found {
        let incident: Incident = incident.to().unwrap();
        assert!(matches!(incident.state, Some(IncidentState::New | IncidentState::InProgress)));
    }
    let odd: IncidentState = "17".to_owned().into();
    assert_eq!((odd.value(), odd.clone()), ("17", IncidentState::Unlisted("17".into())));
}

#[tokio::test]
async fn drift_is_told_line_by_line() {
    let client = builder(&simulator(), "admin").build().unwrap();
    let before = client.schema().generate(["u_dog", "u_animal"]).await.unwrap();
    assert_eq!(diff(&before, &before), [""; 0]);
    let changed =
        before.replace("u_dog.u_good boolean", "u_dog.u_good string").replace("=\"2\" Large", "=\"2\" Huge");
    let changes = diff(&changed, &before);
    for change in ["gone: u_dog.u_good string", "new: u_dog.u_good boolean", "new: u_dog.u_size=\"2\" Large"]
    {
        assert!(changes.iter().any(|line| line == change), "{changes:?}");
    }
}
