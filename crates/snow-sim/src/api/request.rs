//! A request on its way through the instance: as it arrived, as a page or an API sees it, and handled.

use crate::auth::Login;
use crate::response::SimResponse;
use crate::session::Session;
use crate::upload::{ReceivedBody, Upload};
use crate::{Guess, User};
use bytes::Bytes;
use http::{Method, request::Parts};
use std::cell::RefCell;
use std::sync::Arc;

/// A request as it arrived.
#[derive(Clone, Copy)]
pub(crate) struct IncomingRequest<'a> {
    pub(crate) head: &'a Parts,
    pub(crate) body: &'a ReceivedBody,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
}

impl IncomingRequest<'_> {
    /// The method: a POST may stand for another one (facts 1.1).
    pub(super) fn method(&self) -> Method {
        let header = self.head.headers.get("x-http-method-override");
        let stands_for = header.filter(|_| self.head.method == Method::POST);
        stands_for
            .and_then(|name| name.to_str().ok()?.parse().ok())
            .unwrap_or_else(|| self.head.method.clone())
    }

    /// `https://host`, for links.
    pub(super) fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let host = self.head.uri.authority().map(ToString::to_string);
        let host = host.or_else(|| Some(self.head.headers.get("host")?.to_str().ok()?.to_owned()));
        format!("{scheme}://{}", host.unwrap_or_else(|| "localhost".into()))
    }
}

/// A request as the pages see it: those do not log in like API calls.
pub(super) struct PageRequest<'a> {
    pub(super) head: &'a Parts,
    pub(super) body: &'a Bytes,
    /// The session that its cookies name.
    pub(super) session: Option<Session>,
}

/// A request as the APIs see it.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Decoded segments of the path below the API's own.
    pub(crate) segments: Vec<String>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) body: &'a Bytes,
    /// The file that came in place of a body.
    pub(crate) upload: Option<&'a Upload>,
    pub(crate) head: &'a Parts,
    /// `https://host`, for links.
    pub(crate) origin: String,
    /// `/api/now/v2`, as it was asked for: links repeat it (facts 1.1).
    pub(crate) base: String,
    pub(crate) user: Arc<User>,
    /// How the user logged in.
    pub(crate) login: &'a Login,
    /// What was guessed on the way to the response.
    pub(crate) guesses: RefCell<Vec<Guess>>,
}

impl Call<'_> {
    /// Says that the response will depend on a guess, where there is no response yet.
    pub(crate) fn guess(&self, guess: Guess) {
        self.guesses.borrow_mut().push(guess);
    }

    /// The same for several.
    pub(crate) fn guess_all(&self, guesses: impl IntoIterator<Item = Guess>) {
        self.guesses.borrow_mut().extend(guesses);
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Booleans are the words true and false, in any case; anything else is false (facts 1.2, 13.1).
    pub(crate) fn flag(&self, name: &str) -> bool {
        let Some(word) = self.param(name) else { return false };
        let is_true = word.eq_ignore_ascii_case("true");
        if !is_true && !word.eq_ignore_ascii_case("false") {
            self.guess(Guess::FlagWord);
        }
        is_true
    }
}

/// The response to a request, and what the journal says of the request.
pub(crate) struct HandledRequest {
    pub(crate) response: SimResponse,
    /// The user it was done for; empty if nobody was logged in.
    pub(crate) user: String,
    /// The number of the session; 0 if there is none.
    pub(crate) session: u64,
}

impl HandledRequest {
    /// A request without a user and a session.
    pub(crate) fn anonymous(response: SimResponse) -> Self {
        Self { response, user: String::new(), session: 0 }
    }
}
