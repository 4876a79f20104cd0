//! What can be written on the command line, and its help.

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::ffi::OsString;
use std::path::PathBuf;

/// The end of the help.
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
    /// Exports a table to files in a folder
    ///
    /// After Ctrl-C or a failure, --resume goes on where it stopped.
    /// The export is complete when the folder has the file _manifest.json, which is written last.
    #[command(verbatim_doc_comment)]
    Export(ExportOptions),
    /// Queries tables by SQL
    ///
    /// A table has the name that it has on the instance. What the instance can filter or count is sent to it.
    /// EXPLAIN before the query shows what that is.
    #[command(verbatim_doc_comment)]
    Sql(SqlOptions),
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
pub(crate) struct ExportOptions {
    /// The table, such as incident
    pub(crate) table: String,
    /// Selects the records: an encoded query, as the list view of the instance copies it
    #[arg(short, long)]
    pub(crate) query: Option<String>,
    /// Exports these fields only, such as number,caller_id.name
    #[arg(long, value_delimiter = ',', value_name = "FIELD,FIELD")]
    pub(crate) fields: Option<Vec<String>>,
    /// Sets the format
    #[arg(long, value_enum)]
    pub(crate) to: FileFormat,
    /// Sets the folder; by default it has the name of the table
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Goes on with an export that was interrupted: it has to be the same table, query, fields and format
    #[arg(long)]
    pub(crate) resume: bool,
    /// Leaves a value empty in CSV and Parquet where the user may not read the field, instead of failing
    #[arg(long)]
    pub(crate) allow_missing: bool,
    /// Allows a query with an order, although records may be missed or repeated while others write to the table
    #[arg(long)]
    pub(crate) allow_drift: bool,
    /// Takes tables from a file that types --json has written, instead of the dictionary; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Vec<PathBuf>,
    /// Reads so many parts of the table at once, each into files of its own
    #[arg(long, value_name = "PARTS", default_value_t = 1)]
    pub(crate) parallel: usize,
    /// Requests so many records at a time; by default it depends on their size
    #[arg(long, value_name = "RECORDS")]
    pub(crate) page_size: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// Columns with types, compressed by zstd
    Parquet,
    /// A line for each record, and a heading
    Csv,
    /// A JSON object a line, as the instance sent it
    Ndjson,
}

#[derive(Args, Debug)]
pub(crate) struct SqlOptions {
    /// The query, such as "SELECT number FROM incident WHERE active LIMIT 10"
    pub(crate) statement: String,
    /// Sets the form of the result
    #[arg(long, value_enum, default_value_t = ResultFormat::Table)]
    pub(crate) format: ResultFormat,
    /// Takes tables from a file that types --json has written, instead of the dictionary; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResultFormat {
    /// Columns as wide as what is in them, for people
    Table,
    /// A line for each row, and a heading
    Csv,
    /// A JSON object a line
    Ndjson,
}

#[derive(Args, Debug)]
pub(crate) struct TypesOptions {
    /// The tables, such as incident
    #[arg(required = true, value_name = "TABLE")]
    pub(crate) tables: Vec<String>,
    /// Prints JSON for --schema of other commands
    #[arg(long, conflicts_with = "rust")]
    pub(crate) json: bool,
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
