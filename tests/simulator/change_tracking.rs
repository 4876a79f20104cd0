//! What tells that records were changed (facts 13.3).

use snow_sim::Simulator;
use std::time::Duration;

#[tokio::test(start_paused = true)]
pub(crate) async fn updates_within_one_second_differ_by_their_count() {
    let simulator = Simulator::builder().build().unwrap();
    let id = simulator.insert("incident", [("short_description", "new")]).unwrap();
    let state =
        || ["sys_updated_on", "sys_mod_count"].map(|field| simulator.stored("incident", &id, field).unwrap());
    let [created, count] = state();
    assert_eq!(count, "0");
    for text in ["first", "second", "second"] {
        simulator.update("incident", &id, [("short_description", text)]).unwrap();
    }
    assert_eq!(state(), [created.clone(), "2".to_owned()], "an update that changes nothing is none");
    simulator.advance(Duration::from_secs(1));
    simulator.update("incident", &id, [("short_description", "third")]).unwrap();
    assert!(state()[0] > created);
}

#[tokio::test(start_paused = true)]
pub(crate) async fn a_deletion_is_noted_and_a_journal_has_no_time_of_change() {
    let simulator = Simulator::builder().without_demo_data().build().unwrap();
    let id = simulator.insert("incident", [("work_notes", "an entry")]).unwrap();
    let entries = simulator.ids("sys_journal_field");
    assert_eq!(simulator.stored("sys_journal_field", &entries[0], "element_id"), Some(id.clone()));
    assert!(simulator.delete("incident", &id));
    let notes = simulator.ids("sys_audit_delete");
    let noted = |field| simulator.stored("sys_audit_delete", &notes[0], field).unwrap();
    assert_eq!((notes.len(), noted("tablename"), noted("documentkey")), (1, "incident".to_owned(), id));
}
