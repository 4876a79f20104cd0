//! `snow sql` in a build without the feature `sql`.

use crate::arguments::SqlOptions;
use crate::failure::Failure;
use std::process::ExitCode;

pub(crate) fn run(_: Option<&str>, _: &SqlOptions) -> Result<ExitCode, Failure> {
    Err(Failure::Usage(
        "this build has no SQL: install it with `cargo install snow-cli`, without --no-default-features"
            .into(),
    ))
}
