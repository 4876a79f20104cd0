//! The client: the environment says how to log in, so that no secret is ever an argument.

use snow_client::client::ClientBuilder;
use snow_client::{Client, Error, ErrorKind, Instance, OAuthClient};
use std::env;

const AGENT: &str = concat!("snow-cli/", env!("CARGO_PKG_VERSION"));

/// Returns a client that logs in as the environment says: by OAuth if an OAuth client is there. An instance that is given takes
/// the place of `SNOW_INSTANCE`.
pub(crate) fn client(instance: Option<&str>) -> Result<Client, Error> {
    let oauth = ["SNOW_CLIENT_ID", "SNOW_CLIENT_ID_FILE"].iter().any(|name| env::var_os(name).is_some());
    let instance = instance.map(parse).transpose()?;
    match oauth {
        true => {
            let builder = OAuthClient::builder().user_agent(AGENT);
            let builder = match instance {
                Some(instance) => builder.instance(instance),
                None => builder,
            };
            Ok(builder.read_env()?.build()?.into())
        }
        false => {
            let builder: ClientBuilder = Client::builder().user_agent(AGENT);
            let builder = match instance {
                Some(instance) => builder.instance(instance),
                None => builder,
            };
            builder.read_env()?.build()
        }
    }
}

/// What stands before an `@` may be a password, so it is not repeated.
fn parse(instance: &str) -> Result<Instance, Error> {
    match instance.contains('@') {
        true => Err(Error::new(
            ErrorKind::InvalidInput,
            "--instance contains '@': the login belongs in the environment",
        )),
        false => Instance::parse(instance),
    }
}
