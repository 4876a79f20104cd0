//! `POST /oauth_token.do` with its five grants, and `/oauth_revoke_token.do` (facts 4.1, 4.4).

use super::{HandledRequest, PageRequest};
use crate::form::Form;
use crate::response::SimResponse;
use crate::state::State;
use crate::tokens::IssuedToken;
use crate::{Guess, JwtAudience, OAuthApplication};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use http::{Method, StatusCode, request::Parts};
use ring::signature;
use serde_json::{Value, json};
use std::time::Duration;

impl Form {
    /// The client's credentials by HTTP Basic, where the form has none. Undocumented and unsettled (facts 12), but it is how
    /// pysnow sends them, which is used with instances. Returns whether it took them.
    fn add_client(&mut self, head: &Parts) -> bool {
        let header = head.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let encoded = header.and_then(|value| value.strip_prefix("Basic ")).unwrap_or_default();
        let decoded =
            BASE64_STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((id, secret)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) else {
            return false;
        };
        for (name, value) in [("client_id", id), ("client_secret", secret)] {
            if self.get(name).is_empty() {
                self.0.insert(0, (name.to_owned(), value.to_owned()));
            }
        }
        true
    }
}

pub(super) fn token(state: &mut State, PageRequest { head, body, .. }: PageRequest<'_>) -> HandledRequest {
    let mut form = Form::of_body(body);
    let mut guesses = Vec::new();
    if form.add_client(head) {
        guesses.push(Guess::ClientByBasic);
    }
    let now = state.clock.now();
    // Parameters are taken from the body alone (facts 4.1).
    let issued =
        (head.method == Method::POST).then(|| grant(state, head, &form, now, &mut guesses)).flatten();
    let response = match issued {
        Some((issued, refreshable)) => {
            let scope = state.clients.get(&issued.client).map_or("useraccount", |client| &client.scope);
            granted(&issued, scope, refreshable, now)
        }
        None => refused(),
    };
    HandledRequest::anonymous(response.with_guesses(guesses))
}

fn grant(
    state: &mut State,
    head: &Parts,
    form: &Form,
    now: Duration,
    guesses: &mut Vec<Guess>,
) -> Option<(IssuedToken, bool)> {
    let id = form.get("client_id");
    let grants = state.settings.grants;
    let grant = form.get("grant_type");
    let client = state.clients.get(id)?.clone();
    // One without a secret proves itself by the verifier of a code, and in no other way (facts 4.1).
    if client.secret != form.get("client_secret") || (client.public && grant != "authorization_code") {
        return None;
    }
    if grant == "refresh_token" {
        // A locked user's token is given again all the same; it is the calls that are refused.
        let issued = grants
            .refresh_token
            .then(|| state.tokens.refresh(id, form.get("refresh_token"), now, &state.settings));
        let issued = issued.flatten()?;
        if state.users.get(&issued.user).is_some_and(|user| user.locked) {
            guesses.push(Guess::RefreshOfLockedUser);
        }
        if issued.access_end.saturating_sub(now) < state.settings.access_token_lifetime {
            guesses.push(Guess::RemainingLifetime);
        }
        return Some((issued, true));
    }
    let user = match grant {
        "password" if grants.password => {
            let user = state.users.get(form.get("username"))?;
            (user.password == form.get("password")).then(|| user.name.clone())
        }
        "client_credentials" if grants.client_credentials => client.user.clone(),
        "urn:ietf:params:oauth:grant-type:jwt-bearer" if grants.jwt_bearer => {
            let audience = match state.settings.jwt_audience {
                JwtAudience::ClientId => id.to_owned(),
                JwtAudience::TokenEndpoint => token_endpoint(head),
            };
            let (skew, now) = (state.settings.jwt_clock_skew.as_secs_f64(), now.as_secs_f64());
            let (user, jti) = jwt_subject(&client, &audience, form.get("assertion"), now, skew)?;
            state.tokens.first_use(jti).then_some(user)
        }
        "authorization_code" if grants.authorization_code => {
            code_user(state, id, form, client.public, now, guesses)
        }
        _ => None,
    }?;
    state.users.get(&user).filter(|user| !user.locked)?;
    let refreshable = !client.public && matches!(grant, "password" | "authorization_code");
    Some((state.tokens.grant(id, &user, now, &state.settings), refreshable))
}

/// The user that consented, if the code, the redirect and the verifier fit.
fn code_user(
    state: &mut State,
    client: &str,
    form: &Form,
    public: bool,
    now: Duration,
    guesses: &mut Vec<Guess>,
) -> Option<String> {
    let code = state.tokens.take_code(form.get("code"))?;
    let fits = code.client == client && code.redirect == form.get("redirect_uri") && now < code.end;
    let proven = match &code.challenge {
        None if public => {
            guesses.push(Guess::ChallengeRequired);
            false
        }
        None => true,
        Some(challenge) => {
            let digest = ring::digest::digest(&ring::digest::SHA256, form.get("code_verifier").as_bytes());
            *challenge == BASE64.encode(digest)
        }
    };
    (fits && proven).then_some(code.user)
}

/// A URL without its scheme: in memory there is no telling whether it was sent over TLS.
fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url)
}

/// The URL of this endpoint without its scheme, as the client sees it.
fn token_endpoint(head: &Parts) -> String {
    let host = head.uri.authority().map(ToString::to_string);
    let host = host.or_else(|| Some(head.headers.get("host")?.to_str().ok()?.to_owned()));
    format!("{}/oauth_token.do", host.unwrap_or_default())
}

/// The subject and the id of an assertion that is signed by the client's key, for this audience, and neither over nor not yet begun.
fn jwt_subject(
    client: &OAuthApplication,
    audience: &str,
    assertion: &str,
    now: f64,
    skew: f64,
) -> Option<(String, String)> {
    let key = client.jwt_key.as_deref()?;
    let (signed, signature) = assertion.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let read = |part: &str| serde_json::from_slice::<Value>(&BASE64.decode(part).ok()?).ok();
    let (head, claims) = (read(head)?, read(claims)?);
    let algorithm: &dyn signature::VerificationAlgorithm = match head["alg"].as_str()? {
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "ES256" => &signature::ECDSA_P256_SHA256_FIXED,
        "ES384" => &signature::ECDSA_P384_SHA384_FIXED,
        _ => return None,
    };
    let signature = BASE64.decode(signature).ok()?;
    signature::UnparsedPublicKey::new(algorithm, key).verify(signed.as_bytes(), &signature).ok()?;
    let begun = |claim: &str| claims[claim].as_f64().is_none_or(|time| time <= now + skew);
    let fresh = claims["exp"].as_f64()? + skew > now && begun("iat") && begun("nbf");
    let known = without_scheme(claims["aud"].as_str()?) == audience && claims["iss"].is_string();
    let id = claims["jti"].as_str()?.to_owned();
    (fresh && known).then(|| claims["sub"].as_str().map(|user| (user.to_owned(), id))).flatten()
}

fn granted(token: &IssuedToken, scope: &str, refreshable: bool, now: Duration) -> SimResponse {
    let mut body = json!({
        "access_token": token.access,
        "scope": scope,
        "token_type": "Bearer",
        "expires_in": token.access_end.saturating_sub(now).as_secs(),
    });
    if refreshable {
        body["refresh_token"] = token.refresh.clone().into();
    }
    SimResponse::json(StatusCode::OK, body.to_string())
}

/// One response for every cause (facts 4.1).
fn refused() -> SimResponse {
    let body = json!({ "error_description": "access_denied", "error": "server_error" });
    SimResponse::json(StatusCode::UNAUTHORIZED, body.to_string())
}

/// Needs no authentication; what it answers is unsettled (facts 4.4).
pub(super) fn revoke(state: &mut State, request: PageRequest<'_>) -> HandledRequest {
    let form = Form::of_query(request.head.uri.query());
    state.tokens.revoke(form.get("token"));
    HandledRequest::anonymous(SimResponse::empty(StatusCode::OK).guess(Guess::Revocation))
}
