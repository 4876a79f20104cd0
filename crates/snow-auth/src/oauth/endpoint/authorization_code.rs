//! Obtains a token by the code of a login in a browser.

use super::Endpoint;
use super::refusal_advice::RequestKind;
use crate::Token;
use crate::oauth::authorization::AuthorizationRequest;
use oauth2::{AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl};
use snow_core::{Error, ErrorKind};
use std::borrow::Cow;

impl Endpoint {
    /// Returns where a person logs in, with a state and a PKCE challenge that were never used before.
    pub(in crate::oauth) fn authorization(&self, redirect_uri: &str) -> Result<AuthorizationRequest, Error> {
        let redirect =
            RedirectUrl::new(redirect_uri.to_owned()).map_err(|e| not_absolute("redirect URI", e))?;
        let authorize =
            AuthUrl::new(self.authorize.to_string()).map_err(|e| not_absolute("authorization URL", e))?;
        let client = self.oauth2_client()?.set_auth_uri(authorize);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = client.authorize_url(CsrfToken::new_random).set_redirect_uri(Cow::Owned(redirect));
        let (url, state) = request.add_scopes(self.scopes()).set_pkce_challenge(challenge).url();
        Ok(AuthorizationRequest {
            url: url.into(),
            redirect_uri: redirect_uri.to_owned(),
            state: state.into_secret().into(),
            verifier: verifier.into_secret().into(),
        })
    }

    /// Exchanges the code that the browser came back with for a token.
    pub(in crate::oauth) async fn exchange_code(
        &self,
        request: &AuthorizationRequest,
        callback: &str,
    ) -> Result<Token, Error> {
        let code = AuthorizationCode::new(request.code(callback)?.expose().to_owned());
        let redirect =
            RedirectUrl::new(request.redirect_uri.clone()).map_err(|e| not_absolute("redirect URI", e))?;
        let verifier = PkceCodeVerifier::new(request.verifier.expose().to_owned());
        let (client, sent) = (self.oauth2_client()?, self.clock.unix());
        let http = self.http();
        let exchange =
            client.exchange_code(code).set_redirect_uri(Cow::Owned(redirect)).set_pkce_verifier(verifier);
        let failed = |error| RequestKind::Code.advise(self.error_of(error));
        let reply = exchange.request_async(&http).await.map_err(failed)?;
        self.accept(reply, sent, None).map_err(|failure| failure.error)
    }
}

fn not_absolute(what: &str, error: oauth2::url::ParseError) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("the {what} is not an absolute URL")).with_reason(error)
}
