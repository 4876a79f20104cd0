//! The client of the `oauth2` crate, over our own service.

use super::response::{classify, no_token_in_response, refused_by_endpoint};
use super::{Endpoint, MAX_RESPONSE, RequestFailure, within};
use crate::Token;
use futures_util::future::BoxFuture;
use http::{Method, Request};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AccessToken, AuthType, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, RefreshToken, RequestTokenError, Scope, StandardRevocableToken, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use snow_core::{Body, Error, ErrorKind, decode};
use std::fmt;
use std::time::Duration;

pub(super) type OAuth2Client = Client<
    BasicErrorResponse,
    TokenReply,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl Endpoint {
    /// Makes a client. It is made for each request, so that its ten type parameters stay in this folder.
    pub(super) fn oauth2_client(&self) -> Result<OAuth2Client, Error> {
        let url = TokenUrl::new(self.uri.to_string()).map_err(|e| {
            Error::new(ErrorKind::InvalidInput, "the token endpoint has no usable address").with_reason(e)
        })?;
        let client = Client::new(ClientId::new(self.checked_client_id()?.to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(url);
        Ok(match &self.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        })
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = Scope> + use<> {
        self.scopes.clone().into_iter().map(Scope::new)
    }

    /// Returns the service in the form that `oauth2` calls.
    pub(super) fn http(
        &self,
    ) -> impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, Error>> + use<> {
        let (service, uri, limit) = (self.service.clone(), self.uri.clone(), self.timeouts.token_request);
        move |request| {
            let mut request: Request<Body> = request.map(Body::from);
            *request.uri_mut() = uri.clone();
            let response = service.send(request);
            Box::pin(within(limit, async move {
                let (head, body) = decode::receive(response.await?, MAX_RESPONSE).await?;
                classify(head, body)
            }))
        }
    }

    /// Takes the token of a reply to a request that left at `sent`.
    pub(super) fn accept(
        &self,
        reply: TokenReply,
        sent: Duration,
        before: Option<&Token>,
    ) -> Result<Token, RequestFailure> {
        self.check_token(reply.token.completed(sent, before))
    }

    pub(super) fn error_of(&self, error: RequestTokenError<Error, BasicErrorResponse>) -> Error {
        let error = match error {
            RequestTokenError::Request(own) => own,
            RequestTokenError::ServerResponse(said) => {
                let description = said.error_description().map_or("", String::as_str);
                refused_by_endpoint(said.error().as_ref(), description)
            }
            // The other variants would show the response, which may contain a token.
            _ => no_token_in_response(),
        };
        error.with_request(&Method::POST, &self.uri).before_sending()
    }
}

/// A [`Token`] in the form that `oauth2` asks of a response. Its own form refuses an `expires_in` that is text.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct TokenReply {
    token: Token,
    #[serde(skip)]
    access_token: AccessToken,
}

impl<'de> Deserialize<'de> for TokenReply {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let token = Token::deserialize(deserializer)?;
        let access_token = AccessToken::new(token.access_token().expose().to_owned());
        Ok(Self { token, access_token })
    }
}

impl fmt::Debug for TokenReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.token.fmt(f)
    }
}

/// `oauth2` asks for these and uses none of them; [`Token`] has all of it.
impl TokenResponse for TokenReply {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        self.token.expires_in()
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}
