//! Obtains a token by a refresh token.

use super::refusal_advice::RequestKind;
use super::{Endpoint, RequestFailure};
use crate::Token;
use crate::oauth::token_state::no_refresh_token;
use oauth2::RefreshToken;
use snow_core::{Error, ErrorKind};

/// The errors of a client that is wrong or asks for too much: another login does not help.
const ABOUT_THE_CLIENT: [&str; 4] =
    ["invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type"];

impl Endpoint {
    /// Requests a token by the refresh token of this one.
    pub(in crate::oauth) async fn refresh(&self, token: &Token) -> Result<Token, RequestFailure> {
        let Some(refresh) = token.refresh_token() else { return Err(no_refresh_token().into()) };
        let (client, sent) = (self.oauth2_client()?, self.clock.unix());
        let refresh = RefreshToken::new(refresh.expose().to_owned());
        let http = self.http();
        let reply = client.exchange_refresh_token(&refresh).request_async(&http).await;
        let reply =
            reply.map_err(|error| to_login_again(RequestKind::Refresh.advise(self.error_of(error))))?;
        self.accept(reply, sent, Some(token))
    }
}

/// A refused refresh token is the end of the session; any other failure says nothing about it.
fn to_login_again(error: Error) -> Error {
    let message = error.service_message().map_or("", |fault| fault.message.as_str());
    let is_refusal = matches!(error.kind(), ErrorKind::TokenRefused | ErrorKind::Unauthenticated);
    if !is_refusal || ABOUT_THE_CLIENT.contains(&message) {
        return error;
    }
    // What to do depends on how the client was logged in, and on whether it has a grant: others add it.
    let again =
        Error::new(ErrorKind::ReauthenticationRequired, "the instance no longer accepts the refresh token")
            .with_advice("");
    let again = error.status().into_iter().fold(again, Error::with_status);
    error
        .service_message()
        .into_iter()
        .fold(again, |again, fault| again.with_service_message(&fault.message, &fault.detail))
}
