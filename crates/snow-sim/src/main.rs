//! `snow-sim`: a ServiceNow instance in a box, on a port.

use lexopt::Arg;
use snow_sim::{Builder, OAuthApplication, Simulator};
use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
A ServiceNow instance in a box.

snow-sim [OPTIONS]

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

/// The incident that has the generated file.
const WITH_FILE: &str = "9e0100001010774cd7492799b6b1f11e";

#[derive(Default)]
struct Options {
    port: Option<u16>,
    config: Option<PathBuf>,
    users: Vec<(String, String)>,
    api_keys: Vec<(String, String)>,
    clients: Vec<OAuthApplication>,
    redirects: Vec<(String, String)>,
    acting: Vec<(String, String)>,
    lifetime: Option<Duration>,
    data: Vec<PathBuf>,
    incidents: Option<u32>,
    generated_file: Option<u64>,
    forget_uploads: bool,
    latency: Option<Duration>,
    tls: bool,
    authority: Option<PathBuf>,
    help: bool,
}

fn main() -> ExitCode {
    match parse(lexopt::Parser::from_env()) {
        Ok(options) if options.help => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        parsed => match parsed.and_then(run) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("snow-sim: {why}");
                ExitCode::from(2)
            }
        },
    }
}

fn parse(mut arguments: lexopt::Parser) -> Result<Options, String> {
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

fn run(options: Options) -> Result<(), String> {
    let builder = described(&options)?;
    let simulator = builder.build().map_err(|error| error.to_string())?;
    if let Some(size) = options.generated_file {
        simulator.attach_generated("incident", WITH_FILE, "generated.bin", size);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(listen(&simulator, &options))
}

/// What the file describes, and then what the options add.
fn described(options: &Options) -> Result<Builder, String> {
    let mut builder = Simulator::builder();
    if let Some(file) = &options.config {
        builder = builder.config_file(file).map_err(|error| error.to_string())?;
    } else if options.users.is_empty() {
        builder = builder.user("admin", "admin");
    }
    builder = options.users.iter().fold(builder, |builder, (name, password)| builder.user(name, password));
    builder = options.api_keys.iter().fold(builder, |builder, (user, key)| builder.api_key(key, user));
    builder = clients(options)?.into_iter().fold(builder, Builder::oauth_application);
    builder = options.data.iter().fold(builder, Builder::data_folder);
    if let Some(count) = options.incidents {
        builder = builder.incidents(count);
    }
    if options.generated_file.is_some() {
        builder =
            builder.row("incident", [("sys_id", WITH_FILE), ("short_description", "Has a generated file")]);
    }
    Ok(builder.settings(|settings| {
        settings.latency = options.latency.unwrap_or(settings.latency);
        settings.attachments_kept &= !options.forget_uploads;
        settings.access_token_lifetime = options.lifetime.unwrap_or(settings.access_token_lifetime);
        settings.grants.client_credentials |= !options.acting.is_empty();
    }))
}

/// The OAuth clients of the options, with their redirects and the users that they act as.
fn clients(options: &Options) -> Result<Vec<OAuthApplication>, String> {
    let known = |id: &String| options.clients.iter().any(|client| client.id() == id);
    for (name, given) in [("redirect", &options.redirects), ("acts-as", &options.acting)] {
        if let Some((id, _)) = given.iter().find(|(id, _)| !known(id)) {
            return Err(format!("--{name} names {id:?}, which is not a client of the options"));
        }
    }
    let complete = |client: &OAuthApplication| {
        let of = |given: &[(String, String)]| -> Vec<String> {
            given.iter().filter(|(id, _)| client.id() == id).map(|(_, value)| value.clone()).collect()
        };
        let redirected =
            of(&options.redirects).iter().fold(client.clone(), |client, uri| client.redirect_uri(uri));
        of(&options.acting).iter().fold(redirected, |client, user| client.acts_as(user))
    };
    Ok(options.clients.iter().map(complete).collect())
}

async fn listen(simulator: &Simulator, options: &Options) -> Result<(), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port.unwrap_or(8080)));
    let listener = match options.tls {
        false => simulator.listen_on(address).await,
        #[cfg(feature = "tls")]
        true => simulator.listen_tls_on(address).await,
        #[cfg(not(feature = "tls"))]
        true => return Err("--tls needs the feature `tls`, which this build is without".into()),
    };
    let listener = listener.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    if let (Some(file), Some(pem)) = (&options.authority, listener.authority_pem()) {
        std::fs::write(file, pem).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    println!("snow-sim listens on {}", listener.url());
    std::future::pending().await
}
