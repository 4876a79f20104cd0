//! What is added to an error on its way to the caller.

use super::execution::{Api, Execution, Responder, Sent};
use super::{Attempts, Error, ErrorKind, LoginUsed, RequestSummary, ServiceMessage, display};
use crate::BoxError;
use crate::one_line::bounded;
use http::{Method, StatusCode};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

impl Error {
    /// Adds the error that caused this one. [`source`](std::error::Error::source) returns it and [`report`](Self::report) shows it;
    /// `Display` does not: see [`with_reason`](Self::with_reason). It takes the place of an earlier source, and of an earlier reason,
    /// whose text stays in the message.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        let inner = self.data_mut();
        if let Some(reason) = inner.cause().filter(|_| inner.shows_source) {
            inner.message = format!("{}: {}", inner.message, display::text_of(reason)).into();
        }
        (inner.source, inner.shows_source) = (Some(Arc::from(source.into())), false);
        self
    }

    /// Adds the error that caused this one, and makes its text a part of the message: for an error whose text is the diagnosis, such
    /// as that of a parser or of a callback. So that no text is printed twice, [`source`](std::error::Error::source) then returns
    /// what caused the reason; [`reason`](Self::reason) returns the reason itself. A reason that is an `Error` is shown without its
    /// advice.
    ///
    /// ```
    /// use snow_client::{Error, ErrorKind};
    ///
    /// let reason = "x".parse::<u8>().unwrap_err();
    /// let error = Error::new(ErrorKind::InvalidInput, "the port cannot be read").with_reason(reason);
    /// assert_eq!(error.to_string(), "the port cannot be read: invalid digit found in string");
    /// assert!(error.reason().unwrap().is::<std::num::ParseIntError>());
    /// ```
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<BoxError>) -> Self {
        self = self.with_source(reason);
        self.data_mut().shows_source = true;
        self
    }

    /// Adds the method and the address of the request, without the query: path, host, and a port other than the scheme's own. Later
    /// calls change nothing.
    ///
    /// ```
    /// use http::{Method, Uri};
    /// use snow_client::{Error, ErrorKind};
    ///
    /// let uri = Uri::from_static("http://127.0.0.1:8080/api/now/table/incident?sysparm_limit=1");
    /// let error = Error::new(ErrorKind::TimedOut, "no response").with_request(&Method::GET, &uri);
    /// assert_eq!(error.request(), Some("GET /api/now/table/incident on 127.0.0.1:8080"));
    /// ```
    #[must_use]
    pub fn with_request(mut self, method: &Method, uri: &http::Uri) -> Self {
        if self.0.request.is_none() {
            let port = unusual_port(uri).map(|port| format!(":{port}")).unwrap_or_default();
            let host = uri.host().map(|host| format!(" on {host}{port}")).unwrap_or_default();
            let text = format!("{method} {}{host}", uri.path());
            let (api, host) = (Api::of(uri.path()), uri.host().map(Box::from));
            self.data_mut().request = Some(RequestSummary { method: method.clone(), text, api, host });
        }
        self
    }

    /// Adds a context in front of the message, for example the item that failed.
    #[must_use]
    pub fn with_context(mut self, context: &str) -> Self {
        let inner = self.data_mut();
        inner.message = format!("{context}: {}", inner.message).into();
        self
    }

    /// Sets the [`advice`](Self::advice), in place of that of every error of this kind. An empty string removes it.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.data_mut().advice = Some(advice.into());
        self
    }

    /// Adds how the request had logged in, from which the error of a 401 or 403 takes its advice. Later calls change nothing.
    ///
    /// ```
    /// use snow_client::{Error, ErrorKind, error::LoginUsed};
    ///
    /// let error = Error::new(ErrorKind::Unauthenticated, "refused").with_login(LoginUsed::Password);
    /// assert!(error.advice().unwrap().contains("snc_basic_auth_api_access"));
    /// ```
    #[must_use]
    pub fn with_login(mut self, login: LoginUsed) -> Self {
        if self.0.login.is_none() {
            self.data_mut().login = Some(login);
        }
        self
    }

    /// Adds the status of the response.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.data_mut().status = Some(status);
        self
    }

    /// Adds the message and detail of the service's error envelope, each on one line of at most 500 bytes.
    #[must_use]
    pub fn with_service_message(mut self, message: &str, detail: &str) -> Self {
        self.data_mut().service_message =
            Some(ServiceMessage { message: bounded(message), detail: bounded(detail) });
        self
    }

    /// Adds the instance's id of the transaction.
    #[must_use]
    pub fn with_transaction_id(mut self, id: &str) -> Self {
        self.data_mut().transaction_id = Some(bounded(id));
        self
    }

    /// Adds how long the instance asks the caller to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.data_mut().retry_after = Some(wait);
        self
    }

    /// Marks the request as never sent, because something failed that comes first, such as a token request. An earlier attempt
    /// that may have been executed still counts.
    #[must_use]
    pub fn before_sending(mut self) -> Self {
        self.data_mut().sent = Sent::Never;
        self
    }

    /// Marks a foreign error as one of the content of a request's body, which comes from the caller and not from a layer or a
    /// service.
    pub(crate) fn into_content_error(mut self) -> Self {
        if self.kind() == ErrorKind::Other {
            let inner = self.data_mut();
            inner.message =
                "the content to be sent could not be read: the stream that was given for it failed".into();
        }
        self
    }

    /// Marks the request as known not to have been executed, for example because reading the record back showed it. Changes nothing
    /// if the response was a success: a record that cannot be read may have been written all the same.
    #[must_use]
    pub fn not_carried_out(mut self) -> Self {
        if self.execution() != Execution::Executed {
            self.data_mut().observed = Some(Execution::NotExecuted);
        }
        self
    }

    /// Marks the request as known to have been executed, whatever failed afterwards.
    #[must_use]
    pub fn carried_out(mut self) -> Self {
        self.data_mut().observed = Some(Execution::Executed);
        self
    }

    /// Marks the error as one of an item with this method in the batch that the request carried.
    #[must_use]
    pub fn about_item(mut self, method: &Method) -> Self {
        self.data_mut().item = Some(method.clone());
        self
    }

    /// Marks what failed as a read, in however many requests, so that nothing can have been executed.
    ///
    /// ```
    /// use snow_client::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Incomplete, "the number of records is not known");
    /// assert!(error.may_have_executed(), "nothing says that it was a read");
    /// assert!(!error.of_read().may_have_executed());
    /// ```
    #[must_use]
    pub fn of_read(self) -> Self {
        self.about_item(&Method::GET)
    }

    /// Turns an error about input into one about a response that contains such a value: the same parsers read both, and a value
    /// that the service sent says nothing about the request. Leaves other errors as they are.
    ///
    /// ```
    /// use snow_client::{ErrorKind, SysId};
    ///
    /// let error = "x y".parse::<SysId>().unwrap_err();
    /// assert_eq!(error.of_response().kind(), ErrorKind::Decode);
    /// ```
    #[must_use]
    pub fn of_response(mut self) -> Self {
        if self.kind() == ErrorKind::InvalidInput {
            self.data_mut().kind = ErrorKind::Decode;
        }
        self
    }

    /// Adds who sent the response.
    pub(crate) fn with_responder(mut self, responder: Responder) -> Self {
        self.data_mut().responder = responder;
        self
    }

    /// Sets how often the request was attempted, and why there was no further attempt.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Attempts) -> Self {
        self.data_mut().attempts = Some(attempts);
        self
    }
}

/// Returns the port of an address, unless it is the one that its scheme implies.
fn unusual_port(uri: &http::Uri) -> Option<u16> {
    let implied = match uri.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    };
    uri.port_u16().filter(|port| Some(*port) != implied)
}
