//! pysnow as it comes, doing what its documentation shows, against the simulator.

use super::server::Server;
use crate::run::{Done, root, run};
use std::process::Command;

/// The newest, and the last one by what its README says.
const PYSNOW: &str = "pysnow==0.7.17";

pub(super) fn check() -> Done {
    let folder = root().join("target/interop");
    let python = folder.join("venv/bin/python");
    if !folder.join("venv/installed").exists() {
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        run("python3 -m venv target/interop/venv", &[])?;
        run(
            &format!(
                "target/interop/venv/bin/python -m pip install --quiet --disable-pip-version-check {PYSNOW}"
            ),
            &[],
        )?;
        std::fs::write(folder.join("venv/installed"), PYSNOW).map_err(|e| e.to_string())?;
    }
    let authority = folder.join("authority.pem");
    let simulator = Server::simulator(&authority)?;
    let script = root().join("xtask/interop/pysnow_examples.py");
    let status = Command::new(python)
        .arg(script)
        .arg(simulator.port.to_string())
        .env("REQUESTS_CA_BUNDLE", authority)
        .env_remove("HTTPS_PROXY")
        .env_remove("https_proxy")
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("pysnow's examples ended with {status}")),
        Err(error) => Err(format!("python did not start: {error}")),
    }
}
