//! The token endpoint, and the only file that names `oauth2`.
//!
//! ServiceNow wants the client's credentials in the form, answers 401 `server_error` / `access_denied` to everything it
//! refuses (facts 4.1), and answers 200 with an HTML page when it sleeps (facts 3.6). So the answer is told apart before
//! `oauth2` reads it: its own errors carry the whole answer, tokens included.
//!
//! `oauth2` has no JWT bearer grant, and its revocation takes a form where the service takes a query: those two are requests
//! of our own over the same service.

use super::Token;
use super::authorization::AuthorizationRequest;
use super::grant::{Grant, Means};
use super::state::no_refresh_token;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, Request, Uri, header, response::Parts};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, ResourceOwnerPassword, ResourceOwnerUsername, Scope,
    StandardRevocableToken, TokenResponse, TokenUrl,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use snow_core::decode::{self, Answer};
use snow_core::{Body, Clock, Error, HttpService, Kind, Secret};
use std::panic::AssertUnwindSafe;
use std::{borrow::Cow, fmt, time};

/// Far more than any token answer.
const LIMIT: usize = 1 << 20;
/// As long as a token request may take.
const PATIENCE: time::Duration = time::Duration::from_secs(120);
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) service: HttpService,
    /// Where tokens are asked for.
    pub(super) uri: Uri,
    /// Where a person logs in.
    pub(super) authorize: Uri,
    pub(super) revoke: Revocation,
    pub(super) client_id: String,
    /// None of a public client.
    pub(super) client_secret: Option<Secret>,
    pub(super) scopes: Vec<String>,
    pub(super) clock: Clock,
}

/// Where tokens are ended.
#[derive(Clone)]
pub(super) enum Revocation {
    /// The service's own way: the token in the query (facts 4.4).
    Query(Uri),
    /// RFC 7009: the token in a form, with the client's credentials.
    Form(Uri),
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
    /// A token by a grant of the user's; `before` is what the new one takes over from.
    pub(super) async fn obtain(&self, grant: &Grant) -> Result<Token, Error> {
        let sent = self.clock.unix();
        match &grant.0 {
            Means::Password { user, password } => self.password(user, password).await,
            Means::ClientCredentials => self.client_credentials().await,
            Means::JwtBearer(assertion) => {
                let jti = CsrfToken::new_random();
                let assertion = assertion.assertion(&self.client_id, sent.as_secs(), jti.secret());
                let assertion = patiently("the signer", assertion).await??;
                self.jwt_bearer(&assertion).await
            }
            Means::Callback(obtain) => {
                let failed = "the callback that obtains tokens failed";
                let obtained = AssertUnwindSafe(async { obtain().await }).catch_unwind();
                let obtained = match patiently("the callback that obtains tokens", obtained).await? {
                    Ok(obtained) => obtained.map_err(Error::wrap).map_err(|e| match e.kind() {
                        Kind::Foreign => Error::new(Kind::TokenRefused, failed).with_source(e),
                        _ => e,
                    }),
                    Err(_panic) => Err(Error::new(Kind::TokenRefused, format!("{failed}: it panicked"))),
                };
                self.fit(obtained.map_err(Error::before_sending)?.received(sent))
            }
        }
    }

    async fn password(&self, user: &str, password: &Secret) -> Result<Token, Error> {
        let (client, sent) = (self.client()?, self.clock.unix());
        let user = ResourceOwnerUsername::new(user.to_owned());
        let password = ResourceOwnerPassword::new(password.expose().to_owned());
        let (http, scopes) = (self.http(), self.scopes());
        let granted =
            client.exchange_password(&user, &password).add_scopes(scopes).request_async(&http).await;
        self.obtained(granted.map_err(|error| self.failure(error))?, sent, None)
    }

    async fn client_credentials(&self) -> Result<Token, Error> {
        let (client, sent) = (self.client()?, self.clock.unix());
        let (http, scopes) = (self.http(), self.scopes());
        let granted = client.exchange_client_credentials().add_scopes(scopes).request_async(&http).await;
        self.obtained(granted.map_err(|error| self.failure(error))?, sent, None)
    }

    /// The refresh grant.
    pub(super) async fn refresh(&self, token: &Token) -> Result<Token, Error> {
        let Some(refresh) = token.refresh_token() else { return Err(no_refresh_token()) };
        let (client, sent) = (self.client()?, self.clock.unix());
        let refresh = RefreshToken::new(refresh.expose().to_owned());
        let http = self.http();
        let granted = client.exchange_refresh_token(&refresh).request_async(&http).await;
        let granted = granted.map_err(|error| login_again(self.failure(error)))?;
        self.obtained(granted, sent, Some(token))
    }

    /// Where a person logs in, with a state and a PKCE challenge that were never used before.
    pub(super) fn authorization(&self, redirect_uri: &str) -> Result<AuthorizationRequest, Error> {
        let unfit = |what: &str, e| {
            Error::new(Kind::InvalidInput, format!("the {what} is not an absolute URL")).with_source(e)
        };
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|e| unfit("redirect URI", e))?;
        let authorize =
            AuthUrl::new(self.authorize.to_string()).map_err(|e| unfit("authorization URL", e))?;
        let client = self.client()?.set_auth_uri(authorize);
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

    /// The authorization code grant, with what the browser came back with.
    pub(super) async fn code(&self, request: &AuthorizationRequest, answer: &str) -> Result<Token, Error> {
        let code = AuthorizationCode::new(request.code(answer)?.expose().to_owned());
        let redirect = RedirectUrl::new(request.redirect_uri.clone()).map_err(|e| {
            Error::new(Kind::InvalidInput, "the redirect URI is not an absolute URL").with_source(e)
        })?;
        let verifier = PkceCodeVerifier::new(request.verifier.expose().to_owned());
        let (client, sent) = (self.client()?, self.clock.unix());
        let http = self.http();
        let exchange =
            client.exchange_code(code).set_redirect_uri(Cow::Owned(redirect)).set_pkce_verifier(verifier);
        let granted = exchange.request_async(&http).await;
        self.obtained(granted.map_err(|error| self.failure(error))?, sent, None)
    }

    async fn jwt_bearer(&self, assertion: &Secret) -> Result<Token, Error> {
        let sent = self.clock.unix();
        let scope = self.scopes.join(" ");
        let mut fields = vec![("grant_type", JWT_BEARER), ("assertion", assertion.expose())];
        if !scope.is_empty() {
            fields.push(("scope", &scope));
        }
        let answer = self.http()(self.form(&self.uri, fields).map(|form| form.expose().as_bytes().to_vec()));
        let told = |error: Error| error.with_operation(&Method::POST, &self.uri).before_sending();
        let answer = answer.await.map_err(told)?;
        let granted = serde_json::from_slice(answer.body()).map_err(|_| told(no_token()))?;
        self.obtained(granted, sent, None)
    }

    /// Ends a token on the instance.
    pub(super) async fn revoke(&self, token: &Secret) -> Result<(), Error> {
        let (uri, request) = match &self.revoke {
            Revocation::Query(uri) => {
                let with_token = Secret::from(format!("{uri}?token={}", encoded(token.expose()).expose()));
                let mut request = Request::new(Body::empty());
                *request.uri_mut() = with_token.expose().parse().map_err(|e: http::uri::InvalidUri| {
                    Error::new(Kind::InvalidInput, "the token does not fit a URL").with_source(e)
                })?;
                (uri, request)
            }
            Revocation::Form(uri) => {
                let form = self.form(uri, vec![("token", token.expose())]);
                (uri, form.map(|form| Body::from(form.expose().to_owned())))
            }
        };
        let (mut head, body) = request.into_parts();
        head.method = Method::POST;
        let answer = async {
            let answer = self.service.send(Request::from_parts(head, body)).await?;
            let (head, body) = decode::receive(answer, LIMIT).await?;
            // It says 200 with an empty or a small body (facts 4.4); a page in its place is no answer.
            Answer::new(head, body).map(drop)
        };
        answer.await.map_err(|error: Error| error.with_operation(&Method::POST, uri))
    }

    /// A form with the client's credentials.
    fn form<'a>(&'a self, uri: &Uri, mut fields: Vec<(&'a str, &'a str)>) -> Request<Secret> {
        fields.push(("client_id", &self.client_id));
        fields.extend(self.client_secret.as_ref().map(|secret| ("client_secret", secret.expose())));
        let mut form = String::new();
        for (name, value) in fields {
            let separator = if form.is_empty() { "" } else { "&" };
            form.extend([separator, name, "=", encoded(value).expose()]);
        }
        let mut request = Request::new(Secret::from(form));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        request
    }

    fn scopes(&self) -> impl Iterator<Item = Scope> + use<> {
        self.scopes.clone().into_iter().map(Scope::new)
    }

    /// A token that no header can carry is refused before anybody saves it.
    fn obtained(
        &self,
        granted: Granted,
        sent: time::Duration,
        before: Option<&Token>,
    ) -> Result<Token, Error> {
        self.fit(granted.token.obtained(sent, before))
    }

    fn fit(&self, token: Token) -> Result<Token, Error> {
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
        let client = Client::new(ClientId::new(self.client_id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(url);
        Ok(match &self.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        })
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
            _ => no_token(),
        };
        error.with_operation(&Method::POST, &self.uri).before_sending()
    }
}

/// For what the user brings, and what may never answer.
async fn patiently<T>(what: &str, doing: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(PATIENCE, doing).await.map_err(|_| {
        let why = format!("{what} did not answer within {PATIENCE:?}");
        Error::new(Kind::TimedOut, why).before_sending()
    })
}

fn no_token() -> Error {
    Error::new(Kind::Decode, "the token endpoint's answer holds no token")
}

/// As a form and a query take it.
fn encoded(text: &str) -> Secret {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().into()
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
    // A client that is wrong, or asks for too much, is not helped by another login.
    let about_the_client =
        ["invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type"];
    let said = error.fault().map_or("", |fault| fault.message.as_str());
    if !matches!(error.kind(), Kind::TokenRefused | Kind::Unauthenticated) || about_the_client.contains(&said)
    {
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
