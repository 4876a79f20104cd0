//! Generated rows look real and are the same in every run. `cargo xtask bench` measures a million of them.

use crate::{builder, get};

#[tokio::test]
async fn generated_incidents_look_real_and_are_the_same_every_time() {
    let start = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_782_468_000);
    let one = builder().start_at(start).incidents(300).build().unwrap();
    let other = builder().start_at(start).incidents(300).build().unwrap();
    let path = "/api/now/table/incident?sysparm_query=numberISNOTEMPTY^ORDERBYnumber";
    let (one, other) = (get(&one, path).await, get(&other, path).await);
    assert_eq!(one.text, other.text);
    assert_eq!(one.rows().len(), 308);
    for field in ["short_description", "caller_id", "assignment_group", "category", "opened_at"] {
        assert!(one.rows()[100..].iter().all(|row| row[field] != ""), "{field}");
    }
    let states: std::collections::BTreeSet<_> = one.column("state").into_iter().collect();
    assert!(states.len() >= 4);
}
