//! Records can be created, changed and deleted between two requests of a read (facts 9).

use crate::{builder, get};
use serde_json::json;
use snow_sim::{Gateway, Node};
use std::sync::{Arc, Mutex};

#[tokio::test]
pub(crate) async fn records_change_between_two_requests() {
    let simulator = builder().without_demo_data().build().unwrap();
    for id in ["b", "d", "f"] {
        simulator.insert("incident", [("sys_id", id), ("short_description", "there")]).unwrap();
    }
    simulator.before_each(|n, instance| match n {
        2 => {
            assert!(instance.delete("incident", "b"));
            assert!(instance.update("incident", "f", [("short_description", "changed")]).unwrap());
        }
        3 => drop(instance.insert("incident", [("sys_id", "a"), ("sys_created_on", "2020-01-01 00:00:00")])),
        _ => {}
    });
    let mut seen = Vec::new();
    for offset in 0..4 {
        let path = format!(
            "/api/now/table/incident?sysparm_query=ORDERBYsys_id&sysparm_limit=1&sysparm_offset={offset}"
        );
        let page = get(&simulator, &path).await;
        let count = page.header("x-total-count").to_owned();
        seen.push((page.column("sys_id").pop(), page.column("short_description").pop(), count));
    }
    let row = |id: &str, text: &str| (Some(id.to_owned()), Some(text.to_owned()));
    let expected = [row("b", "there"), row("f", "changed"), row("f", "changed"), (None, None)];
    let counts = ["3", "2", "3", "3"];
    let expected: Vec<_> =
        expected.into_iter().zip(counts).map(|((id, text), n)| (id, text, n.into())).collect();
    assert_eq!(seen, expected, "d was never shown, and f came twice: what reading by position does");
    let made = get(&simulator, "/api/now/table/incident/a").await.result();
    assert_eq!(
        (&made["sys_created_on"], &made["sys_mod_count"]),
        (&json!("2020-01-01 00:00:00"), &json!("0"))
    );
}

#[tokio::test]
async fn only_requests_that_the_instance_carries_out_count() {
    let simulator = builder().build().unwrap();
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let (told, path) = (numbers.clone(), "/api/now/table/incident");
    simulator.before_each(move |n, _| told.lock().unwrap().push(n));
    get(&simulator, path).await;
    simulator.settings(|settings| settings.node = Node::None);
    get(&simulator, path).await;
    simulator.settings(|settings| settings.node = Node::Up);
    simulator.gateway_next(Gateway::new(http::StatusCode::BAD_GATEWAY));
    get(&simulator, path).await;
    get(&simulator, path).await;
    assert_eq!(*numbers.lock().unwrap(), [1, 2]);
    simulator.before_each(|_, _| {});
    get(&simulator, path).await;
    assert_eq!(numbers.lock().unwrap().len(), 2, "another closure is in its place");
}

#[tokio::test]
async fn a_test_writes_only_what_there_is() {
    let simulator = builder().build().unwrap();
    let id = simulator.insert("incident", [("short_description", "x")]).unwrap();
    for refused in [
        simulator.insert("none", []).map(drop),
        simulator.insert("incident", [("none", "x")]).map(drop),
        simulator.insert("incident", [("sys_id", id.as_str())]).map(drop),
        simulator.update("incident", &id, [("none", "x")]).map(drop),
    ] {
        assert!(!refused.unwrap_err().to_string().is_empty());
    }
    assert!(!simulator.update("incident", "none", []).unwrap() && !simulator.delete("incident", "none"));
    assert_eq!(simulator.stored("incident", &id, "short_description").unwrap(), "x");
    assert_eq!(simulator.stored("incident", "none", "short_description"), None);
    assert!(simulator.delete("incident", &id) && !simulator.delete("incident", &id));
}
