//! What an export has written, and what the table has.

use crate::instance::Instance;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The files with records, in the order of their names, which the program prints.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_data = |path: &PathBuf| !path.file_name().unwrap().to_str().unwrap().starts_with(['_', '.']);
    let mut files: Vec<_> = entries.filter(is_data).collect();
    files.sort();
    files
}

pub(crate) fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("_manifest.json")).unwrap()).unwrap()
}

/// The records of an export to NDJSON, by `sys_id`. Each is there once.
pub(crate) fn ndjson(folder: &Path) -> BTreeMap<String, Value> {
    let mut records = BTreeMap::new();
    for file in files(folder) {
        for line in fs::read_to_string(file).unwrap().lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let id = record["sys_id"].as_str().unwrap().to_owned();
            assert!(records.insert(id.clone(), record).is_none(), "{id} is there twice");
        }
    }
    records
}

/// Compares an export with the table, value by value, by what the simulator has stored.
pub(crate) fn expect_the_table(instance: &Instance, folder: &Path, fields: &[&str]) {
    let records = ndjson(folder);
    let mut ids = instance.simulator.ids("incident");
    ids.sort();
    assert!(records.keys().eq(ids.iter()), "{} of {} records", records.len(), ids.len());
    for (id, record) in &records {
        for field in fields {
            let stored = instance.simulator.stored("incident", id, field).unwrap();
            let value = record[field]["value"].as_str().or(record[field].as_str()).unwrap();
            assert_eq!(value, stored, "{field} of {id}");
        }
    }
    assert_eq!(manifest(folder)["received"], records.len());
    assert!(!folder.join("_position.json").exists());
}
