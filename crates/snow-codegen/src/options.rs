//! The options of the command.

use lexopt::Arg;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
Writes Rust types of a ServiceNow instance's tables.

snow-codegen --table NAME [--table NAME ...] [--out FILE | --check FILE]

  --table NAME   a table, such as incident; may be repeated
  --out FILE     where to write the code; standard output by default
  --check FILE   writes nothing: prints what has changed since FILE was written, and fails if anything has

The environment says which instance it is and how to log in: SNOW_INSTANCE, and SNOW_USER with SNOW_PASSWORD, SNOW_BEARER_TOKEN,
SNOW_API_KEY, or SNOW_CLIENT_ID with SNOW_CLIENT_SECRET. Instead of each, NAME_FILE may name a file with the value.

It ends with 0 if all is well, 1 if --check found changes, and 2 after an error.";

#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) tables: Vec<String>,
    pub(crate) output: Output,
}

/// What becomes of the code.
#[derive(Debug, PartialEq)]
pub(crate) enum Output {
    Print,
    Write(PathBuf),
    Compare(PathBuf),
}

/// Returns the options; `None` if help is wanted.
///
/// # Errors
///
/// Fails if an option is unknown, has no value, or contradicts another one, or if no table is named.
pub(crate) fn parse(mut arguments: lexopt::Parser) -> Result<Option<Options>, String> {
    let mut options = Options { tables: Vec::new(), output: Output::Print };
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        let name = match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Long(name @ ("table" | "out" | "check")) => name.to_owned(),
            other => return Err(format!("{}; --help lists the options", other.unexpected())),
        };
        let value = arguments.value().map_err(|_| format!("--{name} needs a value"))?;
        if name == "table" {
            let table = value.into_string().map_err(|_| "the name of a table is not UTF-8".to_owned())?;
            options.tables.push(table);
            continue;
        }
        if options.output != Output::Print {
            return Err("give one of --out and --check, once".into());
        }
        let path = PathBuf::from(value);
        options.output = if name == "out" { Output::Write(path) } else { Output::Compare(path) };
    }
    match options.tables.is_empty() {
        true => Err("name a table: --table incident".into()),
        false => Ok(Some(options)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Option<Options>, String> {
        parse(lexopt::Parser::from_args(arguments))
    }

    #[test]
    fn options_are_read_or_refused_with_a_reason() {
        let options = parsed(&["--table", "incident", "--table=problem", "--out", "a.rs"]).unwrap().unwrap();
        assert_eq!(options.tables, ["incident", "problem"]);
        assert_eq!(options.output, Output::Write("a.rs".into()));
        assert_eq!(parsed(&["--help"]), Ok(None));
        for (arguments, why) in [
            (&[][..], "name a table"),
            (&["--table"], "--table needs a value"),
            (&["--tabel", "x"], "--help lists the options"),
            (&["--table", "x", "--out", "a", "--check", "b"], "give one of --out and --check"),
        ] {
            let error = parsed(arguments).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
