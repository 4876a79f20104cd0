//! A table of any number of rows, which are always the same but for their sys_ids: these grow from row to row.

use crate::page;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Different rows, after which they begin anew.
const ROWS: u64 = 1_000;
/// About so many bytes are made at once.
const BLOCK: usize = 64 << 10;

#[derive(Default)]
struct Server {
    latency: Duration,
    /// How many requests it takes at once: above that, it refuses.
    places: usize,
    busy: Cell<usize>,
    requests: Cell<u64>,
    refused: Cell<u64>,
    /// Rows with these fields only.
    templates: RefCell<HashMap<String, Rc<Template>>>,
}

/// Prints its address, and answers until its standard input ends.
pub(crate) async fn serve(latency: Duration, places: usize) {
    let server = Rc::new(Server { latency, places, ..Server::default() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    std::thread::spawn(|| {
        let _ = std::io::read_to_string(std::io::stdin());
        std::process::exit(0);
    });
    let tasks = tokio::task::LocalSet::new();
    tasks
        .run_until(async {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                stream.set_nodelay(true).expect("no delay");
                let server = server.clone();
                let connection = hyper::server::conn::http1::Builder::new().serve_connection(
                    TokioIo::new(stream),
                    service_fn(move |request| server.clone().answer(request)),
                );
                tokio::task::spawn_local(connection);
            }
        })
        .await;
}

impl Server {
    async fn answer(self: Rc<Self>, request: Request<Incoming>) -> Result<Response<Rows>, Infallible> {
        if request.uri().path() == "/counts" {
            let counts = format!("{} {}", self.requests.take(), self.refused.take());
            return Ok(Response::new(Rows::text(counts)));
        }
        self.requests.set(self.requests.get() + 1);
        if self.busy.get() == self.places {
            self.refused.set(self.refused.get() + 1);
            let mut refusal = Response::new(Rows::text(String::new()));
            *refusal.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            return Ok(refusal);
        }
        let place = Place::take(&self);
        // Even none at all would take a millisecond.
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        Ok(self.page(request.uri(), place))
    }

    fn page(&self, uri: &http::Uri, place: Place) -> Response<Rows> {
        let rows: u64 =
            uri.path().rsplit('_').next().and_then(|rows| rows.parse().ok()).expect("a table of ours");
        let parameters: HashMap<&str, String> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, decoded(value)))
            .collect();
        let ids = Ids { step: u64::MAX / rows };
        let matching = ids.matching(&parameters["sysparm_query"], rows);
        let limit: u64 = parameters["sysparm_limit"].parse().expect("a limit");
        let page = matching.start..matching.end.min(matching.start.saturating_add(limit));
        let template = self.template(parameters.get("sysparm_fields").map_or("", String::as_str));
        let answer = Response::builder().header("content-type", "application/json;charset=UTF-8");
        let answer = match parameters.contains_key("sysparm_no_count") {
            true => answer,
            false => answer.header("x-total-count", matching.end - matching.start),
        };
        answer.body(Rows::page(template, ids, page, place)).expect("a good answer")
    }

    fn template(&self, fields: &str) -> Rc<Template> {
        let mut templates = self.templates.borrow_mut();
        templates.entry(fields.to_owned()).or_insert_with(|| Rc::new(Template::new(fields))).clone()
    }
}

/// One of the places, until it is dropped.
struct Place(Rc<Server>);

impl Place {
    fn take(server: &Rc<Server>) -> Self {
        server.busy.set(server.busy.get() + 1);
        Self(server.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
    }
}

fn decoded(text: &str) -> String {
    let marks = [("%3E", ">"), ("%3C", "<"), ("%3D", "="), ("%5E", "^"), ("%2C", ",")];
    marks.into_iter().fold(text.to_owned(), |text, (code, mark)| text.replace(code, mark))
}

/// sys_ids that are spread over all there may be.
#[derive(Clone, Copy)]
struct Ids {
    step: u64,
}

impl Ids {
    /// The second half of each of them.
    const REST: &str = "dc61122760116800";

    /// Writes the first half.
    fn write(self, row: u64, to: &mut [u8]) {
        let place = row * self.step;
        for (at, digit) in to.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(place >> (60 - 4 * at) & 15) as usize];
        }
    }

    /// The rows that a query of sys_ids alone selects.
    fn matching(self, query: &str, rows: u64) -> Range<u64> {
        let (mut start, mut end) = (0, rows);
        for term in query.split('^').filter_map(|term| term.strip_prefix("sys_id")) {
            let id = term.trim_start_matches(['<', '>', '=']);
            let place = u128::from_str_radix(id, 16).expect("an id");
            let rest = u128::from_str_radix(Self::REST, 16).expect("half an id");
            // The first row at this id or behind it.
            let at = (place.saturating_sub(rest) >> 64) as u64;
            let id_at = |row: u64| u128::from(row * self.step) << 64 | rest;
            let mut row = (at / self.step).saturating_sub(1);
            while row < rows && id_at(row) < place {
                row += 1;
            }
            match &term[..term.len() - id.len()] {
                ">" if row < rows && id_at(row) == place => start = row + 1,
                ">" | ">=" => start = row,
                "<" => end = row,
                other => panic!("no {other:?} here"),
            }
        }
        start..end.max(start)
    }
}

/// Rows one behind the other, each with a comma.
struct Template {
    text: Vec<u8>,
    /// Where each row begins; and the end.
    starts: Vec<usize>,
    /// Where its sys_id is in a row.
    ids: Vec<usize>,
}

impl Template {
    fn new(fields: &str) -> Self {
        let (mut text, mut starts, mut ids) = (Vec::new(), vec![0], Vec::new());
        for row in 0..ROWS {
            let record = page::record(usize::try_from(row).expect("a small number"));
            let record = if fields.is_empty() { record } else { only(&record, fields) };
            let id = record.find("\"sys_id\":\"").expect("an id") + 10;
            text.extend_from_slice(&record.as_bytes()[..id + 16]);
            text.extend_from_slice(Ids::REST.as_bytes());
            text.extend_from_slice(&record.as_bytes()[id + 32..]);
            ids.push(id);
            text.push(b',');
            starts.push(text.len());
        }
        Self { text, starts, ids }
    }

    fn place(row: u64) -> usize {
        usize::try_from(row % ROWS).expect("a small number")
    }

    fn len(&self, row: u64) -> usize {
        let at = Self::place(row);
        self.starts[at + 1] - self.starts[at]
    }

    /// As many rows as come in one piece, and the first of the others.
    fn block(&self, rows: Range<u64>, ids: Ids) -> (Vec<u8>, u64) {
        let first = Self::place(rows.start);
        let most = (BLOCK / self.len(rows.start)).max(1) as u64;
        let count = (rows.end - rows.start).min(most).min(ROWS - first as u64);
        let start = self.starts[first];
        let mut block =
            self.text[start..self.starts[first + usize::try_from(count).expect("a small number")]].to_vec();
        for row in rows.start..rows.start + count {
            let at = self.starts[Self::place(row)] - start + self.ids[Self::place(row)];
            ids.write(row, &mut block[at..at + 16]);
        }
        (block, rows.start + count)
    }
}

/// The record with these fields alone.
fn only(record: &str, fields: &str) -> String {
    let record: Map<String, Value> = serde_json::from_str(record).expect("JSON");
    let kept = fields.split(',').filter_map(|field| Some((field.to_owned(), record.get(field)?.clone())));
    serde_json::to_string(&kept.collect::<Map<_, _>>()).expect("JSON")
}

/// A page, made as it is sent.
struct Rows {
    /// What comes before the next rows.
    text: Option<Bytes>,
    rows: Option<(Rc<Template>, Ids, Range<u64>)>,
    left: u64,
    place: Option<Place>,
}

impl Rows {
    fn text(text: String) -> Self {
        Self { left: text.len() as u64, text: Some(text.into()), rows: None, place: None }
    }

    fn page(template: Rc<Template>, ids: Ids, rows: Range<u64>, place: Place) -> Self {
        let commas = if rows.is_empty() { 0 } else { 1 };
        let text: usize = rows.clone().map(|row| template.len(row)).sum();
        let left = "{\"result\":[]}".len() + text - commas;
        let text = Some(Bytes::from_static(b"{\"result\":["));
        Self { text, rows: Some((template, ids, rows)), left: left as u64, place: Some(place) }
    }

    fn next(&mut self) -> Option<Bytes> {
        if let Some(text) = self.text.take() {
            return Some(text);
        }
        let (template, ids, rows) = self.rows.as_mut()?;
        let mut block = Vec::new();
        if !rows.is_empty() {
            (block, rows.start) = template.block(rows.clone(), *ids);
        }
        if rows.is_empty() {
            block.pop(); // the last comma
            block.extend_from_slice(b"]}");
            (self.rows, self.place) = (None, None);
        }
        Some(block.into())
    }
}

impl Body for Rows {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.next();
        self.left -= next.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
