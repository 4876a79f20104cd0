//! `snow-sim`: a ServiceNow instance in a box, on a port.

use snow_sim::{OAuthApplication, Simulator};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
A ServiceNow instance in a box.

snow-sim [OPTIONS]

  --port PORT               where to listen on 127.0.0.1; 8080 by default, 0 for any free port
  --user NAME:PASSWORD      an administrator; may be repeated; admin:admin by default
  --client ID:SECRET        an OAuth client; may be repeated
  --public-client ID        an OAuth client without a secret; may be repeated
  --redirect ID:URI         where codes for an OAuth client may go, by /oauth_auth.do; may be repeated
  --acts-as ID:NAME         the user that an OAuth client's own credentials stand for; switches the grant on
  --token-lifetime SECONDS  how long an access token lives; 1800 by default
  --data FOLDER             rows from every TABLE.json in a folder, in the form that the Table API exports
  --incidents COUNT         so many generated incidents
  --generated-file BYTES    an incident with generated.bin, a file whose bytes are made while they are sent
  --forget-uploads          keep the size and the hash of uploaded files, and not their bytes
  --latency MILLISECONDS    how long each request takes; 0 by default
  --tls                     https, with a certificate for localhost and *.service-now.com
  --authority FILE          where to write the authority that signed it, in PEM; needs --tls

GET /__sim/journal tells what arrived.";

/// The incident that has the generated file.
const WITH_FILE: &str = "9e0100001010774cd7492799b6b1f11e";

#[derive(Default)]
struct Options {
    port: Option<u16>,
    users: Vec<(String, String)>,
    clients: Vec<OAuthApplication>,
    redirects: Vec<(String, String)>,
    acting: Vec<(String, String)>,
    lifetime: Option<Duration>,
    data: Vec<String>,
    incidents: u32,
    generated_file: Option<u64>,
    forget_uploads: bool,
    latency: Duration,
    tls: bool,
    authority: Option<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match parse(arguments).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("snow-sim: {why}");
            ExitCode::from(2)
        }
    }
}

fn parse(arguments: Vec<String>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut arguments = arguments.into_iter();
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--tls" => options.tls = true,
            "--forget-uploads" => options.forget_uploads = true,
            _ => valued(&mut options, &name, &mut arguments)?,
        }
    }
    if options.authority.is_some() && !options.tls {
        return Err("--authority needs --tls".into());
    }
    Ok(options)
}

/// An option with a value.
fn valued(
    options: &mut Options,
    name: &str,
    arguments: &mut impl Iterator<Item = String>,
) -> Result<(), String> {
    const KNOWN: [&str; 12] = [
        "--port",
        "--user",
        "--client",
        "--public-client",
        "--redirect",
        "--acts-as",
        "--token-lifetime",
        "--data",
        "--incidents",
        "--generated-file",
        "--latency",
        "--authority",
    ];
    if !KNOWN.contains(&name) {
        return Err(format!("there is no option {name:?}; --help lists them"));
    }
    let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
    match name {
        "--port" => options.port = Some(number(name, &value)?),
        "--user" => options.users.push(pair(name, &value)?),
        "--client" => {
            let (id, secret) = pair(name, &value)?;
            options.clients.push(OAuthApplication::new(&id, &secret));
        }
        "--public-client" => options.clients.push(OAuthApplication::public(&value)),
        "--redirect" => options.redirects.push(pair(name, &value)?),
        "--acts-as" => options.acting.push(pair(name, &value)?),
        "--token-lifetime" => options.lifetime = Some(Duration::from_secs(number(name, &value)?)),
        "--data" => options.data.push(value),
        "--incidents" => options.incidents = number(name, &value)?,
        "--generated-file" => options.generated_file = Some(number(name, &value)?),
        "--latency" => options.latency = Duration::from_millis(number(name, &value)?),
        _ => options.authority = Some(value),
    }
    Ok(())
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name} needs a number, and {value:?} is none that fits"))
}

/// The second part may be a secret, so it is not repeated.
fn pair(name: &str, value: &str) -> Result<(String, String), String> {
    let (first, second) =
        value.split_once(':').ok_or_else(|| format!("{name} needs two parts with a ':' between"))?;
    Ok((first.to_owned(), second.to_owned()))
}

fn run(options: Options) -> Result<(), String> {
    let mut builder = Simulator::builder();
    let default = [("admin".to_owned(), "admin".to_owned())];
    let users = if options.users.is_empty() { &default[..] } else { &options.users };
    builder = users.iter().fold(builder, |builder, (name, password)| builder.user(name, password));
    builder = clients(&options)?.into_iter().fold(builder, snow_sim::Builder::oauth_application);
    builder = options.data.iter().fold(builder, |builder, folder| builder.data_folder(folder));
    builder = builder.incidents(options.incidents).settings(|settings| {
        settings.latency = options.latency;
        settings.attachments_kept = !options.forget_uploads;
        settings.grants.client_credentials |= !options.acting.is_empty();
        settings.access_token_lifetime = options.lifetime.unwrap_or(settings.access_token_lifetime);
    });
    if options.generated_file.is_some() {
        builder =
            builder.row("incident", [("sys_id", WITH_FILE), ("short_description", "Has a generated file")]);
    }
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

/// The OAuth clients, with their redirects and the users that they stand for.
fn clients(options: &Options) -> Result<Vec<OAuthApplication>, String> {
    for (flag, named) in [("--redirect", &options.redirects), ("--acts-as", &options.acting)] {
        let unknown = |id: &str| options.clients.iter().all(|client| client.id() != id);
        if let Some((id, _)) = named.iter().find(|(id, _)| unknown(id)) {
            return Err(format!("{flag} names {id:?}, which is not a client"));
        }
    }
    let described = |client: &OAuthApplication| {
        let redirects = options.redirects.iter().filter(|(id, _)| client.id() == id);
        let client = redirects.fold(client.clone(), |client, (_, uri)| client.redirect_uri(uri));
        let acting = options.acting.iter().find(|(id, _)| client.id() == id);
        acting.map_or(client.clone(), |(_, user)| client.acts_as(user))
    };
    Ok(options.clients.iter().map(described).collect())
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
        std::fs::write(file, pem).map_err(|error| format!("cannot write {file}: {error}"))?;
    }
    println!("snow-sim listens on {}", listener.url());
    std::future::pending().await
}
