//! `snow`: exports tables of a ServiceNow instance, queries them, and tells what a login may do. It only reads.

mod arguments;
mod doctor;
mod exit;
mod export;
mod failure;
mod interrupt;
mod login;
mod output;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "without_parquet.rs"]
mod parquet;
mod printable;
mod progress;
#[cfg(feature = "sql")]
mod result_writer;
#[cfg(feature = "sql")]
mod sql;
#[cfg(not(feature = "sql"))]
#[path = "without_sql.rs"]
mod sql;
mod stored_schemas;
mod text_table;
mod types;

use arguments::{Arguments, Command};
use clap::{CommandFactory, Parser};
use failure::Failure;
use output::Output;
use std::future::Future;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => {
            // Nobody may read the help any more.
            let _ = told.print();
            return if told.use_stderr() { exit::USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    match run(arguments) {
        Ok(code) => code,
        Err(failure) => failure.tell(),
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let instance = arguments.instance.as_deref();
    match arguments.command {
        Command::Doctor => block_on(doctor::run(&login::client(instance)?)),
        Command::Export(options) => block_on(export::run(&login::client(instance)?, &options)),
        Command::Sql(options) => sql::run(instance, &options),
        Command::Types(options) => block_on(types::run(&login::client(instance)?, &options)),
        Command::Sim { options } => Ok(snow_sim::program::run("snow sim", options)),
        Command::Completions { shell } => completions(shell),
    }
}

fn completions(shell: clap_complete::Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "snow", &mut script);
    Output::new().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs a command on this thread.
fn block_on(command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|why| Failure::Other(format!("no runtime: {why}")))?.block_on(command)
}
