//! What can be written on the command line, and its help.

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::ffi::OsString;
use std::path::PathBuf;

const ENVIRONMENT: &str = "\
The environment says which instance it is and how to log in:
  SNOW_INSTANCE                        the instance: its name, host or URL; --instance takes its place
  SNOW_USER, SNOW_PASSWORD             a user
  SNOW_BEARER_TOKEN                    a bearer token, instead of a user
  SNOW_API_KEY                         an API key, instead of a user
  SNOW_CLIENT_ID, SNOW_CLIENT_SECRET   an OAuth client: with a user by the password grant, else by client credentials
  SNOW_TOKEN_STORE                     a file that keeps the OAuth token
Instead of each, NAME_FILE may name a file with the value. A secret is never an argument.

Exit codes:
  0  done                                  5  there is no such table
  1  failed for another reason             6  no connection, or the instance is too busy: try again
  2  wrong arguments, settings or query    7  it cannot be shown that all records came
  3  the login was refused                 8  a file cannot be read or written
  4  the user may not read this            9  types --check found changes";

/// Exports tables of a ServiceNow instance, queries them, and tells what a login may do. It only reads.
#[derive(Debug, Parser)]
#[command(name = "snow", version, after_help = ENVIRONMENT, disable_help_subcommand = true, max_term_width = 120)]
pub(crate) struct Arguments {
    /// The instance, instead of SNOW_INSTANCE: a name such as dev12345, a host or a URL
    #[arg(long, global = true, value_name = "INSTANCE")]
    pub(crate) instance: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tells what the login may do on its instance, and what stops it
    ///
    /// It asks with about eight small requests, and changes nothing.
    Doctor,
    /// Prints the columns of tables, or Rust types for them
    ///
    /// The user has to be allowed to read the dictionary.
    Types(TypesOptions),
    /// Runs a simulated instance on a port of this machine
    ///
    /// `snow sim --help` lists its options.
    #[command(disable_help_flag = true)]
    Sim {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        options: Vec<OsString>,
    },
    /// Prints a script that completes this command in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct TypesOptions {
    /// The tables, such as incident
    #[arg(required = true, value_name = "TABLE")]
    pub(crate) tables: Vec<String>,
    /// Prints Rust code that uses snow-client with its feature `derive`
    #[arg(long)]
    pub(crate) rust: bool,
    /// Writes the code to a file
    #[arg(long, value_name = "FILE", requires = "rust", conflicts_with = "check")]
    pub(crate) out: Option<PathBuf>,
    /// Writes nothing: prints what has changed since FILE was written, and ends with 9 if anything has
    #[arg(long, value_name = "FILE", requires = "rust")]
    pub(crate) check: Option<PathBuf>,
}
