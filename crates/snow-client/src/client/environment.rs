//! A client whose settings are variables of the environment.

use crate::Client;
use crate::client::ClientBuilder;
use crate::client::login::LoginKind;
#[cfg(feature = "oauth")]
use crate::{
    OAuthClient,
    client::OAuthClientBuilder,
    oauth::{FileStore, Grant},
};
use snow_core::{Error, ErrorKind, Secret};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;

/// The largest file with a value, in bytes.
const LARGEST: u64 = 64 << 10;

impl Client {
    /// Creates a client from variables of the environment.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `SNOW_INSTANCE` | the instance: its name, its host or its URL |
    /// | `SNOW_USER`, `SNOW_PASSWORD` | the user to log in as |
    /// | `SNOW_BEARER_TOKEN` | a bearer token, instead of user and password |
    /// | `SNOW_API_KEY` | an API key, instead of user and password |
    ///
    /// Instead of each variable there may be one whose name ends in `_FILE`, such as `SNOW_PASSWORD_FILE`, with the path of a file that
    /// contains the value: a secret that a container mounts. One line break at the end of the file is not part of the value.
    ///
    /// For more settings, use [`ClientBuilder::read_env`].
    ///
    /// ```no_run
    /// let client = snow_client::Client::from_env()?;
    /// # Ok::<_, snow_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if a variable is missing, empty or not UTF-8, if both a variable and its `_FILE` are set, or if more
    /// than one way to log in is given. [`ErrorKind::Io`] if a file cannot be read. The error names the variable, and never its value.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().read_env()?.build()
    }
}

#[cfg(feature = "oauth")]
impl OAuthClient {
    /// Creates a client from variables of the environment. It obtains tokens by itself.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `SNOW_INSTANCE` | the instance: its name, its host or its URL |
    /// | `SNOW_CLIENT_ID`, `SNOW_CLIENT_SECRET` | the OAuth client, from the instance's application registry |
    /// | `SNOW_USER`, `SNOW_PASSWORD` | optional: log in as this user with the password grant; without them with client credentials |
    /// | `SNOW_TOKEN_STORE` | optional: the path of a file that keeps the token, see [`FileStore`] |
    ///
    /// Each may be a file, as for [`Client::from_env`]. For more settings, use [`OAuthClientBuilder::read_env`](ClientBuilder::read_env).
    ///
    /// ```no_run
    /// let client = snow_client::OAuthClient::from_env()?;
    /// # Ok::<_, snow_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Client::from_env`].
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().read_env()?.build()
    }
}

impl ClientBuilder {
    /// Sets the instance and the login by the variables of the environment that [`Client::from_env`] lists. An instance that the
    /// builder has already stays, and the variable is not read.
    ///
    /// ```no_run
    /// use snow_client::Client;
    /// use std::time::Duration;
    ///
    /// let client = Client::builder().read_env()?.deadline(Duration::from_secs(60)).build()?;
    /// # Ok::<_, snow_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Client::from_env`], but for what `build` checks.
    pub fn read_env(self) -> Result<Self, Error> {
        self.read_variables(&Variables(&|name| std::env::var_os(name)))
    }

    fn read_variables(self, variables: &Variables<'_>) -> Result<Self, Error> {
        let mut builder = self.instance_of(variables)?;
        if let Some(user) = variables.text("SNOW_USER")? {
            builder = builder.user(user);
        }
        if let Some(password) = variables.secret("SNOW_PASSWORD")? {
            builder = builder.password(password);
        }
        if let Some(token) = variables.secret("SNOW_BEARER_TOKEN")? {
            builder = builder.bearer_token(token);
        }
        if let Some(key) = variables.secret("SNOW_API_KEY")? {
            builder = builder.api_key(key);
        }
        match builder.login.login.is_given() {
            true => Ok(builder),
            false => Err(invalid(
                "no way to log in is given: set SNOW_USER and SNOW_PASSWORD, SNOW_BEARER_TOKEN, or SNOW_API_KEY",
            )),
        }
    }
}

#[cfg(feature = "oauth")]
impl OAuthClientBuilder {
    /// Sets the instance, the OAuth client and how it logs in by the variables of the environment that [`OAuthClient::from_env`] lists.
    /// An instance that the builder has already stays, and the variable is not read.
    ///
    /// # Errors
    ///
    /// As [`OAuthClient::from_env`], but for what `build` checks.
    pub fn read_env(self) -> Result<Self, Error> {
        self.read_variables(&Variables(&|name| std::env::var_os(name)))
    }

    fn read_variables(self, variables: &Variables<'_>) -> Result<Self, Error> {
        let builder = self
            .instance_of(variables)?
            .client_id(variables.required("SNOW_CLIENT_ID")?)
            .client_secret(Secret::from(variables.required("SNOW_CLIENT_SECRET")?));
        let grant = match (variables.text("SNOW_USER")?, variables.secret("SNOW_PASSWORD")?) {
            (Some(user), Some(password)) => Grant::password(user, password),
            (None, None) => Grant::client_credentials(),
            (Some(_), None) => return Err(invalid("SNOW_USER is set without SNOW_PASSWORD")),
            (None, Some(_)) => return Err(invalid("SNOW_PASSWORD is set without SNOW_USER")),
        };
        let builder = builder.grant(grant);
        Ok(match variables.text("SNOW_TOKEN_STORE")? {
            Some(path) => builder.token_store(FileStore::new(path)),
            None => builder,
        })
    }
}

impl<L: LoginKind> ClientBuilder<L> {
    fn instance_of(self, variables: &Variables<'_>) -> Result<Self, Error> {
        match self.instance.is_some() || self.host.is_some() {
            true => Ok(self),
            false => Ok(self.instance(variables.required("SNOW_INSTANCE")?)),
        }
    }
}

/// Variables of the environment, or those of a test.
struct Variables<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl Variables<'_> {
    fn required(&self, name: &str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| invalid(format!("the environment variable {name} is not set")))
    }

    fn secret(&self, name: &str) -> Result<Option<Secret>, Error> {
        Ok(self.text(name)?.map(Secret::from))
    }

    /// Returns the value of a variable, or of the file that `NAME_FILE` names.
    fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let by_file = format!("{name}_FILE");
        let value = match ((self.0)(name), (self.0)(&by_file)) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(invalid(format!("both {name} and {by_file} are set: unset one of them")));
            }
            (Some(value), None) => {
                value.into_string().map_err(|_| invalid(format!("{name} is not UTF-8")))?
            }
            (None, Some(path)) => contents(&by_file, &path)?,
        };
        match value.is_empty() {
            true => Err(invalid(format!("{name} is empty: unset it, or give it a value"))),
            false => Ok(Some(value)),
        }
    }
}

/// Reads the file that a variable names.
fn contents(name: &str, path: &OsString) -> Result<String, Error> {
    let unreadable = |why: std::io::Error| {
        Error::new(ErrorKind::Io, format!("{name} names {path:?}, which cannot be read: {why}"))
    };
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(invalid(format!("{name} names {path:?}, which is larger than {LARGEST} bytes")));
    }
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

fn invalid(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
}

#[cfg(all(test, feature = "oauth"))]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn direct(variables: &[(&str, &str)]) -> Result<Client, Error> {
        let known: HashMap<&str, &str> = variables.iter().copied().collect();
        let builder =
            Client::builder().read_variables(&Variables(&|name| known.get(name).map(OsString::from)))?;
        with_transport(builder).build()
    }

    #[cfg(feature = "transport")]
    fn with_transport<L: LoginKind>(builder: ClientBuilder<L>) -> ClientBuilder<L> {
        builder
    }

    #[cfg(not(feature = "transport"))]
    fn with_transport<L: LoginKind>(builder: ClientBuilder<L>) -> ClientBuilder<L> {
        use snow_core::Body;
        builder.transport(tower::service_fn(|_: http::Request<Body>| async {
            Ok::<_, Error>(http::Response::new(Body::empty()))
        }))
    }

    fn oauth(variables: &[(&str, &str)]) -> Result<OAuthClient, Error> {
        let known: HashMap<&str, &str> = variables.iter().copied().collect();
        let builder =
            OAuthClient::builder().read_variables(&Variables(&|name| known.get(name).map(OsString::from)))?;
        with_transport(builder).build()
    }

    const INSTANCE: (&str, &str) = ("SNOW_INSTANCE", "dev12345");

    #[test]
    fn each_way_to_log_in_builds_a_client() {
        for login in [
            &[("SNOW_USER", "a"), ("SNOW_PASSWORD", "b")][..],
            &[("SNOW_BEARER_TOKEN", "b")],
            &[("SNOW_API_KEY", "b")],
        ] {
            let client = direct(&[&[INSTANCE], login].concat()).unwrap();
            assert_eq!(client.instance().to_string(), "https://dev12345.service-now.com");
        }
        let oauth_client = [INSTANCE, ("SNOW_CLIENT_ID", "i"), ("SNOW_CLIENT_SECRET", "s")];
        assert!(oauth(&oauth_client).is_ok());
        let user = [("SNOW_USER", "a"), ("SNOW_PASSWORD", "b"), ("SNOW_TOKEN_STORE", "/tmp/t")];
        assert!(oauth(&[&oauth_client[..], &user].concat()).is_ok());
    }

    #[test]
    fn an_instance_that_the_builder_has_is_kept() {
        let user = [("SNOW_INSTANCE", "_"), ("SNOW_USER", "a"), ("SNOW_PASSWORD", "b")];
        let read = |builder: ClientBuilder| {
            let known = |name: &str| user.iter().find(|(given, _)| *given == name);
            let variables = |name: &str| known(name).map(|(_, value)| OsString::from(value));
            with_transport(builder.read_variables(&Variables(&variables))?).build()
        };
        for builder in [Client::builder().instance("dev2"), Client::builder().host("dev2.service-now.com")] {
            assert_eq!(read(builder).unwrap().instance().to_string(), "https://dev2.service-now.com");
        }
        assert!(read(Client::builder()).is_err());
    }

    #[test]
    fn a_mounted_secret_is_read_without_its_line_break() {
        let file = std::env::temp_dir().join(format!("snow-environment-{}", std::process::id()));
        let path = file.to_str().unwrap().to_owned();
        let read = |contents: &str| {
            std::fs::write(&file, contents).unwrap();
            Variables(&|name| (name == "X_FILE").then(|| OsString::from(&path))).text("X")
        };
        assert_eq!(read("canary\n").unwrap().as_deref(), Some("canary"));
        assert_eq!(read("canary\r\n").unwrap().as_deref(), Some("canary"));
        assert_eq!(read(" canary \n\n").unwrap().as_deref(), Some(" canary \n"));
        assert!(read("\n").unwrap_err().to_string().contains("X is empty"));
        let large = read(&"canary".repeat(20_000)).unwrap_err().to_string();
        assert!(large.contains("larger than 65536 bytes") && !large.contains("canary"), "{large}");
        std::fs::remove_file(&file).unwrap();
        let missing =
            Variables(&|name| (name == "X_FILE").then(|| OsString::from(&path))).text("X").unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Io);
        assert!(missing.to_string().contains("X_FILE names"), "{missing}");
    }

    #[test]
    fn what_is_missing_or_contradictory_is_named() {
        for (variables, why) in [
            (&[][..], "SNOW_INSTANCE is not set"),
            (&[INSTANCE], "no way to log in is given: set SNOW_USER"),
            (&[INSTANCE, ("SNOW_USER", "a")], "a user is given without a password"),
            (&[INSTANCE, ("SNOW_USER", "")], "SNOW_USER is empty"),
            (
                &[INSTANCE, ("SNOW_API_KEY", "canary"), ("SNOW_BEARER_TOKEN", "canary")],
                "give one way to log in",
            ),
            (&[INSTANCE, ("SNOW_API_KEY", "canary"), ("SNOW_API_KEY_FILE", "/x")], "both SNOW_API_KEY and"),
        ] {
            let error = direct(variables).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("canary"), "{error}");
        }
        let half = [INSTANCE, ("SNOW_CLIENT_ID", "i"), ("SNOW_CLIENT_SECRET", "canary"), ("SNOW_USER", "a")];
        let error = oauth(&half).unwrap_err().to_string();
        assert!(error.contains("SNOW_USER is set without SNOW_PASSWORD"), "{error}");
        assert!(oauth(&half[..2]).unwrap_err().to_string().contains("SNOW_CLIENT_SECRET is not set"));
    }
}
