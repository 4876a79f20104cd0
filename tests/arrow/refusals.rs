//! Nothing becomes null in silence: a hidden field or a value that does not fit ends the read, or is counted.

use crate::client;
use snow_arrow::{Columns, Invalid, Missing, References, Scan};
use snow_client::schema::{Column, TableSchema};
use snow_client::{ErrorKind, Record};
use snow_sim::{Rule, Simulator, User};

fn instance() -> Simulator {
    let hidden = Rule::HideField { table: "incident".into(), field: "priority".into() };
    let builder = Simulator::builder().without_demo_data().incidents(10).user("admin", "secret");
    builder.user_with(User::new("reader", "secret")).rule(hidden).build().unwrap()
}

/// What an administrator may have stored.
fn schema() -> TableSchema {
    let columns = [
        ("number", "string"),
        ("priority", "integer"),
        ("short_description", "integer"),
        ("state", "integer"),
    ];
    let columns = columns.map(|(name, kind)| Column::new(name, kind));
    columns.into_iter().try_fold(TableSchema::new("incident", "Incident"), TableSchema::with_column).unwrap()
}

/// The first error of a scan, which has to have one.
async fn refused(scan: Scan) -> snow_client::Error {
    let mut batches = match scan.open().await {
        Ok(batches) => batches,
        Err(error) => return error,
    };
    let error = batches.next().await.unwrap().unwrap_err();
    assert!(!error.may_have_executed(), "it is of a read: {error:?}");
    assert!(batches.next().await.is_none(), "nothing comes after an error");
    assert!(!batches.report().stream.complete);
    error
}

#[tokio::test]
async fn a_hidden_field_is_refused_or_counted() {
    let client = client(&instance(), "reader");
    let scan = || Scan::new(client.table("incident").list().fields(["number", "priority"])).schema(schema());
    let error = refused(scan()).await;
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("\"priority\""), "{error}");

    let mut batches = scan().missing(Missing::Null).open().await.unwrap();
    let batch = batches.next().await.unwrap().unwrap();
    assert_eq!((batch.num_rows(), batch.column(0).null_count(), batch.column(1).null_count()), (10, 0, 10));
    assert!(batches.next().await.is_none());
    let report = batches.report();
    assert_eq!((report.stream.complete, report.conversion.missing["priority"]), (true, 10));
    assert_eq!(report.stream.missing_fields, ["priority"]);
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_refused_or_counted() {
    let client = client(&instance(), "admin");
    let fields = ["number", "short_description"];
    let scan = || Scan::new(client.table("incident").list().fields(fields)).schema(schema());
    let error = refused(scan()).await;
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("\"short_description\""), "{error}");
    assert!(error.to_string().contains("Invalid::Null"), "{error}");

    let mut batches = scan().invalid(Invalid::Null).open().await.unwrap();
    assert_eq!(batches.next().await.unwrap().unwrap().column(1).null_count(), 10);
    assert_eq!(batches.report().conversion.invalid["short_description"], 10);
}

#[tokio::test]
async fn what_cannot_be_converted_is_refused_before_records_are_requested() {
    let simulator = instance();
    let (admin, reader) = (client(&simulator, "admin"), client(&simulator, "reader"));
    let list = |client: &snow_client::Client| client.table("incident").list().fields(["number", "category"]);
    let unknown = refused(Scan::new(list(&admin)).schema(schema())).await;
    assert_eq!(unknown.kind(), ErrorKind::InvalidInput);
    assert!(unknown.to_string().contains("\"category\""), "{unknown}");
    assert_eq!(refused(Scan::new(list(&reader))).await.kind(), ErrorKind::Forbidden);
    let columns = Columns::new(&schema(), ["number"], References::Id).unwrap();
    let other = refused(Scan::new(admin.table("problem").list()).columns(columns)).await;
    assert_eq!(other.kind(), ErrorKind::InvalidInput);
    let misspelled = refused(Scan::new(admin.table("incident").list().fields(["caller_id.nmae"]))).await;
    assert_eq!(misspelled.kind(), ErrorKind::InvalidInput);
    let records = simulator.take_journal();
    assert!(records.iter().all(|request| !request.path.ends_with("/table/incident")));
}

#[test]
fn a_record_requested_for_people_is_refused_and_not_converted() {
    let mut owner = Column::new("u_owner", "reference");
    owner.reference = Some("sys_user".into());
    let table = TableSchema::new("u_edge", "Edge").with_column(owner).unwrap();
    let mut builder = Columns::new(&table, ["u_owner"], References::IdAndName).unwrap().builder();
    let shown: Record = serde_json::from_str(r#"{"u_owner":{"display_value":"Ann","link":"l"}}"#).unwrap();
    assert_eq!(builder.push(&shown).unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn a_dot_walk_that_is_left_out_behind_an_empty_reference_is_null() {
    let table =
        TableSchema::new("incident", "Incident").with_column(Column::new("caller_id.email", "string"));
    let columns = Columns::new(&table.unwrap(), ["caller_id.email"], References::Id).unwrap();
    let client = client(&instance(), "admin");
    let list = columns.request(client.table("incident").list());
    assert_eq!(list.requested_fields().unwrap().unwrap(), ["caller_id.email", "caller_id"]);

    let push = |json: &str| {
        let mut builder = columns.builder();
        builder.push(&serde_json::from_str(json).unwrap())?;
        builder.finish().map(|batch| batch.column(0).null_count())
    };
    assert_eq!(push(r#"{"caller_id":"","caller_id.email":""}"#).unwrap(), 1);
    assert_eq!(push(r#"{"caller_id":""}"#).unwrap(), 1);
    assert_eq!(push(r#"{"caller_id":"46c6"}"#).unwrap_err().kind(), ErrorKind::Decode, "it is hidden");
    assert_eq!(push("{}").unwrap_err().kind(), ErrorKind::Decode);
}
