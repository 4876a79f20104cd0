//! The token endpoint, and the only file that names `oauth2`.
//!
//! ServiceNow wants the client's credentials in the form, answers 401 `server_error` / `access_denied` to everything it
//! refuses (facts 4.1), and answers 200 with an HTML page when it sleeps (facts 3.6). So the answer is told apart before
//! `oauth2` reads it: its own errors carry the whole answer, tokens included.

use super::Token;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Uri, response::Parts};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AccessToken, AuthType, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, RefreshToken, RequestTokenError, ResourceOwnerPassword, ResourceOwnerUsername, Scope,
    StandardRevocableToken, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use snow_core::decode::{self, Answer};
use snow_core::{Body, Clock, Error, HttpService, Kind, Secret};
use std::{fmt, time};

/// Far more than any token answer.
const LIMIT: usize = 1 << 20;

#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) service: HttpService,
    pub(super) uri: Uri,
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) clock: Clock,
}

type OAuth2 = Client<
    BasicErrorResponse,
    Granted,
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
    /// The password grant.
    pub(super) async fn password(&self, user: &str, password: &Secret) -> Result<Token, Error> {
        let (client, sent) = (self.client()?, self.clock.unix());
        let user = ResourceOwnerUsername::new(user.to_owned());
        let password = ResourceOwnerPassword::new(password.expose().to_owned());
        let http = self.http();
        let granted = client.exchange_password(&user, &password).request_async(&http).await;
        self.obtained(granted.map_err(|error| self.failure(error))?, sent, None)
    }

    /// The refresh grant.
    pub(super) async fn refresh(&self, token: &Token) -> Result<Token, Error> {
        let Some(refresh) = token.refresh_token() else {
            return Err(Error::new(Kind::LoginAgain, "the token is over and came without a refresh token"));
        };
        let (client, sent) = (self.client()?, self.clock.unix());
        let refresh = RefreshToken::new(refresh.expose().to_owned());
        let http = self.http();
        let granted = client.exchange_refresh_token(&refresh).request_async(&http).await;
        let granted = granted.map_err(|error| login_again(self.failure(error)))?;
        self.obtained(granted, sent, Some(token))
    }

    /// A token that no header can carry is refused before anybody saves it.
    fn obtained(
        &self,
        granted: Granted,
        sent: time::Duration,
        before: Option<&Token>,
    ) -> Result<Token, Error> {
        let token = granted.token.obtained(sent, before);
        match token.header() {
            Ok(_) => Ok(token),
            Err(_) => Err(Error::new(
                Kind::Decode,
                "the token endpoint's answer holds a token that no header can carry",
            )
            .with_operation(&Method::POST, &self.uri)
            .before_sending()),
        }
    }

    /// Made anew each time, so that its ten type parameters stay in this file.
    fn client(&self) -> Result<OAuth2, Error> {
        let url = TokenUrl::new(self.uri.to_string()).map_err(|e| {
            Error::new(Kind::InvalidInput, "the token endpoint has no usable address").with_source(e)
        })?;
        Ok(Client::new(ClientId::new(self.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.client_secret.expose().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(url))
    }

    /// The service, in the form that `oauth2` calls.
    fn http(&self) -> impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, Error>> + use<> {
        let (service, uri) = (self.service.clone(), self.uri.clone());
        move |request| {
            let mut request: Request<Body> = request.map(Body::from);
            *request.uri_mut() = uri.clone();
            let answer = service.send(request);
            Box::pin(async move {
                let (head, body) = decode::receive(answer.await?, LIMIT).await?;
                told_apart(head, body)
            })
        }
    }

    fn failure(&self, error: RequestTokenError<Error, BasicErrorResponse>) -> Error {
        let error = match error {
            RequestTokenError::Request(own) => own,
            RequestTokenError::ServerResponse(said) => {
                refused(said.error().as_ref(), said.error_description())
            }
            // The rest would show the answer, and with it perhaps a token.
            _ => Error::new(Kind::Decode, "the token endpoint's answer holds no token"),
        };
        error.with_operation(&Method::POST, &self.uri).before_sending()
    }
}

/// Passes on what `oauth2` can read. An error in OAuth's own words counts with the statuses that refuse, and inside a 200;
/// with any other status it is somebody else's, a queue's for one.
fn told_apart(head: Parts, body: Bytes) -> Result<HttpResponse, Error> {
    #[derive(Deserialize)]
    struct Said {
        error: String,
        error_description: Option<String>,
    }
    let refuses = matches!(head.status.as_u16(), 200 | 400 | 401 | 403);
    if let Some(said) = serde_json::from_slice::<Said>(&body).ok().filter(|_| refuses) {
        return Err(refused(&said.error, said.error_description.as_ref()).with_status(head.status));
    }
    let answer = Answer::new(head, body.clone())?;
    let mut response = HttpResponse::new(body.to_vec());
    *response.headers_mut() = answer.headers().clone();
    Ok(response)
}

fn refused(error: &str, description: Option<&String>) -> Error {
    let description = description.map_or("", String::as_str);
    Error::new(Kind::TokenRefused, "the token endpoint refused").with_fault(error, description)
}

/// A refused refresh token is the end of the session; any other failure says nothing about it.
fn login_again(error: Error) -> Error {
    if !matches!(error.kind(), Kind::TokenRefused | Kind::Unauthenticated) {
        return error;
    }
    let again = Error::new(Kind::LoginAgain, "the instance took the refresh token no longer");
    let again = error.status().into_iter().fold(again, Error::with_status);
    error.fault().into_iter().fold(again, |again, fault| again.with_fault(&fault.message, &fault.detail))
}

/// A [`Token`] in the form that `oauth2` asks of an answer. Its own form refuses an `expires_in` that is text.
#[derive(Serialize)]
#[serde(transparent)]
struct Granted {
    token: Token,
    #[serde(skip)]
    access_token: AccessToken,
}

impl<'de> Deserialize<'de> for Granted {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let token = Token::deserialize(deserializer)?;
        if token.access_token().is_empty() {
            return Err(serde::de::Error::custom("the access token is empty"));
        }
        let access_token = AccessToken::new(token.access_token().expose().to_owned());
        Ok(Self { token, access_token })
    }
}

impl fmt::Debug for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.token.fmt(f)
    }
}

/// `oauth2` asks for these and uses none of them; [`Token`] has all of it.
impl TokenResponse for Granted {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<time::Duration> {
        self.token.expires_in()
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}
