//! Every type with the values at its edges comes out as it was sent, cell by cell.

use crate::edge_table::{FIELDS, TABLE, edge_rows, instance};
use crate::{client, oracle};
use arrow_array::RecordBatch;
use arrow_schema::{DataType, TimeUnit};
use serde_json::{Map, Value};
use snow_arrow::{Columns, REFERENCE_KEY, References, Scan, TYPE_KEY};
use snow_client::table::ListRecords;
use snow_client::{Client, DisplayValue};

/// Reads all batches of a scan.
pub(crate) async fn read(scan: Scan) -> Vec<RecordBatch> {
    let mut batches = scan.open().await.unwrap();
    let mut all = Vec::new();
    while let Some(batch) = batches.next().await {
        all.push(batch.unwrap());
    }
    let report = batches.report();
    assert!(report.stream.complete && report.conversion.is_complete(), "{report:?}");
    assert!(batches.position().is_none());
    all
}

/// The records as they came.
pub(crate) async fn raw(list: ListRecords) -> Vec<Map<String, Value>> {
    let records = list.all().await.unwrap();
    records.iter().map(|record| serde_json::from_str(record.json()).unwrap()).collect()
}

fn list(client: &Client) -> ListRecords {
    client.table(TABLE).list().fields(FIELDS)
}

#[tokio::test]
async fn stored_values_come_out_as_they_were_sent() {
    let rows = edge_rows();
    let client = client(&instance(&rows), "admin");
    let records = raw(list(&client).exclude_reference_link(true)).await;
    assert!(records.iter().any(|record| record["u_rate"] == "-12345678901234.1234567"), "{records:?}");
    let batches = read(Scan::new(list(&client))).await;
    assert_eq!(oracle::compare(&batches, &records), rows.len() * FIELDS.len());

    let one_each = read(Scan::new(list(&client)).batch_rows(1)).await;
    assert_eq!(one_each.len(), rows.len());
    oracle::compare(&one_each, &records);
    let encoded = read(Scan::new(list(&client)).dictionary_choices(true)).await;
    oracle::compare(&encoded, &records);
}

#[tokio::test]
async fn the_types_are_those_of_the_dictionary() {
    let client = client(&instance(&[]), "admin");
    let batches = Scan::new(list(&client)).dictionary_choices(true).open().await.unwrap();
    let schema = batches.schema();
    let kinds: Vec<_> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
    let text = DataType::Utf8;
    let expected = [
        DataType::Boolean,
        DataType::Int64,
        DataType::Decimal128(21, 7),
        DataType::Decimal128(38, 7),
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Date32,
        DataType::Duration(TimeUnit::Microsecond),
        text.clone(),
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(text.clone())),
        text.clone(),
        text.clone(),
        text,
    ];
    assert_eq!(kinds, expected);
    let owner = schema.field_with_name("u_owner").unwrap().metadata();
    assert_eq!((&*owner[TYPE_KEY], &*owner[REFERENCE_KEY]), ("reference", "sys_user"));
}

#[tokio::test]
async fn names_and_links_of_references_have_columns_of_their_own() {
    let client = client(&instance(&edge_rows()), "admin");
    let with_links = list(&client).display_value(DisplayValue::All).exclude_reference_link(false);
    let records = raw(with_links).await;
    for (references, columns) in [(References::IdAndName, 13), (References::IdNameAndLink, 14)] {
        let batches = read(Scan::new(list(&client)).references(references)).await;
        assert_eq!(batches[0].num_columns(), columns);
        oracle::compare(&batches, &records);
    }
    let names: usize = records.iter().filter(|record| record["u_owner"]["display_value"] != "").count();
    assert!(names > 0, "no reference has a name: {records:?}");
}

#[tokio::test]
async fn all_columns_come_without_fields_and_dot_walks_with_them() {
    let client = client(&instance(&edge_rows()), "admin");
    let all = read(Scan::new(client.table(TABLE).list())).await;
    let records = raw(client.table(TABLE).list().exclude_reference_link(true)).await;
    assert!(oracle::compare(&all, &records) > edge_rows().len() * FIELDS.len());

    let fields = ["u_owner", "u_owner.sys_created_on", "u_owner.active"];
    let walked = read(Scan::new(client.table(TABLE).list().fields(fields))).await;
    let schema = walked[0].schema();
    assert!(matches!(schema.field(1).data_type(), DataType::Timestamp(..)));
    assert_eq!(schema.field(2).data_type(), &DataType::Boolean);
    assert!(walked[0].column(1).null_count() < walked[0].num_rows());
}

#[tokio::test]
async fn another_process_converts_the_same_records_without_the_dictionary() {
    let client = client(&instance(&edge_rows()), "admin");
    let here = Scan::new(list(&client)).open().await.unwrap();
    let stored = serde_json::to_string(here.columns()).unwrap();
    let there: Columns = serde_json::from_str(&stored).unwrap();
    let mut builder = there.builder();
    for record in there.request(client.table(TABLE).list()).all().await.unwrap() {
        builder.push(&record).unwrap();
    }
    let batch = builder.finish().unwrap();
    assert_eq!(read(Scan::new(list(&client))).await, [batch]);
}
