//! The options of the program.

use crate::OAuthApplication;
use lexopt::Arg;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

/// What the options are. The line before says how the program is called.
pub(super) const OPTIONS: &str = "\
  --port PORT               where to listen on 127.0.0.1; 8080 by default, 0 for any free port
  --config FILE             an instance that a TOML file describes: users, OAuth clients, API keys, tables, records, rules,
                            settings; the other options add to it
  --user NAME:PASSWORD      an administrator; may be repeated; admin:admin by default, without --config
  --api-key NAME:KEY        an API key of a user; may be repeated
  --client ID:SECRET        an OAuth client; may be repeated
  --public-client ID        an OAuth client without a secret; may be repeated
  --redirect ID:URI         where codes for an OAuth client may go, by /oauth_auth.do; may be repeated
  --acts-as ID:NAME         the user that an OAuth client's own credentials stand for; switches the grant on
  --token-lifetime SECONDS  how long an access token lives; 1800 by default
  --data FOLDER             records from every TABLE.json in a folder, in the form that the Table API exports
  --incidents COUNT         so many generated incidents
  --generated-file BYTES    an incident with generated.bin, a file whose bytes are made while they are sent
  --forget-uploads          keep the size and the hash of uploaded files, and not their bytes
  --latency MILLISECONDS    how long each request takes; 0 by default
  --tls                     https, with a certificate for localhost and *.service-now.com
  --authority FILE          where to write the authority that signed it, in PEM; needs --tls

GET /__sim/journal shows what arrived.";

#[derive(Default)]
pub(super) struct Options {
    pub(super) port: Option<u16>,
    pub(super) config: Option<PathBuf>,
    pub(super) users: Vec<(String, String)>,
    pub(super) api_keys: Vec<(String, String)>,
    pub(super) clients: Vec<OAuthApplication>,
    pub(super) redirects: Vec<(String, String)>,
    pub(super) acting: Vec<(String, String)>,
    pub(super) lifetime: Option<Duration>,
    pub(super) data: Vec<PathBuf>,
    pub(super) incidents: Option<u32>,
    pub(super) generated_file: Option<u64>,
    pub(super) forget_uploads: bool,
    pub(super) latency: Option<Duration>,
    pub(super) tls: bool,
    pub(super) authority: Option<PathBuf>,
    pub(super) help: bool,
}

/// Reads the options, or says which of them is wrong.
pub(super) fn parse(mut arguments: lexopt::Parser) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => options.help = true,
            Arg::Long("tls") => options.tls = true,
            Arg::Long("forget-uploads") => options.forget_uploads = true,
            Arg::Long(name) => {
                let name = name.to_owned();
                valued(&mut options, &name, &mut arguments)?;
            }
            other => return Err(format!("{}; --help lists the options", other.unexpected())),
        }
    }
    if options.authority.is_some() && !options.tls {
        return Err("--authority needs --tls".into());
    }
    Ok(options)
}

/// An option with a value.
fn valued(options: &mut Options, name: &str, arguments: &mut lexopt::Parser) -> Result<(), String> {
    let unknown = || format!("there is no option --{name}; --help lists the options");
    let mut value = || arguments.value().map_err(|_| format!("--{name} needs a value"));
    match name {
        "port" => options.port = Some(number(name, &value()?)?),
        "config" => options.config = Some(value()?.into()),
        "user" => options.users.push(pair(name, value()?)?),
        "api-key" => options.api_keys.push(pair(name, value()?)?),
        "client" => {
            let (id, secret) = pair(name, value()?)?;
            options.clients.push(OAuthApplication::new(&id, &secret));
        }
        "public-client" => options.clients.push(OAuthApplication::public(&text(name, value()?)?)),
        "redirect" => options.redirects.push(pair(name, value()?)?),
        "acts-as" => options.acting.push(pair(name, value()?)?),
        "token-lifetime" => options.lifetime = Some(Duration::from_secs(number(name, &value()?)?)),
        "data" => options.data.push(value()?.into()),
        "incidents" => options.incidents = Some(number(name, &value()?)?),
        "generated-file" => options.generated_file = Some(number(name, &value()?)?),
        "latency" => options.latency = Some(Duration::from_millis(number(name, &value()?)?)),
        "authority" => options.authority = Some(value()?.into()),
        _ => return Err(unknown()),
    }
    Ok(())
}

fn number<T: std::str::FromStr>(name: &str, value: &OsStr) -> Result<T, String> {
    let number = value.to_str().and_then(|value| value.parse().ok());
    number.ok_or_else(|| format!("--{name} needs a number, and {value:?} is not one that fits"))
}

fn text(name: &str, value: OsString) -> Result<String, String> {
    value.into_string().map_err(|_| format!("--{name} needs a value in UTF-8"))
}

/// The second part may be a secret, so it is not repeated.
fn pair(name: &str, value: OsString) -> Result<(String, String), String> {
    let value = text(name, value)?;
    let (first, second) =
        value.split_once(':').ok_or_else(|| format!("--{name} needs two parts with a ':' between"))?;
    Ok((first.to_owned(), second.to_owned()))
}
