//! `/oauth_auth.do`: a person logs in, consents, and is sent back with a code (facts 4.3).
//!
//! What the facts do not say is chosen here: a request that cannot be granted is a page with status 400, before any login; a form
//! without the session's token is one with 403; a user who denies is sent back with `error=access_denied`, as RFC 6749 says.

use super::browser_session::BrowserSession;
use super::login;
use super::{HandledRequest, PageRequest, html};
use crate::form::Form;
use crate::response::SimResponse;
use crate::state::State;
use crate::tokens::Code;
use crate::{Guess, OAuthApplication};
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

/// All but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const CHALLENGE_MISSING: &str = "A public client needs a code_challenge";

/// The parameters that a consent has to bring back.
const PARAMETERS: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// A request that can be granted.
struct AuthorizationRequest {
    client: Arc<OAuthApplication>,
    /// Where the response goes.
    redirect: String,
    state: String,
    challenge: Option<String>,
}

pub(super) fn handle(
    state: &mut State,
    PageRequest { head, body, session }: PageRequest<'_>,
) -> HandledRequest {
    let browser = BrowserSession::of(state, session);
    let decided = head.method == Method::POST;
    let response = Form::of_body(body);
    let form = Form::of_query(if decided { Some(response.get("oauth_request")) } else { head.uri.query() });
    let asked = match AuthorizationRequest::read(state, &form) {
        Ok(asked) => asked,
        Err(why) => {
            let page = html::message(StatusCode::BAD_REQUEST, "Access cannot be given", why);
            let challenge = (why == CHALLENGE_MISSING).then_some(Guess::ChallengeRequired);
            let page = page.guess(Guess::AuthorizationRefused).with_guesses(challenge);
            return browser.respond(state, page);
        }
    };
    let Some(user) = browser.user(state) else {
        return login::show_login(
            state,
            browser,
            &format!("/oauth_auth.do?{}", request_query(&form)),
            "",
            "",
        );
    };
    let response = match decided {
        false => html::consent(&browser.session.token, &asked.client.name, &user, &request_query(&form)),
        true if response.get("sysparm_ck") != browser.session.token => {
            let why = "This request does not come from the page that was shown to you. Nothing was allowed.";
            html::message(StatusCode::FORBIDDEN, "Access was not given", why)
                .guess(Guess::AuthorizationRefused)
        }
        true => asked.decide(state, &user, response.get("decision")),
    };
    browser.respond(state, response)
}

/// The query of this request, for after the login and with the consent.
fn request_query(form: &Form) -> String {
    let given = PARAMETERS.iter().filter(|name| !form.get(name).is_empty());
    let pairs = given.map(|name| format!("{name}={}", utf8_percent_encode(form.get(name), ESCAPED)));
    pairs.collect::<Vec<_>>().join("&")
}

impl AuthorizationRequest {
    /// What is asked for, or why it cannot be given.
    fn read(state: &State, form: &Form) -> Result<Self, &'static str> {
        let client = state.clients.get(form.get("client_id")).ok_or("Unknown client_id")?.clone();
        // Tokens are not given out here: the implicit flow is off (facts 4.3).
        if form.get("response_type") != "code" {
            return Err("Unsupported response_type: only code is");
        }
        if !state.settings.grants.authorization_code {
            return Err("Authorization codes are switched off");
        }
        if form.get("state").is_empty() && state.settings.oauth_state_required {
            return Err("Missing State parameter in request");
        }
        let challenge = challenge(form.get("code_challenge"), form.get("code_challenge_method"))?;
        if client.public && challenge.is_none() {
            return Err(CHALLENGE_MISSING);
        }
        let redirect = client.redirect(form.get("redirect_uri")).ok_or("The client has no redirect URL")?;
        Ok(Self { redirect: redirect.to_owned(), state: form.get("state").to_owned(), challenge, client })
    }

    fn decide(self, state: &mut State, user: &str, decision: &str) -> SimResponse {
        let response = match decision {
            "allow" => {
                let end = state.clock.now() + Code::LIFETIME;
                let code = state.tokens.issue_code(Code {
                    client: self.client.id.clone(),
                    user: user.to_owned(),
                    redirect: self.redirect.clone(),
                    challenge: self.challenge.clone(),
                    end,
                });
                format!("code={code}")
            }
            "deny" => "error=access_denied".to_owned(),
            _ => {
                let why = "Choose Allow or Deny. Nothing was allowed.";
                return html::message(StatusCode::BAD_REQUEST, "Access was not given", why)
                    .guess(Guess::AuthorizationRefused);
            }
        };
        let mut target =
            format!("{}{}{response}", self.redirect, if self.redirect.contains('?') { '&' } else { '?' });
        if !self.state.is_empty() {
            target = format!("{target}&state={}", utf8_percent_encode(&self.state, ESCAPED));
        }
        let denied = (decision == "deny").then_some(Guess::ConsentDenied);
        let other_port = !self.client.redirects.contains(&self.redirect);
        let guesses = denied.into_iter().chain(other_port.then_some(Guess::LoopbackPort));
        SimResponse::empty(StatusCode::FOUND).with("location", &target).with_guesses(guesses)
    }
}

/// The challenge of a code: the SHA-256 of a verifier, in 43 characters. None at all is fine, any other method is not.
fn challenge(challenge: &str, method: &str) -> Result<Option<String>, &'static str> {
    let fits = challenge.len() == 43
        && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    match (challenge, method) {
        ("", "") => Ok(None),
        (_, "S256") if fits => Ok(Some(challenge.to_owned())),
        (_, "S256") => Err("The code_challenge is not a SHA-256 in base64url"),
        _ => Err("Unsupported code_challenge_method: only S256 is"),
    }
}
