//! The same reads as everybody writes them who uses reqwest or hyper-util, and serde_json: page by page from the last sys_id.

use super::{FIELDS, Table};
use crate::page::{Envelope, Incident};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::hint::black_box;

/// Reads a page: how many rows it had, and the last one's sys_id.
type Read = fn(&Bytes) -> (usize, String);

pub(crate) fn typed(page: &Bytes) -> (usize, String) {
    let page: Envelope<Vec<Incident>> = serde_json::from_slice(page).expect("JSON");
    page.result.iter().for_each(super::typed);
    (page.result.len(), page.result.last().expect("a row").sys_id.clone())
}

pub(crate) fn value(page: &Bytes) -> (usize, String) {
    let page: Value = serde_json::from_slice(page).expect("JSON");
    let rows = page["result"].as_array().expect("a list");
    for row in rows {
        for field in FIELDS {
            black_box(row[field].as_str().expect("a field"));
        }
    }
    (rows.len(), rows.last().expect("a row")["sys_id"].as_str().expect("an id").to_owned())
}

impl Table {
    fn url(&self, last: &str) -> String {
        let query =
            if last.is_empty() { "ORDERBYsys_id".into() } else { format!("sys_id%3E{last}%5EORDERBYsys_id") };
        let (address, table, page) = (&self.address, self.name(), self.page);
        format!(
            "http://{address}/api/now/table/{table}?sysparm_query={query}&sysparm_limit={page}&sysparm_no_count=true"
        )
    }

    async fn pages(&self, read: Read, get: impl AsyncFn(String) -> Bytes) -> u64 {
        let (mut last, mut rows, mut requests) = (String::new(), 0, 0);
        while rows < self.rows {
            let body = get(self.url(&last)).await;
            let (more, id) = read(&body);
            (last, rows, requests) = (id, rows + more as u64, requests + 1);
        }
        assert_eq!(rows, self.rows);
        requests
    }

    pub(crate) async fn reqwest(&self, read: Read) -> u64 {
        let client = reqwest::Client::builder().no_proxy().build().expect("good settings");
        let get = async |url: String| {
            let request =
                client.get(url).basic_auth("admin", Some("secret")).header("accept", "application/json");
            request.send().await.expect("an answer").bytes().await.expect("a whole answer")
        };
        self.pages(read, get).await
    }

    pub(crate) async fn hyper(&self, read: Read) -> u64 {
        let client =
            hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let get = async |url: String| {
            let request = Request::get(url)
                .header("authorization", "Basic YWRtaW46c2VjcmV0")
                .header("accept-encoding", "gzip")
                .header("accept", "application/json")
                .header("user-agent", "hyper")
                .body(Full::default())
                .expect("a good request");
            let answer = client.request(request).await.expect("an answer");
            answer.into_body().collect().await.expect("a whole answer").to_bytes()
        };
        self.pages(read, get).await
    }
}
