//! `snow doctor`: what the login may do on its instance, and what stops it.

use crate::exit;
use crate::failure::Failure;
use crate::output::Output;
use snow_client::Client;
use std::process::ExitCode;

/// Prints the findings. It fails with the code of the error that keeps the user from reading their own record: then nothing
/// else works either. That a user may not see the release, for example, is a finding like others.
pub(crate) async fn run(client: &Client) -> Result<ExitCode, Failure> {
    let probe = client.probe().await?;
    Output::new().write_all(probe.to_string().as_bytes())?;
    match &probe.user {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("snow: this login cannot be used; see the line \"user\"");
            Ok(exit::code_of(error).into())
        }
    }
}
