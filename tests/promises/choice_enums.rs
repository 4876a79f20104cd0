//! An enum of choices reads, writes and queries the stored values, and keeps values that it does not know.

use crate::{client, simulator};
use serde::{Deserialize, Serialize};
use snow_client::{ChoiceEnum, ErrorKind, field};

#[derive(ChoiceEnum, Clone, Debug, PartialEq)]
enum State {
    #[choice(1)]
    New,
    #[choice("2")]
    InProgress,
    #[choice(other)]
    Other(String),
}

#[derive(ChoiceEnum, Clone, Copy, Debug, PartialEq)]
enum Urgency {
    #[choice("1")]
    High,
    #[choice("3")]
    Low,
}

#[derive(Debug, Deserialize, Serialize)]
struct Incident {
    short_description: String,
    state: State,
    urgency: Urgency,
}

#[tokio::test(start_paused = true)]
async fn choices_are_read_written_and_queried_by_their_stored_values() {
    let client = client(&simulator());
    let incidents = client.table("incident").typed::<Incident>();
    for state in [State::New, State::InProgress, State::Other("6".into())] {
        let incident =
            Incident { short_description: "enum".into(), state: state.clone(), urgency: Urgency::High };
        let created = incidents.create(&incident).await.unwrap();
        assert_eq!((created.state, created.urgency), (state.clone(), Urgency::High));
        let query = field("short_description").eq("enum").and(field("state").eq(&state));
        assert_eq!(incidents.list().query(query).one().await.unwrap().state, state);
    }
    let raw =
        client.table("incident").list().query(field("state").eq(State::InProgress)).limit(1).await.unwrap();
    assert_eq!(raw[0].value("state").unwrap(), "2");
}

#[tokio::test(start_paused = true)]
async fn without_a_variant_for_others_an_unknown_value_is_an_error() {
    let client = client(&simulator());
    let created = client.table("incident").create(&serde_json::json!({ "urgency": "2" })).await.unwrap();
    let error =
        client.table("incident").typed::<Incident>().get(created.sys_id().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let text = error.report();
    assert!(text.contains(r#"is not a choice of Urgency, whose values are "1", "3""#), "{text}");
}

#[test]
fn choices_are_text() {
    assert_eq!(State::New.value(), "1");
    assert_eq!(State::Other("x".into()).to_string(), "x");
    assert_eq!("2".parse(), Ok(State::InProgress));
    assert_eq!("9".parse(), Ok(State::Other("9".into())));
    assert_eq!("".parse::<Urgency>(), Err("it is empty: use Option<Urgency>".to_owned()));
}
