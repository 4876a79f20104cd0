//! Spans follow OpenTelemetry's HTTP conventions: failures are marked, names have low cardinality, and nothing in them is a secret.

use http::{Method, Request, Response};
use snow_client::{Client, layer::RetryPolicy};
use snow_core::layer::AttemptSpanLayer;
use snow_core::{Body, Error, ErrorKind};
use snow_sim::Fault;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tower::{Layer, ServiceExt, service_fn};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber, subscriber::DefaultGuard};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// The spans of this thread, with all that they told.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Span>>>);

#[derive(Clone, Debug, Default)]
struct Span {
    id: u64,
    kind: &'static str,
    fields: BTreeMap<&'static str, String>,
}

impl Span {
    fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }
}

impl Visit for Span {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

impl Spans {
    fn record() -> (Self, DefaultGuard) {
        let spans = Self::default();
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(spans.clone()));
        (spans, guard)
    }

    /// Those of a kind, `call` or `attempt`, as they began.
    fn of(&self, kind: &str) -> Vec<Span> {
        self.0.lock().unwrap().iter().filter(|span| span.kind == kind).cloned().collect()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut span = Span { id: id.into_u64(), kind: attributes.metadata().name(), ..Span::default() };
        attributes.record(&mut span);
        self.0.lock().unwrap().push(span);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        let span = spans.iter_mut().rfind(|span| span.id == id.into_u64());
        values.record(span.unwrap());
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_span()
    }
}

/// A client that does not try again.
fn client(simulator: &snow_sim::Simulator) -> Client {
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.retry(RetryPolicy::new().max_attempts(1)).transport(simulator.clone()).build().unwrap()
}

#[tokio::test]
async fn a_span_that_failed_is_an_error() {
    let simulator = crate::simulator();
    let client = client(&simulator);
    for (fault, kind) in [(None, None), (Some(Fault::Busy), Some("429")), (Some(Fault::NoNode), Some("502"))]
    {
        let (spans, _guard) = Spans::record();
        fault.into_iter().for_each(|fault| simulator.fail_next(fault));
        let outcome = client.table("incident").list().limit(1).await;
        assert_eq!(outcome.is_err(), fault.is_some());
        for span in [spans.of("call"), spans.of("attempt")].concat() {
            assert_eq!(span.get("otel.status_code"), kind.map(|_| "ERROR"), "{span:?}");
            assert_eq!(span.get("error.type"), kind, "{span:?}");
        }
    }
    let (spans, _guard) = Spans::record();
    let broken = service_fn(|_: Request<Body>| async {
        Err::<Response<Body>, _>(Error::new(ErrorKind::ConnectionClosed, "the connection closed"))
    });
    AttemptSpanLayer::new().layer(broken).oneshot(Request::new(Body::empty())).await.unwrap_err();
    let attempt = &spans.of("attempt")[0];
    assert_eq!(
        (attempt.get("otel.status_code"), attempt.get("error.type")),
        (Some("ERROR"), Some("ConnectionClosed"))
    );
}

#[tokio::test]
async fn names_have_no_ids_and_addresses_no_query() {
    let simulator = crate::simulator();
    let client = client(&simulator);
    let (spans, _guard) = Spans::record();
    let id = "a9e30c7dc61122760116894de7bcc7bd";
    client.table("incident").get(id).await.unwrap_err();
    client.api("/api/x/order/12345").get().param("q", "canary").discard().await.unwrap_err();
    client.api("/api/x/order/12346/line/7").get().discard().await.unwrap_err();
    for (kind, scheme) in [("call", None), ("attempt", Some("https://dev12345.service-now.com"))] {
        let (spans, full) = (spans.of(kind), |path: &str| scheme.map(|scheme| format!("{scheme}{path}")));
        let told =
            |at: usize| (spans[at].get("otel.name").unwrap(), spans[at].get("url.full").map(str::to_owned));
        assert_eq!(
            told(0),
            ("GET /api/now/table/incident/{sys_id}", full(&format!("/api/now/table/incident/{id}")))
        );
        assert_eq!(told(1), ("GET /api/x/order/{id}", full("/api/x/order/12345")));
        assert_eq!(told(2), ("GET /api/x/order/{id}/...", full("/api/x/order/12346/line/7")));
        for span in spans {
            assert!(!format!("{span:?}").contains("canary"), "{span:?}");
        }
    }
}

async fn span_of(request: Request<Body>) -> Span {
    let (spans, _guard) = Spans::record();
    let ok = service_fn(|_: Request<Body>| async { Ok::<_, Error>(Response::new(Body::empty())) });
    AttemptSpanLayer::new().layer(ok).oneshot(request).await.unwrap();
    spans.of("attempt").remove(0)
}

#[tokio::test]
async fn neither_user_nor_password_of_an_address_is_told() {
    let request = Request::get("https://ada:canary@dev1.service-now.com:8443/api/x/order?q=canary");
    let span = span_of(request.body(Body::empty()).unwrap()).await;
    assert_eq!(span.get("url.full"), Some("https://dev1.service-now.com:8443/api/x/order"));
    assert!(!format!("{span:?}").contains("canary") && !format!("{span:?}").contains("ada"), "{span:?}");
}

#[tokio::test]
async fn a_method_that_http_does_not_define_is_another() {
    for (method, name, told, original) in [
        (Method::PATCH, "PATCH /api/x/order", "PATCH", None),
        (Method::from_bytes(b"PURGE").unwrap(), "HTTP /api/x/order", "_OTHER", Some("PURGE")),
        (Method::from_bytes(b"get").unwrap(), "HTTP /api/x/order", "_OTHER", Some("get")),
    ] {
        let request = Request::builder().method(method).uri("https://dev1.service-now.com/api/x/order");
        let span = span_of(request.body(Body::empty()).unwrap()).await;
        assert_eq!(span.get("otel.name"), Some(name));
        assert_eq!(span.get("http.request.method"), Some(told));
        assert_eq!(span.get("http.request.method_original"), original);
    }
}

/// Every sending is counted, whoever sends again: the layer of tokens after a 401, and that of retries.
#[tokio::test(start_paused = true)]
async fn every_further_attempt_has_its_number() {
    let simulator = crate::simulator();
    let client = crate::oauth_client(&simulator);
    client.generate_token("admin", "secret").await.unwrap();
    simulator.revoke_access_tokens();
    let (spans, _guard) = Spans::record();
    client.table("incident").list().limit(1).await.unwrap();
    let mut attempts = spans.of("attempt");
    attempts.retain(|span| span.get("otel.name") == Some("GET /api/now/table/incident"));
    let numbers: Vec<_> = attempts.iter().map(|span| span.get("http.request.resend_count")).collect();
    assert_eq!(numbers, [None, Some("1")]);
    assert_eq!(attempts[0].get("otel.status_code"), Some("ERROR"));

    simulator.revoke_access_tokens();
    simulator.fail_next(Fault::NoNode);
    let (spans, _guard) = Spans::record();
    client.table("incident").list().limit(1).await.unwrap();
    let mut attempts = spans.of("attempt");
    attempts.retain(|span| span.get("otel.name") == Some("GET /api/now/table/incident"));
    let numbers: Vec<_> = attempts.iter().map(|span| span.get("http.request.resend_count")).collect();
    assert_eq!(numbers, [None, Some("1"), Some("2")]);
}
