//! `snow-codegen`: Rust types of a ServiceNow instance's tables, from its dictionary.

mod options;

use options::{Options, Output};
use snow_client::blocking::Wait;
use snow_client::{Client, OAuthClient, schema};
use std::env;
use std::error::Error;
use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match options::parse(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{}", options::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(why) => return failed(&why),
    };
    match client().and_then(|client| run(&client, &options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => failed(&why.to_string()),
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("snow-codegen: {why}");
    ExitCode::from(2)
}

/// Returns a client that logs in as the environment says.
fn client() -> Result<Client, Box<dyn Error>> {
    let oauth = ["SNOW_CLIENT_ID", "SNOW_CLIENT_ID_FILE"].iter().any(|name| env::var_os(name).is_some());
    Ok(if oauth { OAuthClient::from_env()?.into() } else { Client::from_env()? })
}

/// Generates the code, and writes or compares it. Returns `false` if a comparison finds a change.
fn run(client: &Client, options: &Options) -> Result<bool, Box<dyn Error>> {
    let code = client.schema().generate(&options.tables).wait()?;
    match &options.output {
        Output::Print => print!("{code}"),
        Output::Write(path) => fs::write(path, code).map_err(|why| format!("{}: {why}", path.display()))?,
        Output::Compare(path) => {
            let old = fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
            let changes = schema::diff(&old, &code);
            changes.iter().for_each(|change| println!("{change}"));
            return Ok(changes.is_empty());
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that was written is the same as one that is generated again, and a column more is a change.
    #[test]
    fn what_was_written_is_compared() {
        let simulator = |builder: snow_sim::Builder| {
            let simulator = builder.user("admin", "secret").build().unwrap();
            let builder = Client::builder().instance("dev12345").user("admin").password("secret");
            builder.transport(simulator).build().unwrap()
        };
        let path = env::temp_dir().join(format!("snow-codegen-{}.rs", std::process::id()));
        let options = |output| Options { tables: vec!["incident".into()], output };
        let client = simulator(snow_sim::Simulator::builder());
        assert!(run(&client, &options(Output::Write(path.clone()))).unwrap());
        assert!(run(&client, &options(Output::Compare(path.clone()))).unwrap());
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("pub struct Incident"), "{text}");
        let removed: Vec<&str> = text.lines().filter(|line| !line.contains("caller_id")).collect();
        fs::write(&path, removed.join("\n")).unwrap();
        assert!(!run(&client, &options(Output::Compare(path.clone()))).unwrap());
        fs::remove_file(path).unwrap();
    }
}
