//! Who may ask for tokens.

use crate::BuildError;
use crate::path_prefix::PathPrefix;

/// An OAuth application that an instance has registered: what a client logs in as, and where codes may be sent.
///
/// ```
/// use snow_sim::{OAuthApplication, Simulator};
///
/// let planner = OAuthApplication::public("planner").name("Trip planner").redirect_uri("http://127.0.0.1/done");
/// let simulator = Simulator::builder().user("admin", "secret").oauth_application(planner).build()?;
/// # Ok::<_, snow_sim::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct OAuthApplication {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) public: bool,
    pub(crate) name: String,
    pub(crate) redirects: Vec<String>,
    /// The user that client credentials stand for.
    pub(crate) user: Option<String>,
    /// The key of those who sign its assertions.
    pub(crate) jwt_key: Option<JwtKey>,
    /// The claim with the id of an assertion.
    pub(crate) jwt_id_claim: String,
    /// Claims that an assertion has to have.
    pub(crate) jwt_claims: Vec<(String, String)>,
    /// What its tokens say that they are for.
    pub(crate) scope: String,
    /// The only APIs that its tokens are good for; empty if they are good for all.
    pub(crate) apis: Vec<PathPrefix>,
}

/// How the signature of an assertion is verified.
#[derive(Clone)]
pub(crate) enum JwtKey {
    /// A public key: of RSA in DER, or an uncompressed point on a curve.
    Public(Vec<u8>),
    /// A secret that both sides have.
    Secret(Vec<u8>),
}

impl OAuthApplication {
    /// Creates a client that keeps a secret.
    pub fn new(id: &str, secret: &str) -> Self {
        Self { secret: secret.into(), public: false, ..Self::public(id) }
    }

    /// Creates a public client, which has no secret. It proves itself with the verifier of an authorization code, or, if it has a key, with the signature of
    /// an assertion, whose request need not name it; it gets no refresh token ([facts 4.1], [13.2][facts 13.2]).
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    /// [facts 13.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#132-authentication-2025-to-2026
    pub fn public(id: &str) -> Self {
        Self {
            id: id.into(),
            secret: String::new(),
            public: true,
            name: id.into(),
            redirects: Vec::new(),
            user: None,
            jwt_key: None,
            jwt_id_claim: "jti".into(),
            jwt_claims: Vec::new(),
            scope: "useraccount".into(),
            apis: Vec::new(),
        }
    }

    /// Sets the name that people see when they are asked to consent; its id by default.
    pub fn name(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Adds an address that codes may be sent to. Of an address on `127.0.0.1` or `[::1]` with `http` the port may be any, as RFC
    /// 8252 says; no source says whether the service does the same.
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.redirects.push(uri.into());
        self
    }

    /// Sets the user that its own credentials stand for. The grant has to be switched on in the settings, too.
    pub fn acts_as(self, user_name: &str) -> Self {
        Self { user: Some(user_name.into()), ..self }
    }

    /// Sets the key of those whose assertions it brings: for RS256, RS384 and RS512 the DER of an `RSAPublicKey`, for ES256 and ES384 the
    /// uncompressed point. ES512 is refused: its curve is not simulated.
    pub fn jwt_key(self, public_key: &[u8]) -> Self {
        Self { jwt_key: Some(JwtKey::Public(public_key.to_vec())), ..self }
    }

    /// Sets the secret that signs the assertions that it brings, by HS256, HS384 or HS512, in place of a key.
    pub fn jwt_secret(self, secret: &str) -> Self {
        Self { jwt_key: Some(JwtKey::Secret(secret.as_bytes().to_vec())), ..self }
    }

    /// Sets the name of the claim with the id of an assertion, which works once; `jti` by default.
    pub fn jwt_id_claim(self, name: &str) -> Self {
        Self { jwt_id_claim: name.into(), ..self }
    }

    /// Adds a claim that an assertion has to have, with this text as its value ("OAuth JWT Claim Validations").
    pub fn jwt_claim(mut self, name: &str, value: &str) -> Self {
        self.jwt_claims.push((name.into(), value.into()));
        self
    }

    /// Restricts its tokens: they have this scope and are good for the APIs below these paths alone. Anywhere else a good token is 403
    /// ([facts 4.1]).
    ///
    /// ```
    /// use snow_sim::OAuthApplication;
    ///
    /// let reports = OAuthApplication::new("reports", "my-secret").scope("statistics", ["/api/now/stats"]);
    /// ```
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    pub fn scope<'a>(self, name: &str, apis: impl IntoIterator<Item = &'a str>) -> Self {
        Self { scope: name.into(), apis: apis.into_iter().map(PathPrefix::new).collect(), ..self }
    }

    /// Returns the id that it has in requests.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let wrong = |what: String| BuildError::new(format!("the OAuth application {:?} {what}", self.id));
        if !self.public && self.secret.is_empty() {
            return Err(wrong("has no secret: make it public, or give it one".into()));
        }
        let bad = self.redirects.iter().find(|uri| !is_redirect(uri));
        bad.map_or(Ok(()), |uri| {
            Err(wrong(format!("has the redirect URI {uri:?}: it needs a scheme, plain ASCII, and no '#'")))
        })
    }

    /// Where a code goes: to the address that was asked for if it is registered, else to the first that is (facts 4.3).
    pub(crate) fn redirect<'a>(&'a self, asked: &'a str) -> Option<&'a str> {
        let same = |known: &String| known == asked || (is_redirect(asked) && but_for_its_port(known, asked));
        match self.redirects.iter().any(same) {
            true => Some(asked),
            false => self.redirects.first().map(String::as_str),
        }
    }
}

fn is_redirect(uri: &str) -> bool {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    named && uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// Whether two addresses on this very machine differ in their ports alone.
fn but_for_its_port(known: &str, asked: &str) -> bool {
    loopback(known).is_some_and(|known| loopback(asked) == Some(known))
}

/// Host and path of `http://127.0.0.1:PORT/PATH` and of the same with `[::1]`.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = ["127.0.0.1", "[::1]"].into_iter().find(|host| authority.starts_with(host))?;
    let port = &authority[host.len()..];
    let fits = port.is_empty() || port.strip_prefix(':').is_some_and(|digits| digits.parse::<u16>().is_ok());
    fits.then_some((host, path))
}

impl std::fmt::Debug for OAuthApplication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("OAuthApplication");
        shown.field("id", &self.id).field("public", &self.public).field("redirects", &self.redirects);
        shown.finish_non_exhaustive()
    }
}
