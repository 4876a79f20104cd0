//! What programs without async do, each with a client of its own.

use super::relay::Relay;
use super::server::{INCIDENTS, client, server};
use crate::temp_folder::TempFolder;
use futures_util::future::join_all;
use serde_json::json;
use snow_client::attachment::Content;
use snow_client::blocking::{Iterate, Wait};
use snow_client::oauth::{FileStore, Grant, Token};
use snow_client::{Client, ErrorKind, OAuthClient, SysId};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// An operation, and the client that it uses. Any number of threads may do it at the same time.
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) client: Client,
    pub(super) run: Arc<dyn Fn() + Send + Sync>,
}

impl Operation {
    fn new(name: &'static str, client: &Client, run: impl Fn(&Client) + Send + Sync + 'static) -> Self {
        let own = client.clone();
        Self { name, client: client.clone(), run: Arc::new(move || run(&own)) }
    }
}

/// All operations, each with a client that has no connection yet.
pub(super) fn operations() -> Vec<Operation> {
    let fast = || client(&server().url);
    vec![
        Operation::new("get", &fast(), get),
        Operation::new("get over TLS", &client(&server().tls_url), get),
        Operation::new("list", &fast(), list),
        Operation::new("stream", &fast(), stream),
        Operation::new("upload", &fast(), upload),
        Operation::new("download", &fast(), download),
        login(),
        Operation::new("deadline", &client(&server().slow_url), deadline),
        Operation::new("cancellation", &client(&server().slow_url), cancellation),
        closed_connections(),
    ]
}

/// Calls that are awaited before: their connections, and those of their pool, belong to the runtime that polls this.
pub(super) async fn awaited(client: Client) {
    let list = || client.table("incident").list().fields(["number"]).limit(1);
    join_all((0..4).map(|_| list().deadline(Duration::from_millis(500)).send())).await;
}

fn any_incident(client: &Client) -> SysId {
    client.table("incident").list().fields(["sys_id"]).first().wait().unwrap().sys_id().unwrap()
}

fn get(client: &Client) {
    let id = any_incident(client);
    let incident = client.table("incident").get(id).fields(["number"]).wait().unwrap();
    assert!(incident.value("number").unwrap().starts_with("INC"));
}

fn list(client: &Client) {
    assert_eq!(client.table("incident").list().fields(["number"]).limit(100).wait().unwrap().len(), 100);
}

fn stream(client: &Client) {
    let mut records = client.table("incident").list().fields(["number"]).stream().iterate();
    assert_eq!(records.by_ref().map(Result::unwrap).count(), INCIDENTS);
    assert!(records.stream().report().complete && records.next().is_none());
}

fn content() -> Vec<u8> {
    (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect()
}

/// From a reader, and from a file.
fn upload(client: &Client) {
    let (folder, id, attachments) = (TempFolder::new(), any_incident(client), client.attachments());
    let reader = Content::std_reader(Cursor::new(content()));
    let file = attachments.upload("incident", id, "a.bin", reader).wait().unwrap();
    assert_eq!(file.size_bytes, 300_000);
    std::fs::write(folder.file("b.bin"), content()).unwrap();
    let file = attachments.upload_file("incident", id, folder.file("b.bin")).wait().unwrap();
    assert_eq!(attachments.get(file.sys_id).wait().unwrap().size_bytes, 300_000);
}

/// Into a reader, and into a file.
fn download(client: &Client) {
    let (folder, id, attachments) = (TempFolder::new(), any_incident(client), client.attachments());
    let file = attachments.upload("incident", id, "a.bin", content()).wait().unwrap();
    let mut reader = attachments.download(file.sys_id).open().wait().unwrap().into_std_reader();
    let mut came = Vec::new();
    reader.read_to_end(&mut came).unwrap();
    assert!(came == content());
    attachments.download(file.sys_id).to_file(folder.file("a.bin")).wait().unwrap();
    assert!(std::fs::read(folder.file("a.bin")).unwrap() == content());
}

/// A grant and a file for the token, which uses threads of the runtime; then a login with a password, whose client has its own file.
fn login() -> Operation {
    let folder = TempFolder::new();
    let client = |file: &Path| {
        let builder =
            OAuthClient::builder().instance(&server().url).client_id("my-id").client_secret("my-secret");
        let builder = builder.grant(Grant::password("admin", "secret"));
        builder.token_store(FileStore::new(file)).build().unwrap()
    };
    let (shared, logins) = (client(&folder.file("shared.json")), AtomicU32::new(0));
    Operation::new("login with storage", &shared, move |shared| {
        list(shared);
        let file = folder.file(format!("{}.json", logins.fetch_add(1, Ordering::Relaxed)));
        let own = client(&file);
        let token = own.generate_token("admin", "secret").wait().unwrap();
        assert_eq!(serde_json::from_slice::<Token>(&std::fs::read(file).unwrap()).unwrap(), token);
        list(&own);
    })
}

fn deadline(client: &Client) {
    let error =
        client.table("incident").list().limit(1).deadline(Duration::from_millis(20)).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
}

fn cancellation(client: &Client) {
    let mut looks = 0;
    let go_on = || {
        looks += 1;
        looks < 5
    };
    let create = client.table("problem").create(&json!({ "short_description": "never" }));
    assert!(create.wait_while(Duration::from_millis(2), go_on).is_none());
}

/// A write, while the connection that the pool has for it is closed from afar.
fn closed_connections() -> Operation {
    let relay = Relay::to(&server().url);
    let client = client(&relay.url);
    let lock = std::sync::Mutex::new(());
    Operation::new("closed idle connections", &client, move |client| {
        let _one_at_a_time = lock.lock();
        list(client);
        assert!(relay.close_connections() > 0);
        list(&super::server::client(&server().url)); // the I/O thread has looked at its sockets since
        client.table("problem").create(&json!({ "short_description": "once" })).wait().unwrap();
    })
}
