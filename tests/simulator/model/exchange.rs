//! A request as it is sent, a response as it came, and how the two are compared with what the model expects.

use super::instance::Who;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use proptest::test_runner::TestCaseError;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::{Value, json};
use snow_sim::{Guess, Simulator};
use std::collections::BTreeSet;
use std::fmt;
use tower::ServiceExt;

pub(crate) const HOST: &str = "dev1.service-now.com";
pub(crate) const JSON: &str = "application/json;charset=UTF-8";

/// What is compared: nothing, or why it is not what the facts say.
pub(crate) type Compared<T = ()> = Result<T, TestCaseError>;

pub(crate) fn fail<T>(why: impl Into<String>) -> Compared<T> {
    Err(TestCaseError::fail(why.into()))
}

/// Fails with both sides unless they are the same.
pub(crate) fn same<T: PartialEq + fmt::Debug>(what: &str, got: T, expected: T) -> Compared {
    if got == expected {
        return Ok(());
    }
    fail(format!("{what}\n  got:      {got:?}\n  expected: {expected:?}"))
}

/// A request, before its parameters are percent-encoded.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) who: Who,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(who: Who, method: &'static str, path: impl Into<String>) -> Self {
        Self { who, method, path: path.into(), parameters: Vec::new(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn parameter(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parameters.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Path and query as they go over the wire.
    pub(crate) fn target(&self) -> String {
        if self.parameters.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, form(&self.parameters))
    }

    pub(crate) async fn send(&self, simulator: &Simulator) -> Answer {
        let mut request = Request::builder().method(self.method).uri(self.target()).header("host", HOST);
        if let Some(credentials) = self.who.authorization() {
            request = request.header("authorization", credentials);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::<Bytes>::from(self.body.clone())).expect("a request");
        let response = simulator.clone().oneshot(request).await.expect("a response");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole response").to_bytes();
        let (status, headers) = (head.status.as_u16(), Some(head.headers));
        Answer { ask: self.to_string(), status, headers, json_type: JSON, body }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} by {:?}", self.method, self.path, self.who)?;
        for (name, value) in &self.parameters {
            write!(f, "\n    {name}={value}")?;
        }
        for (name, value) in &self.headers {
            write!(f, "\n    {name}: {value}")?;
        }
        write!(f, "\n    {}", String::from_utf8_lossy(&self.body))
    }
}

/// Names and values as a query or a form.
pub(crate) fn form(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The inverse of it.
pub(crate) fn decode(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, more @ ..] = rest {
        let code = more.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = more;
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The request, for messages.
    pub(crate) ask: String,
    pub(crate) status: u16,
    /// `None` where they were left out, as those of an item of a batch may be.
    pub(crate) headers: Option<HeaderMap>,
    /// How the type of JSON is spelled here.
    pub(crate) json_type: &'static str,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.as_ref().and_then(|headers| headers.get(name)?.to_str().ok())
    }

    /// A header has this value, or is not there; unless headers were left out.
    pub(crate) fn has_header(&self, name: &str, expected: Option<&str>) -> Compared {
        if self.headers.is_none() { Ok(()) } else { same(name, self.header(name), expected) }
    }

    fn guesses(&self) -> Vec<String> {
        let all = self.headers.iter().flat_map(|headers| headers.get_all("x-sim-guess"));
        all.map(|reason| String::from_utf8_lossy(reason.as_bytes()).into_owned()).collect()
    }

    pub(crate) fn json(&self) -> Compared<Value> {
        serde_json::from_slice(&self.body).or_else(|error| fail(format!("{error}: {}", self.text())))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What a response says of itself, for the message of a failure.
    pub(crate) fn in_context(&self, compared: Compared) -> Compared {
        let Err(TestCaseError::Fail(why)) = compared else { return compared };
        let text: String = self.text().chars().take(1_500).collect();
        fail(format!("{why}\n{}\n  -> {} {:?} {text}", self.ask, self.status, self.guesses()))
    }

    /// The status, and the type of a body that is JSON.
    pub(crate) fn is(&self, status: u16) -> Compared {
        same("status", self.status, status)?;
        self.has_header("content-type", Some(self.json_type))
    }

    /// The response has no body.
    pub(crate) fn is_empty(&self, status: u16) -> Compared {
        same("status", self.status, status)?;
        same("body", self.text().as_str(), "")
    }

    pub(crate) fn is_json(&self, status: u16, expected: &Value) -> Compared {
        self.is(status)?;
        same("body", &self.json()?, expected)
    }

    /// The envelope of an error; a detail that no fact knows is not compared.
    pub(crate) fn is_refusal(&self, status: u16, message: &str, detail: Option<Value>) -> Compared {
        self.is(status)?;
        let mut body = self.json()?;
        let given = body["error"]["detail"].take();
        if let Some(detail) = detail {
            same("detail", &given, &detail)?;
        }
        let expected = json!({ "error": { "message": message, "detail": null }, "status": "failure" });
        same("body", &body, &expected)
    }

    /// A response that depends on a guess says so.
    pub(crate) fn depends_on(&self, guesses: &BTreeSet<Guess>) -> Compared {
        let told = self.guesses();
        for guess in guesses {
            if self.headers.is_some() && !told.iter().any(|reason| reason == guess.reason()) {
                return fail(format!("it does not say that it depends on {guess:?}"));
            }
        }
        Ok(())
    }
}

/// An object whose keys keep the order in which they came.
pub(crate) struct Keys(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Keys;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<String, serde::de::IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// The keys of the records of a response, as they were written.
pub(crate) fn keys_of(body: &[u8]) -> Compared<Vec<Vec<String>>> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Records {
        Many(Vec<Keys>),
        One(Keys),
    }
    #[derive(Deserialize)]
    struct Whole {
        result: Records,
    }
    match serde_json::from_slice::<Whole>(body) {
        Ok(Whole { result: Records::Many(records) }) => Ok(records.into_iter().map(|keys| keys.0).collect()),
        Ok(Whole { result: Records::One(record) }) => Ok(vec![record.0]),
        Err(error) => fail(error.to_string()),
    }
}
