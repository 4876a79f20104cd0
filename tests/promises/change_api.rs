//! A list of the Change API has one record per change: the element with the list's metadata is not a record.

use http::{Request, Response};
use serde::Deserialize;
use snow_client::{Client, ErrorKind};
use snow_core::Body;
use std::convert::Infallible;

const LIST: &str = r#"{"result":[
    {"number":{"value":"CHG1","display_value":"CHG1"}},
    {"__meta":{"encodedQuery":"active=true","fields":{"applied":["active"],"ignored":["sate","ORDERBYnumber"]}}}
]}"#;

/// An instance that answers every request by this body.
fn client(body: &'static str) -> Client {
    let service = tower::service_fn(move |_: Request<Body>| async move {
        let response = Response::builder().header("content-type", "application/json");
        Ok::<_, Infallible>(response.body(Body::from(body)).unwrap())
    });
    Client::builder().instance("dev1").user("a").password("b").transport(service).build().unwrap()
}

#[tokio::test]
async fn the_element_about_a_list_of_changes_is_no_record() {
    #[derive(Deserialize)]
    struct Fields {
        applied: Vec<String>,
        ignored: Vec<String>,
    }
    let client = client(LIST);
    for path in [
        "/api/sn_chg_rest/change",
        "/api/sn_chg_rest/v1/change",
        "/api/sn_chg_rest/v1/change/normal",
        "/api/sn_chg_rest",
    ] {
        let call = || client.api(path).get();
        let changes = call().records().await.unwrap();
        assert_eq!(changes.len(), 1, "{path}");
        assert_eq!(changes[0].value("number").unwrap(), "CHG1");

        let response = call().await.unwrap();
        assert_eq!(response.records().unwrap().len(), 1);
        let meta = response.meta().unwrap().unwrap();
        assert_eq!(meta.value("encodedQuery").unwrap(), "active=true");
        let fields: Fields = meta.field("fields").unwrap().read().unwrap();
        assert_eq!(
            (fields.applied, fields.ignored),
            (vec!["active".into()], vec!["sate".into(), "ORDERBYnumber".into()])
        );
        assert_eq!(&response.body()[..], LIST.as_bytes(), "as it came");

        #[derive(Deserialize)]
        struct Change {
            number: Option<serde_json::Value>,
        }
        let typed: Vec<Change> = call().result().await.unwrap();
        assert_eq!(
            typed.iter().filter(|change| change.number.is_some()).count(),
            typed.len(),
            "no empty change"
        );
    }
}

#[tokio::test]
async fn nothing_is_dropped_from_other_lists() {
    let client = client(LIST);
    for path in
        ["/api/sn_chg_restx/change", "/api/x_acme/sn_chg_rest/change", "/api/now/table/change_request"]
    {
        assert_eq!(client.api(path).get().records().await.unwrap().len(), 2, "{path}");
        assert!(client.api(path).get().await.unwrap().meta().unwrap().is_none(), "{path}");
    }
    let odd = r#"{"result":[{"__meta":{},"number":"CHG1"},{"__metal":{}},{"number":"CHG2"}]}"#;
    let response = self::client(odd).api("/api/sn_chg_rest/change").get().await.unwrap();
    assert_eq!(response.records().unwrap().len(), 3, "an element with more in it is a record");
    assert!(response.meta().unwrap().is_none());
}

#[tokio::test]
async fn a_response_about_one_change_or_with_an_error_is_read_as_ever() {
    let one = client(r#"{"result":{"__meta":"of a record"}}"#).api("/api/sn_chg_rest/change/c1").get();
    assert_eq!(one.record().await.unwrap().value("__meta").unwrap(), "of a record");
    let failed =
        r#"{"result":[{"number":"1"},{"__meta":{}}],"error":{"message":"cancelled"},"status":"failure"}"#;
    let error = client(failed).api("/api/sn_chg_rest/change").post(&()).records().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransactionCancelled, "{error}");
    let two = r#"{"result":[{"__meta":{}},{"__meta":{}}]}"#;
    let error = client(two).api("/api/sn_chg_rest/change").get().records().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
}
