//! The program `snow-sim`, for programs that have it as a command of theirs.

mod options;

use crate::{Builder, OAuthApplication, Simulator};
use options::Options;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

/// The incident that has the generated file.
const WITH_FILE: &str = "9e0100001010774cd7492799b6b1f11e";

/// Runs the program `snow-sim` under a name, with the arguments after it, and returns how the process should end: with 0 after
/// `--help`, and with 2 after an error, which is written to the error output with the name in front. Otherwise it listens until the
/// process is ended, and does not return.
///
/// Where it listens is the first line on the standard output. It starts a runtime of its own, so it cannot be called from a
/// runtime's thread.
///
/// ```
/// use std::process::ExitCode;
///
/// let code = snow_sim::program::run("acme sim", ["--port=x".into()]);
/// assert_eq!(code, ExitCode::from(2));
/// ```
pub fn run(name: &str, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match options::parse(lexopt::Parser::from_args(arguments)) {
        Ok(options) if options.help => {
            write_line(&format!(
                "A simulated ServiceNow instance.\n\n{name} [OPTIONS]\n\n{}",
                options::OPTIONS
            ));
            ExitCode::SUCCESS
        }
        parsed => match parsed.and_then(|options| serve(name, &options)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("{name}: {why}");
                ExitCode::from(2)
            }
        },
    }
}

/// Nobody may read the standard output any more: that is no reason to end.
fn write_line(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn serve(name: &str, options: &Options) -> Result<(), String> {
    let builder = described(options)?;
    let simulator = builder.build().map_err(|error| error.to_string())?;
    if let Some(size) = options.generated_file {
        simulator.attach_generated("incident", WITH_FILE, "generated.bin", size);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(listen(name, &simulator, options))
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

async fn listen(name: &str, simulator: &Simulator, options: &Options) -> Result<(), String> {
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
    write_line(&format!("{name} listens on {}", listener.url()));
    std::future::pending().await
}
