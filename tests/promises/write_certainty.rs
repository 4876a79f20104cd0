//! An error says whether a write may have been executed, judging from whether it left, which API and server responded, and with which
//! status and body.

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use snow_client::{Client, Error, ErrorKind, SysId, Transport, field, layer::RetryPolicy, table::Upserted};
use snow_core::{Body, HttpService};
use snow_sim::{Fault, Rule, Simulator, User, WriteLie};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ID: &str = "a9e30c7dc61122760116894de7bcc7bd";
const MISSING: &str =
    r#"{"error":{"message":"Kein Datensatz gefunden","detail":"Nicht vorhanden"},"status":"failure"}"#;

/// What is seen of one failing request, for each operation: `=` a success, `-` an error of a write that was not carried out, or
/// of a read; `r` the same, and it may be sent again; `?` a write that may have been carried out, and is not to be sent again. A
/// kind of its own stands behind it.
///
/// `node` has an instance's headers, `login` only the one that tells that somebody is logged in; `gate` is a gateway that answers
/// in JSON, `gate+id` one that adds a transaction id of its own, `edge` one that answers in HTML. `never` and `broken` have no response.
const TABLE: &str = "
who     status what                                           kind                  create update replace import script delete get list
node    201    fit                                            -                     =      =      =       =      =      =      =   =
node    201    odd                                            Decode                ? ?ResponseMismatch ?ResponseMismatch ? ? = rResponseMismatch -
node    201    cut                                            Truncated             ?      ?      ?       ?      ?      ?      r   r
node    200    late-error                                     TransactionCancelled   ?      ?      ?       ?      ?      ?      r   r
node    200    empty                                          EmptyResponse         ?      ?      ?  ?RowFailed  ?      =      -   -
node    204    empty                                          EmptyResponse         ?      ?      ?  ?RowFailed  ?      =      -   -
node    202    empty                                          EmptyResponse         ?      ?      ?  ?RowFailed  ?      =      -   -
edge    202    empty                                          NotProcessed          r      r      r       r      r      r      r   r
gate    202    fit                                            -                     =      =      =       =      =      =      =   =
edge    200    html                                           NotJson               ?      ?      ?       ?      ?      ?      -   -
edge    200    asleep                                         Hibernating           ?      ?      ?       ?      ?      ?      -   -
edge    200    login-form                                     LoginPage             ?      ?      ?       ?      ?      ?      -   -
edge    302    /login.do                                      LoginPage             -      -      -       -      -      -      -   -
edge    307    /login_with_sso.do?x=1                         LoginPage             -      -      -       -      -      -      -   -
edge    302    https://dev1.service-now.com/saml_redirector.do       LoginPage      -      -      -       -      -      -      -   -
edge    303    /login.do                                      LoginPage             ?      ?      ?       ?      ?      ?      -   -
edge    302    https://idp.example.com/saml/sso               LoginPage             ?      ?      ?       ?      ?      ?      -   -
edge    302    https://app.example.com/auth/done              Redirected            ?      ?      ?       ?      ?      ?      -   -
node    303    https://dev1.service-now.com/x                 Redirected            ?      ?      ?       ?      ?      ?      -   -
edge    301    https://dev2.service-now.com/login.do          LoginPage             ?      ?      ?       ?      ?      ?      -   -
edge    302    https://developer.servicenow.com/dev.do        Hibernating           -      -      -       -      -      -      -   -
edge    302    https://example.com/developer.servicenow.com   Redirected            ?      ?      ?       ?      ?      ?      -   -
node    400    refused                                        Rejected              -      -      -       -      ?      -      -   -
gate    400    refused                                        Rejected              ?      ?      ?       ?      ?      ?      -   -
edge    400    html                                           NotFromInstance       ?      ?      ?       ?      ?      ?      -   -
node    400    no-api                                         NoSuchApi             -      -      -       -      -      -      -   -
gate    400    no-api                                         NoSuchApi             ?      ?      ?       ?      ?      ?      -   -
node    400    no-table                                       UnknownTable          -      -      -       -      ?      -      -   -
node    401    refused                                        Unauthenticated       -      -      -       -      -      -      -   -
edge    401    empty                                          NotFromInstance       -      -      -       -      -      -      -   -
node    403    refused                                        Forbidden             ?      ?      ?       ?      ?      ?      -   -
edge    403    html                                           NotFromInstance       ?      ?      ?       ?      ?      ?      -   -
node    404    missing                                        NotFound              -      -      -       -      ?      -      -   -
login   404    missing                                        NotFound              -      -      -       -      ?      -      -   -
gate    404    missing                                        NotFromInstance       ?      ?      ?       ?      ?      ?      -   -
gate+id 404    no-route                                       NotFromInstance       ?      ?      ?       ?      ?      ?      -   -
edge    404    html                                           NotFromInstance       ?      ?      ?       ?      ?      ?      -   -
edge    404    empty                                          NotFromInstance       ?      ?      ?       ?      ?      ?      -   -
node    404    html                                           NoSuchApi             ?      ?      ?       ?      ?      ?      -   -
node    405    refused                                        Rejected              -      -      -       -      ?      -      -   -
node    409    refused                                        Rejected              -      -      -       -      ?      -      -   -
gate    409    refused                                        Rejected              ?      ?      ?       ?      ?      ?      -   -
edge    413    html                                           NotFromInstance       ?      ?      ?       ?      ?      ?      -   -
edge    414    html                                           UriTooLong            -      -      -       -      -      -      -   -
node    429    rate-rule                                      RateLimited           r      r      r       r      r      r      r   r
edge    429    html                                           InstanceBusy          r      r      r       r      r      r      r   r
node    500    refused                                        Server                ?      ?      ?       ?      ?      ?      -   -
node    500    cancelled                                      TransactionCancelled  ?      ?      ?       ?      ?      ?      r   r
edge    500    html                                           NotFromInstance       ?      ?      ?       ?      ?      ?      -   -
edge    502    html                                           Unavailable           ?      ?      ?       ?      ?      ?      r   r
edge    503    html                                           Unavailable           ?      ?      ?       ?      ?      ?      r   r
gate    504    refused                                        Unavailable           ?      ?      ?       ?      ?      ?      r   r
never   -      Connect                                        Connect               r      r      r       r      r      r      r   r
never   -      Tls                                            Tls                   -      -      -       -      -      -      -   -
never   -      ProxyRefused                                   ProxyRefused          -      -      -       -      -      -      -   -
never   -      PermitTimeout                                  PermitTimeout         r      r      r       r      r      r      r   r
broken  -      ConnectionClosed                               ConnectionClosed      ?      ?      ?       ?      ?      ?      r   r
broken  -      TimedOut                                       TimedOut              ?      ?      ?       ?      ?      ?      r   r
broken  -      Other                                          Other                 ?      ?      ?       ?      ?      ?      -   -
";

/// What one request is answered with.
#[derive(Clone, Debug)]
struct Reply {
    who: String,
    status: String,
    what: String,
}

impl Reply {
    fn new(who: &str, status: &str, what: &str) -> Self {
        Self { who: who.into(), status: status.into(), what: what.into() }
    }

    fn to(&self, method: &Method, path: &str) -> Result<Response<Body>, Error> {
        let kind = match &*self.what {
            "Connect" => ErrorKind::Connect,
            "Tls" => ErrorKind::Tls,
            "ProxyRefused" => ErrorKind::ProxyRefused,
            "PermitTimeout" => ErrorKind::PermitTimeout,
            "ConnectionClosed" => ErrorKind::ConnectionClosed,
            "TimedOut" => ErrorKind::TimedOut,
            "Other" => ErrorKind::Other,
            _ => return Ok(self.response(method, path)),
        };
        Err(Error::new(kind, "as the test has it"))
    }

    fn response(&self, method: &Method, path: &str) -> Response<Body> {
        let mut response = Response::builder().status(&*self.status);
        if matches!(&*self.who, "node" | "gate+id") {
            response = response.header("x-transaction-id", "0123456789ab");
        }
        if matches!(&*self.who, "node" | "login") {
            response = response.header("x-is-logged-in", "true");
        }
        let (kind, body) = self.body(method, path);
        if !body.is_empty() {
            response = response.header("content-type", kind);
        } else {
            response = response.header("content-length", "0");
        }
        if self.what.starts_with(['/', 'h']) && self.status.starts_with('3') {
            response = response.header("location", &self.what);
        }
        if self.what == "rate-rule" {
            response = response.header("x-ratelimit-rule", ID);
        }
        if let Some(total) = self.what.strip_prefix("total-") {
            response = response.header("x-total-count", total.split('-').next().unwrap());
        }
        response.body(Body::from(body)).unwrap()
    }

    fn body(&self, method: &Method, path: &str) -> (&'static str, String) {
        let list = method == Method::GET && !path.contains(ID);
        let with = |id: &str| match (path, list) {
            (path, _) if path.starts_with("/api/now/import") => {
                json!({ "import_set": "ISET1", "staging_table": "imp_user",
                        "result": [{ "transform_map": "User", "status": "inserted", "sys_id": id }] })
            }
            (_, true) => json!({ "result": [{ "sys_id": id }] }),
            (_, false) => json!({ "result": { "sys_id": id } }),
        };
        let json = "application/json;charset=UTF-8";
        let fault = |message: &str| {
            json!({ "error": { "message": message, "detail": null }, "status": "failure" }).to_string()
        };
        match &*self.what {
            "fit" => (json, with(ID).to_string()),
            "odd" => (json, with("x y").to_string()),
            "cut" => (json, r#"{"result":[{"sys_id":"a9e3"#.into()),
            "late-error" => {
                let whole = with(ID).to_string();
                let error = r#","error":{"message":"Transaction cancelled"},"status":"failure"}"#;
                (json, format!("{}{error}", whole.strip_suffix('}').unwrap()))
            }
            "refused" => (json, fault("Vorgang fehlgeschlagen")),
            "rate-rule" => (json, fault("Rate limit exceeded")),
            "missing" => (json, MISSING.into()),
            "no-api" => (json, fault("Requested URI does not represent any resource")),
            "no-table" => (json, fault("Invalid table x")),
            "no-route" => (json, r#"{"message":"no Route matched with those values"}"#.into()),
            "cancelled" => (json, fault("Transaction cancelled: maximum execution time exceeded")),
            "html" => ("text/html", "<html>No such page</html>".into()),
            "asleep" => ("text/html", "<html>Instance Hibernating page</html>".into()),
            "login-form" => ("text/html", "<html>Login <input name=password></html>".into()),
            "total-0" | "total-1-hidden" => (json, r#"{"result":[]}"#.into()),
            "total-1-there" => (json, with(&ID.to_uppercase()).to_string()),
            "total-1-other" => (json, with(&"0".repeat(32)).to_string()),
            record if record.starts_with('{') => (json, format!(r#"{{"result":{record}}}"#)),
            _ => ("", String::new()),
        }
    }
}

type Seen = Arc<Mutex<Vec<String>>>;

/// Answers each request with the next reply, the last one forever; and a client for it that sends nothing again.
fn scripted(replies: impl IntoIterator<Item = Reply>, attempts: u32) -> (Client, Seen) {
    let replies: Arc<Mutex<VecDeque<Reply>>> = Arc::new(Mutex::new(replies.into_iter().collect()));
    let seen = Seen::default();
    let noted = seen.clone();
    let transport = tower::service_fn(move |request: Request<Body>| {
        noted.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        let mut replies = replies.lock().unwrap();
        let reply = if replies.len() > 1 { replies.pop_front().unwrap() } else { replies[0].clone() };
        async move { reply.to(request.method(), request.uri().path()) }
    });
    (client(transport, attempts), seen)
}

fn client<S>(transport: S, attempts: u32) -> Client
where
    S: tower::Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<snow_core::BoxError>,
{
    let policy = RetryPolicy::new().max_attempts(attempts).backoff(Duration::ZERO, Duration::ZERO);
    let builder = Client::builder().instance("dev1").user("admin").password("secret").retry(policy);
    builder.transport(transport).build().unwrap()
}

#[derive(Debug, Deserialize)]
struct Row {
    #[allow(dead_code, reason = "that it can be read is what counts")]
    sys_id: SysId,
}

async fn call(client: &Client, operation: &str) -> Result<(), Error> {
    let rows = client.table("incident").typed::<Row>();
    let fields = json!({ "short_description": "x" });
    match operation {
        "create" => rows.create(&fields).await.map(drop),
        "update" => rows.update(ID, &fields).await.map(drop),
        "replace" => rows.update(ID, &fields).use_put(true).await.map(drop),
        "import" => client.import("imp_user").insert(&fields).await.map(drop),
        "script" => client.api("/api/x_acme/v1/orders").post(&fields).result::<Row>().await.map(drop),
        "delete" => rows.delete(ID).await,
        "get" => rows.get(ID).await.map(drop),
        "list" => rows.list().limit(1).await.map(drop),
        other => panic!("no operation {other}"),
    }
}

/// `=`, `-`, `r` or `?`, and the kind of an error.
fn outcome<T>(result: &Result<T, Error>) -> (String, String) {
    match result {
        Ok(_) => ("=".into(), "-".into()),
        Err(error) => {
            let sign = match (error.may_have_executed(), error.is_retryable()) {
                (false, false) => "-",
                (false, true) => "r",
                (true, false) => "?",
                (true, true) => "a write that may have happened is never to be sent again",
            };
            (sign.into(), format!("{:?}", error.kind()))
        }
    }
}

/// What a cell of a table says: its sign, and the kind, the row's if it names none.
fn expected(cell: &str, kind: &str) -> (String, String) {
    let (sign, own) = cell.split_at(1);
    let kind = if own.is_empty() { kind } else { own };
    (sign.to_owned(), if sign == "=" { "-".into() } else { kind.to_owned() })
}

fn lines(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).filter(|line| !line.is_empty())
}

#[tokio::test(start_paused = true)]
async fn what_became_of_a_request_follows_from_who_answered_what() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    let operations = lines(TABLE).next().unwrap().split_off(4);
    for line in lines(TABLE).skip(1) {
        let [who, status, what, kind, cells @ ..] = &line[..] else { panic!("{line:?}") };
        assert_eq!(cells.len(), operations.len(), "{line:?}");
        for (operation, cell) in operations.iter().zip(cells) {
            let (client, seen) = scripted([Reply::new(who, status, what)], 1);
            let result = call(&client, operation).await;
            let (is, should) = (outcome(&result), expected(cell, kind));
            if is != should {
                wrong.push(format!("{who} {status} {what} {operation}: {is:?}, not {should:?} ({result:?})"));
            }
            assert_eq!(seen.lock().unwrap().len(), 1, "{who} {status} {what} {operation}");
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 400, "{count}");
}

/// The same as items of a batch, which have no headers of their own and are the instance's all the same.
const ITEMS: &str = "
status what                                  kind                  create update script delete get
201    fit                                   -                     =      =      =      =      =
201    odd                                   Decode                ? ?ResponseMismatch ?      =      rResponseMismatch
201    cut                                   Truncated             ?      ?      ?      ?      r
200    empty                                 EmptyResponse         ?      ?      ?      =      -
204    empty                                 EmptyResponse         ?      ?      ?      =      -
202    empty                                 EmptyResponse         ?      ?      ?      =      -
202    fit                                   -                     =      =      =      =      =
302    /login.do                             LoginPage             -      -      -      -      -
302    https://app.example.com/auth/done     Redirected            ?      ?      ?      ?      -
303    /x                                    Redirected            ?      ?      ?      ?      -
400    refused                               Rejected              -      -      ?      -      -
400    no-api                                NoSuchApi             -      -      -      -      -
401    refused                               Unauthenticated       -      -      -      -      -
403    refused                               Forbidden             ?      ?      ?      ?      -
404    missing                               NotFound              -      -      ?      -      -
404    empty                                 NotFound              -      -      ?      -      -
409    refused                               Rejected              -      -      ?      -      -
429    refused                               InstanceBusy          r      r      r      r      r
500    refused                               Server                ?      ?      ?      ?      -
500    cancelled                             TransactionCancelled  ?      ?      ?      ?      r
503    refused                               Unavailable           ?      ?      ?      ?      r
";

fn as_item(id: usize, reply: &Reply, method: &Method, path: &str) -> Value {
    use base64::Engine;
    let (_, body) = reply.body(method, path);
    let body = base64::prelude::BASE64_STANDARD.encode(body);
    let mut item =
        json!({ "id": id.to_string(), "status_code": reply.status.parse::<u16>().unwrap(), "body": body });
    if reply.status.starts_with('3') {
        item["redirect_url"] = reply.what.clone().into();
    }
    item
}

/// A client whose batches are answered with this.
fn batches(answer: Value) -> Client {
    let body = Bytes::from(answer.to_string());
    let transport = tower::service_fn(move |_: Request<Body>| {
        let response = Response::builder().header("content-type", "application/json;charset=UTF-8");
        let response = response.header("x-transaction-id", "0123456789ab").body(Body::from(body.clone()));
        async move { response }
    });
    client(transport, 1)
}

#[tokio::test(start_paused = true)]
async fn what_became_of_an_item_of_a_batch_follows_from_its_status() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    let paths = ["/api/now/table/incident", "/api/now/table/incident/", "/api/x_acme/v1/orders", "/", ID];
    let methods = [Method::POST, Method::PATCH, Method::POST, Method::DELETE, Method::GET];
    for line in lines(ITEMS).skip(1) {
        let [status, what, kind, cells @ ..] = &line[..] else { panic!("{line:?}") };
        let reply = Reply::new("item", status, what);
        let items: Vec<Value> = (0..5).map(|at| as_item(at, &reply, &methods[at], paths[at])).collect();
        let client = batches(
            json!({ "batch_request_id": "1", "serviced_requests": items, "unserviced_requests": [] }),
        );
        let rows = client.table("incident").typed::<Row>();
        let fields = json!({ "short_description": "x" });
        let mut batch = client.batch();
        let create = batch.add(rows.create(&fields));
        let update = batch.add(rows.update(ID, &fields));
        let script = batch.add(client.api("/api/x_acme/v1/orders").post(&fields).result::<Row>());
        let delete = batch.add(rows.delete(ID));
        let get = batch.add(rows.get(ID));
        let mut answers = batch.send().await;
        let outcomes = [
            answers.take(&create).map(drop),
            answers.take(&update).map(drop),
            answers.take(&script).map(drop),
            answers.take(&delete),
            answers.take(&get).map(drop),
        ];
        assert_eq!(cells.len(), outcomes.len(), "{line:?}");
        for (at, (result, cell)) in outcomes.iter().zip(cells).enumerate() {
            let (is, should) = (outcome(result), expected(cell, kind));
            if is != should {
                wrong.push(format!("{status} {what} {at}: {is:?}, not {should:?} ({result:?})"));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_leaves_no_doubt_about_its_reads() {
    for (reply, write) in [
        (Reply::new("broken", "-", "ConnectionClosed"), "?"),
        (Reply::new("edge", "503", "html"), "?"),
        (Reply::new("node", "403", "refused"), "?"),
        (Reply::new("node", "200", "cut"), "?"),
        (Reply::new("node", "400", "refused"), "-"),
        (Reply::new("node", "401", "refused"), "-"),
        (Reply::new("never", "-", "Connect"), "r"),
    ] {
        let (client, _) = scripted([reply.clone()], 1);
        let rows = client.table("incident");
        let mut batch = client.batch();
        let get = batch.add(rows.get(ID));
        let create = batch.add(rows.create(&json!({ "short_description": "x" })));
        let list = batch.add(rows.list().limit(1));
        let mut answers = batch.send().await;
        assert_eq!(outcome(&answers.take(&create)).0, write, "{reply:?}");
        for error in [answers.take(&get).map(drop).unwrap_err(), answers.take(&list).map(drop).unwrap_err()] {
            assert!(!error.may_have_executed(), "{reply:?} {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_the_writes_that_a_batch_did_not_come_to_only_the_first_is_in_doubt() {
    let fit = Reply::new("item", "201", "fit");
    let served = |at| as_item(at, &fit, &Method::POST, "/api/now/table/incident");
    for (serviced, unserviced, outcomes) in [
        (vec![0], vec!["1", "2", "3"], ["=", "?", "r", "r"]),
        (vec![], vec!["0", "1", "2", "3"], ["?", "r", "r", "r"]),
        // It went on behind the second, so that one was not the rest of anything.
        (vec![0, 2], vec!["1", "3"], ["=", "?", "=", "?"]),
        // Of what is in neither list nobody says that it was not processed.
        (vec![0], vec!["1"], ["=", "?", "?", "?"]),
    ] {
        let serviced: Vec<Value> = serviced.into_iter().map(served).collect();
        let client =
            batches(json!({ "serviced_requests": serviced, "unserviced_requests": unserviced.clone() }));
        let fields = json!({ "short_description": "x" });
        let calls = (0..4).map(|_| client.table("incident").create(&fields));
        let results = client.batch_all(calls).await;
        for (at, (result, expected)) in results.iter().zip(outcomes).enumerate() {
            assert_eq!(outcome(result).0, expected, "{unserviced:?} {at}: {result:?}");
            let Err(error) = result else { continue };
            assert_eq!(error.kind(), ErrorKind::Unserviced);
            let looks = error.to_string().contains("check whether it was executed");
            assert_eq!(looks, expected == "?", "the advice goes with the flag: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_refused_after_a_batch_of_unknown_fate_stays_open() {
    let missing = as_item(0, &Reply::new("item", "404", "missing"), &Method::DELETE, "/");
    let answer = json!({ "serviced_requests": [missing], "unserviced_requests": [] }).to_string();
    let first = Arc::new(Mutex::new(true));
    let transport = tower::service_fn(move |_: Request<Body>| {
        let fails = std::mem::take(&mut *first.lock().unwrap());
        let response = match fails {
            true => Reply::new("edge", "503", "html").response(&Method::POST, "/"),
            false => {
                let response = Response::builder().header("content-type", "application/json");
                response.header("x-transaction-id", "1").body(Body::from(answer.clone())).unwrap()
            }
        };
        async move { Ok::<_, Error>(response) }
    });
    let client = client(transport, 2);
    let mut results = client.batch_all([client.table("incident").delete(ID).idempotent(true)]).await;
    let result = results.remove(0);
    assert_eq!(outcome(&result), ("?".into(), "NotFound".into()), "{result:?}");
}

/// A deletion of unknown fate, a 404, and what a list says of the record.
#[tokio::test(start_paused = true)]
async fn a_deletion_that_finds_nothing_after_one_of_unknown_fate_is_confirmed_by_a_list() {
    let node = |status, what| Reply::new("node", status, what);
    let edge = |status, what| Reply::new("edge", status, what);
    let reset = || Reply::new("broken", "-", "ConnectionClosed");
    for (replies, sign, kind, requests) in [
        (vec![edge("503", "html"), node("404", "missing"), node("200", "total-0")], "=", "-", 3),
        (vec![reset(), node("404", "missing"), node("200", "total-0")], "=", "-", 3),
        (vec![reset(), Reply::new("login", "404", "missing"), node("200", "total-0")], "=", "-", 3),
        (vec![reset(), node("404", "missing"), node("200", "total-1-hidden")], "?", "NotFound", 3),
        (vec![reset(), node("404", "missing"), node("200", "total-1-there")], "?", "NotFound", 3),
        (vec![reset(), node("404", "missing"), node("200", "total-1-other")], "?", "NotFound", 3),
        (vec![reset(), node("404", "missing"), node("200", "fit")], "?", "NotFound", 3),
        (vec![reset(), node("404", "missing"), node("403", "refused")], "?", "NotFound", 3),
        (vec![reset(), node("404", "missing"), edge("404", "html")], "?", "NotFound", 3),
        (vec![reset(), edge("404", "html")], "?", "NotFromInstance", 2),
        (vec![edge("503", "html"), Reply::new("gate", "404", "missing")], "?", "NotFromInstance", 2),
        (vec![reset(), Reply::new("gate+id", "404", "no-route")], "?", "NotFromInstance", 2),
        (vec![reset(), node("403", "refused")], "?", "Forbidden", 2),
        // What comes before any script says nothing about the attempt before it.
        (vec![reset(), node("401", "refused")], "?", "Unauthenticated", 2),
        (vec![reset(), node("400", "refused")], "?", "Rejected", 2),
        (vec![node("429", "refused"), node("404", "missing")], "-", "NotFound", 2),
        (vec![node("404", "missing")], "-", "NotFound", 1),
    ] {
        let told = format!("{replies:?}");
        for way in ["delete", "delete_each"] {
            let (client, seen) = scripted(replies.clone(), 2);
            let rows = client.table("incident");
            let result = match way {
                "delete" => rows.delete(ID).await,
                _ => {
                    let done = rows.delete_many([ID.parse::<SysId>().unwrap()]).all().await;
                    assert_eq!(done.is_complete(), sign == "=", "{told}");
                    done.into_result().map(drop)
                }
            };
            assert_eq!(outcome(&result), (sign.into(), kind.into()), "{way} {told} {result:?}");
            let seen = seen.lock().unwrap().clone();
            assert_eq!(seen.len(), requests, "{way} {told} {seen:?}");
            if requests == 3 {
                assert!(seen[2].contains(&format!("sysparm_query=sys_id%3D{ID}")), "{seen:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_nothing_can_confirm_stays_open() {
    for path in ["/api/x_acme/v1/orders/1", "/api/now/cmdb/instance/cmdb_ci_server/1"] {
        let replies = [Reply::new("broken", "-", "ConnectionClosed"), Reply::new("node", "404", "missing")];
        let (client, seen) = scripted(replies, 2);
        let error = client.api(path).delete().discard().await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::NotFound, true), "{error}");
        assert_eq!(seen.lock().unwrap().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn three_deletions_that_a_gateway_answers_for_are_no_success() {
    let replies = [Reply::new("broken", "-", "ConnectionClosed"), Reply::new("edge", "404", "html")];
    let (client, _) = scripted(replies, 2);
    let ids = [1, 2, 3].map(|n| format!("{n:032x}").parse::<SysId>().unwrap());
    let done = client.table("incident").delete_many(ids).concurrency(1).all().await;
    assert!(!done.is_complete() && done.failures().count() == 3);
    for (_, error) in done.failures() {
        assert!(error.kind() == ErrorKind::NotFromInstance && error.may_have_executed(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn writes_to_many_records_tell_of_each_what_a_call_tells() {
    for (reply, sign, kind) in [
        (Reply::new("node", "404", "missing"), "-", "NotFound"),
        (Reply::new("edge", "404", "html"), "?", "NotFromInstance"),
        (Reply::new("node", "201", "odd"), "?", "ResponseMismatch"),
        (Reply::new("node", "204", "empty"), "?", "EmptyResponse"),
        (Reply::new("edge", "302", "https://app.example.com/auth/done"), "?", "Redirected"),
        (Reply::new("edge", "302", "/login.do"), "-", "LoginPage"),
        (Reply::new("node", "409", "refused"), "-", "Rejected"),
        (Reply::new("broken", "-", "ConnectionClosed"), "?", "ConnectionClosed"),
        (Reply::new("never", "-", "Connect"), "r", "Connect"),
    ] {
        let (client, _) = scripted([reply.clone()], 1);
        let ids = [1, 2].map(|n| format!("{n:032x}").parse::<SysId>().unwrap());
        let rows = client.table("incident").typed::<Row>();
        let done = rows.update_many(ids, &json!({ "urgency": "1" })).all().await;
        assert_eq!(done.outcomes.len(), 2);
        for row in &done.outcomes {
            assert_eq!(outcome(&row.result), (sign.into(), kind.into()), "{reply:?} {:?}", row.result);
        }
    }
}

// Creations that are looked for.

fn keyed(value: &str) -> Value {
    json!({ "correlation_id": value, "short_description": "x" })
}

/// `seen`: whether an earlier creation of this client came back as it was sent. Then what the creation is answered with, and what
/// a look for its key finds.
const LOOKED_FOR: &str = "
seen who    status what        look      outcome kind
yes  node   500    cancelled   none      r       TransactionCancelled
no   node   500    cancelled   none      ?       TransactionCancelled
yes  node   500    cancelled   one       =       -
no   node   500    cancelled   one       =       -
yes  node   403    refused     none      -       Forbidden
no   node   403    refused     none      ?       Forbidden
short node  403    refused     none      ?       Forbidden
yes  node   403    refused     one       =       -
yes  node   403    refused     hidden    ?       Forbidden
yes  node   403    refused     two       ?       Forbidden
yes  node   403    refused     case      ?       Forbidden
yes  node   403    refused     other     ?       Forbidden
yes  node   403    refused     no-field  ?       Forbidden
yes  node   403    refused     no-total  ?       Forbidden
yes  edge   403    html        none      -       NotFromInstance
yes  node   201    cut         none      ?       Truncated
yes  node   201    odd         none      ?       Decode
yes  node   200    empty       none      ?       EmptyResponse
yes  node   204    empty       none      ?       EmptyResponse
yes  node   202    empty       none      ?       EmptyResponse
yes  node   303    /x          none      ?       Redirected
yes  edge   200    html        none      ?       NotJson
yes  edge   302    https://app.example.com/auth/done none - Redirected
yes  node   201    cut         one       =       -
yes  node   204    empty       one       =       -
yes  broken -      ConnectionClosed none      r       ConnectionClosed
no   broken -      ConnectionClosed none      ?       ConnectionClosed
yes  broken -      ConnectionClosed one       =       -
yes  edge   503    html        none      r       Unavailable
yes  gate   404    missing     none      -       NotFromInstance
no   gate   404    missing     none      ?       NotFromInstance
no   node   400    refused     none      -       Rejected
no   never  -      Connect     none      r       Connect
";

/// An instance whose creations are answered as a test says, and whose lists find what it says.
fn sought(reply: Reply, look: &str, earlier: Option<&'static str>) -> Client {
    let (look, earlier) = (look.to_owned(), Arc::new(Mutex::new(earlier)));
    let transport = tower::service_fn(move |request: Request<Body>| {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let record = |key: &str| json!({ "sys_id": ID, "correlation_id": key });
        let result = match method {
            Method::POST => match earlier.lock().unwrap().take() {
                Some(key) => Reply::new("node", "201", &record(key).to_string()).to(&method, uri.path()),
                None => reply.to(&method, uri.path()),
            },
            _ if uri.path().contains(ID) => {
                Reply::new("node", "200", &record("Key-4711").to_string()).to(&method, uri.path())
            }
            _ => {
                let sought = uri.query().unwrap_or_default().contains("sysparm_query");
                let (records, total) = match &*look {
                    // A look whether the field is there at all finds some record.
                    "none" | "no-total" if !sought => (vec![record("a")], Some(1)),
                    "none" => (vec![], Some(0)),
                    "one" => (vec![record("Key-4711")], Some(1)),
                    "two" => (vec![record("Key-4711"), record("Key-4711")], Some(2)),
                    "case" => (vec![record("key-4711")], Some(1)),
                    "two-cases" => (vec![record("Key-4711"), record("key-4711")], Some(2)),
                    "other" => (vec![record("Kéy-4711")], Some(1)),
                    "no-field" => (vec![json!({ "sys_id": ID })], Some(9)),
                    "hidden" => (vec![], Some(1)),
                    "no-total" => (vec![], None),
                    other => panic!("no look {other}"),
                };
                let response = Response::builder().header("content-type", "application/json");
                let response = response.header("x-transaction-id", "0123456789ab");
                let response = match total {
                    Some(total) => response.header("x-total-count", total),
                    None => response,
                };
                Ok(response.body(Body::from(json!({ "result": records }).to_string())).unwrap())
            }
        };
        async move { result }
    });
    client(transport, 1)
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_is_not_found_was_carried_out_unless_there_is_evidence() {
    let mut wrong = Vec::new();
    for line in lines(LOOKED_FOR).skip(1) {
        let [seen, who, status, what, look, cell, kind] = line[..] else { panic!("{line:?}") };
        let earlier = match seen {
            "yes" => Some("Key-0815"),
            "short" => Some("Key"),
            _ => None,
        };
        let client = sought(Reply::new(who, status, what), look, earlier);
        let rows = client.table("incident").typed::<Row>();
        if let Some(key) = earlier {
            rows.create(&keyed(key)).confirm_by("correlation_id").await.unwrap();
        }
        let result = rows.create(&keyed("Key-4711")).confirm_by("correlation_id").await;
        let (is, should) = (outcome(&result), expected(cell, kind));
        if is != should {
            wrong.push(format!("{line:?}: {is:?}, not {should:?} ({result:?})"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An upsert looks first, and then creates as a creation that is looked for.
#[tokio::test(start_paused = true)]
async fn an_upsert_tells_the_same_of_what_it_creates() {
    for (reply, sign, kind) in [
        (Reply::new("node", "403", "refused"), "?", "Forbidden"),
        (Reply::new("node", "500", "cancelled"), "?", "TransactionCancelled"),
        (Reply::new("node", "201", "cut"), "?", "Truncated"),
        (Reply::new("edge", "302", "https://app.example.com/auth/done"), "?", "Redirected"),
        (Reply::new("broken", "-", "ConnectionClosed"), "?", "ConnectionClosed"),
        (Reply::new("node", "400", "refused"), "-", "Rejected"),
        (Reply::new("never", "-", "Connect"), "r", "Connect"),
    ] {
        let client = sought(reply.clone(), "none", None);
        let result = client.table("incident").upsert("correlation_id", &keyed("Key-4711")).await;
        assert_eq!(outcome(&result), (sign.into(), kind.into()), "{reply:?} {result:?}");
    }
    // With an echo that was seen before, a look that finds nothing counts.
    let client = sought(Reply::new("node", "403", "refused"), "none", Some("Key-0815"));
    let incidents = client.table("incident");
    assert!(incidents.upsert("correlation_id", &keyed("Key-0815")).await.unwrap().is_created());
    let error = incidents.upsert("correlation_id", &keyed("Key-4711")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Forbidden && !error.may_have_executed(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_upsert_finds_its_record_in_any_case_and_names_what_is_not_the_same() {
    let anything =
        || Reply::new("node", "200", &json!({ "sys_id": ID, "correlation_id": "Key-4711" }).to_string());
    for (look, sign, kind) in [
        ("one", "=", "-"),
        ("two", "-", "MultipleResults"),
        ("two-cases", "-", "MultipleResults"),
        ("other", "-", "Decode"),
        ("no-field", "-", "InvalidInput"),
        ("hidden", "-", "Forbidden"),
        ("no-total", "-", "Incomplete"),
    ] {
        let client = sought(anything(), look, None);
        let result = client.table("incident").upsert("correlation_id", &keyed("Key-4711")).await;
        assert_eq!(outcome(&result), (sign.into(), kind.into()), "{look} {result:?}");
        if look == "other" {
            let text = result.unwrap_err().to_string();
            assert!(text.contains(r#""Key-4711""#) && text.contains(r#""Kéy-4711""#), "{text}");
        }
    }
}

/// Over the simulator, which compares without case, as the service does.
#[tokio::test]
async fn an_upsert_by_an_address_in_another_case_updates() {
    let simulator = crate::simulator();
    let users = crate::client(&simulator).table("sys_user");
    let person = |mail: &str, name: &str| json!({ "email": mail, "user_name": name });
    assert!(users.upsert("email", &person("Ada@Example.com", "ada")).await.unwrap().is_created());
    let Upserted::Updated(record) = users.upsert("email", &person("ada@example.com", "ada")).await.unwrap()
    else {
        panic!("the record is there");
    };
    assert_eq!(record.value("email").unwrap(), "ada@example.com", "as it was sent");
    users.create(&person("ADA@example.com", "ada2")).await.unwrap();
    let error = users.upsert("email", &person("ada@example.com", "ada3")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::MultipleResults && !error.may_have_executed(), "{error}");
}

/// The record is made, and its key is not what was sent: a look cannot find it, and must not deny it.
#[tokio::test(start_paused = true)]
async fn a_locked_key_makes_no_second_record() {
    for lie in [WriteLie::Forbidden, WriteLie::Cancelled] {
        let simulator = Simulator::builder().user("admin", "secret").incidents(3);
        let simulator = simulator.user_with(User::new("clerk", "secret").role("itil"));
        let lock = Rule::LockField { table: "incident".into(), field: "correlation_id".into() };
        let simulator = simulator.rule(lock).build().unwrap();
        let builder = Client::builder().instance("dev1").user("clerk").password("secret");
        let incidents = builder.transport(simulator.clone()).build().unwrap().table("incident");
        let before = crate::client(&simulator).table("incident").list().count().await.unwrap();
        simulator.settings(|settings| settings.write_lie = Some(lie));
        let fields = json!({ "correlation_id": "4711", "short_description": "x" });
        for upsert in [false, true] {
            let error = match upsert {
                false => incidents.create(&fields).confirm_by("correlation_id").await.unwrap_err(),
                true => incidents.upsert("correlation_id", &fields).await.unwrap_err(),
            };
            assert!(error.may_have_executed() && !error.is_retryable(), "{lie:?} {error}");
        }
        let after = crate::client(&simulator).table("incident").list().count().await.unwrap();
        assert_eq!(after, before + 2, "each was made, and told as such");
    }
}

/// An echo shows that the field may be written, and the dictionary how long its values may be.
#[tokio::test(start_paused = true)]
async fn a_longer_key_than_was_seen_counts_where_the_dictionary_says_that_it_fits() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let incidents = client.table("incident");
    let create = |key: &str| incidents.create(&keyed(key)).confirm_by("correlation_id").into_future();
    create("a").await.unwrap();
    simulator.fail_next(Fault::Cancelled);
    assert!(create("a longer key").await.unwrap_err().may_have_executed());
    let schema = client.schema().table("incident").await.unwrap();
    let most = schema.column("correlation_id").unwrap().max_length.unwrap() as usize;
    for (length, open) in [(1, false), (most, false), (most + 1, true)] {
        simulator.fail_next(Fault::Cancelled);
        let error = create(&"k".repeat(length)).await.unwrap_err();
        assert_eq!((error.may_have_executed(), error.is_retryable()), (open, !open), "{length} {error}");
    }
}

// What never left.

/// A server that takes one request and never answers it, behind a throttle with one place.
#[tokio::test(start_paused = true)]
async fn a_write_whose_deadline_passes_in_the_queue_never_left() {
    let transport =
        tower::service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Error>>());
    let builder = Client::builder().instance("dev1").user("a").password("b").concurrency(1);
    let client = builder.transport(transport).build().unwrap();
    let incidents = client.table("incident");
    let create = || incidents.create(&keyed("a")).deadline(Duration::from_secs(5));
    let (first, second) = tokio::join!(create(), create());
    let (first, second) = (first.unwrap_err(), second.unwrap_err());
    assert_eq!((first.kind(), second.kind()), (ErrorKind::DeadlineExceeded, ErrorKind::DeadlineExceeded));
    assert!(first.may_have_executed() && !first.is_retryable(), "{first}");
    assert!(!second.may_have_executed() && second.is_retryable(), "{second}");
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_deadline_passes_while_it_waits_for_a_token_never_left() {
    let transport = tower::service_fn(|request: Request<Body>| {
        assert_eq!(request.uri().path(), "/oauth_token.do");
        std::future::pending::<Result<Response<Body>, Error>>()
    });
    let builder = snow_client::OAuthClient::builder().instance("dev1").client_id("a").client_secret("b");
    let client = builder.transport(transport).build().unwrap();
    let over =
        json!({ "access_token": "x", "refresh_token": "y", "expires_in": 1799, "expires_at": 1767225600.5 });
    client.set_token(serde_json::from_value::<snow_client::oauth::Token>(over).unwrap()).unwrap();
    let created = client.table("incident").create(&keyed("a")).deadline(Duration::from_secs(5)).await;
    let error = created.unwrap_err();
    assert!(!error.may_have_executed(), "{error}");
}

/// A connector that never connects, and one whose server never answers.
#[tokio::test(start_paused = true)]
async fn a_write_whose_deadline_passes_while_connecting_never_left() {
    // A listener that is full accepts nobody: its TLS handshake is never answered.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    for (url, left) in
        [(format!("https://localhost:{}", address.port()), false), (format!("http://{address}"), true)]
    {
        let transport =
            Transport::builder().no_proxy().danger_accept_invalid_certificates(true).build().unwrap();
        let builder = Client::builder().instance(url).user("a").password("b").transport(transport);
        let client = builder.build().unwrap();
        let create = client.table("incident").create(&keyed("a")).deadline(Duration::from_secs(2));
        let error = create.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded, "{error}");
        assert_eq!((error.may_have_executed(), error.is_retryable()), (left, !left), "{error}");
    }
}

/// Whoever brings a stack need not tell when a request leaves, and then nobody says that it did not.
#[tokio::test(start_paused = true)]
async fn a_stack_of_ones_own_is_not_taken_at_a_word_that_it_does_not_give() {
    let stack = tower::ServiceBuilder::new()
        .layer(snow_core::layer::DeadlineLayer::new(Duration::from_secs(3)))
        .service(HttpService::new(tower::service_fn(|_: Request<Body>| {
            std::future::pending::<Result<Response<Body>, Error>>()
        })));
    let client = Client::builder().instance("dev1").stack(stack).build().unwrap();
    let error = client.table("incident").create(&keyed("a")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::DeadlineExceeded && error.may_have_executed(), "{error}");
}

// Input and output.

#[tokio::test(start_paused = true)]
async fn what_a_response_holds_is_never_bad_input() {
    let (client, _) = scripted([Reply::new("node", "201", "odd")], 1);
    let made = client.table("incident").create(&keyed("a")).await.unwrap();
    let error = made.sys_id().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    let error = client.import("imp_user").insert(&keyed("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::Decode, true), "{error}");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(201));
    let reference: snow_client::record::Reference =
        serde_json::from_value(json!({ "value": "x y" })).unwrap();
    assert_eq!(reference.sys_id().unwrap_err().kind(), ErrorKind::Decode);
    // Whatever a reader of the caller's own makes of it.
    let bad = client.table("incident").create(&keyed("a")).verified().await.map(|echo| echo.record.sys_id());
    assert_eq!(bad.unwrap().unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test(start_paused = true)]
async fn a_gateways_404_is_told_as_one() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let error = client.table("incident").get(ID.replace('a', "0")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let (client, _) = scripted([Reply::new("edge", "404", "html")], 1);
    for error in [
        client.table("incident").get(ID).await.map(drop).unwrap_err(),
        client.table("incident").list().limit(1).await.map(drop).unwrap_err(),
        client.table("incident").list().first().await.map(drop).unwrap_err(),
        client.aggregate("incident").count().await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFromInstance, "{error}");
        assert!(error.to_string().contains("gateways and proxies"), "{error}");
    }
}

/// A fault of the simulator before the attempt that finds nothing.
#[tokio::test(start_paused = true)]
async fn a_deletion_is_confirmed_at_the_simulator_too() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let incidents = client.table("incident");
    let there = incidents.list().query(field("active").eq(true)).first().await.unwrap().sys_id().unwrap();
    incidents.delete(there).await.unwrap();
    simulator.take_journal();
    simulator.fail_next(Fault::NoNode);
    incidents.delete(there).await.unwrap();
    let journal = simulator.take_journal();
    assert_eq!(journal.iter().filter(|entry| entry.method == Method::GET).count(), 1, "one look");
    let pending = incidents.delete(there).into_future().now_or_never();
    assert!(pending.is_none_or(|done| done.is_err()), "nothing is left to delete");
}
