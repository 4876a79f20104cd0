//! Our client and an authorization server that was built by the standards: oauth2-mock-server, from npm.

use super::server::{Server, free_port};
use super::{packages, tests};
use crate::run::Done;

const PACKAGE: &str = "oauth2-mock-server@8.2.3";

pub(super) fn check() -> Done {
    let folder = packages::node("issuer", PACKAGE)?;
    let program = folder.join("node_modules/oauth2-mock-server/dist/oauth2-mock-server.mjs");
    let port = free_port()?;
    let (script, number) = (program.display().to_string(), port.to_string());
    let _issuer = Server::start("node", &[&script, "-a", "127.0.0.1", "-p", &number], port)?;
    tests("issuer::", &[("SNOW_INTEROP_ISSUER", &format!("http://127.0.0.1:{port}"))])
}
