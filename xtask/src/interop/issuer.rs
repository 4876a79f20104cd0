//! Our client and an OpenID Connect provider that is certified by the OpenID Foundation: oidc-provider, from npm.

use super::server::{Server, free_port};
use super::{packages, tests};
use crate::run::{Done, root};

const PACKAGE: &str = "oidc-provider@9.13.3";

pub(super) fn check() -> Done {
    let folder = packages::node("oidc-provider", PACKAGE)?.display().to_string();
    let script = root().join("xtask/src/interop/oidc_provider.mjs").display().to_string();
    let port = free_port()?;
    let _provider = Server::start("node", &[&script, &port.to_string(), &folder], port)?;
    tests("issuer::", &[("SNOW_INTEROP_ISSUER", &format!("http://127.0.0.1:{port}"))])
}
