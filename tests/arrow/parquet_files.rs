//! What is written as Parquet is read again by the same library, cell by cell. `cargo xtask interop arrow` asks other libraries.

use crate::client;
use crate::edge_table::{FIELDS, TABLE, edge_rows, instance};
use crate::edge_values::{raw, read};
use crate::oracle;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use snow_arrow::{ParquetWriter, References, Scan};
use snow_client::DisplayValue;

#[tokio::test]
async fn a_file_has_the_values_types_and_metadata_of_its_batches() {
    let client = client(&instance(&edge_rows()), "admin");
    let list = || client.table(TABLE).list().fields(FIELDS);
    let scan = || Scan::new(list()).references(References::IdNameAndLink).dictionary_choices(true);
    let batches = read(scan().batch_rows(2)).await;
    let mut bytes = Vec::new();
    let mut writer = ParquetWriter::new(&mut bytes, batches[0].schema()).unwrap();
    for batch in &batches {
        writer.write(batch).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), edge_rows().len() as u64);

    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
    assert_eq!(reader.schema().fields(), batches[0].schema().fields());
    assert_eq!(reader.schema().metadata()[snow_arrow::TABLE_KEY], TABLE);
    let back: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    oracle::compare(&back, &raw(list().display_value(DisplayValue::All)).await);
}
