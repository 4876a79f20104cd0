//! Other people's clients against the simulator. Installs what it needs into `target/interop`.

use crate::run::{Done, root, run};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The newest, and the last one by what its README says.
const PYSNOW: &str = "pysnow==0.7.17";

pub(crate) fn all() -> Done {
    pysnow()
}

/// pysnow as it comes, doing what its documentation shows.
fn pysnow() -> Done {
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
    run("cargo build --quiet -p snow-sim --all-features", &[])?;
    let authority = folder.join("authority.pem");
    let (_simulator, port) = simulator(&authority)?;
    let script = root().join("xtask/interop/pysnow_examples.py");
    let status = Command::new(python)
        .arg(script)
        .arg(port)
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

/// Ends with the command that needs it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The simulator on a free port, and that port.
fn simulator(authority: &Path) -> Result<(Running, String), String> {
    let program = root().join("target/debug/snow-sim");
    let words =
        "--port 0 --tls --user myusername:mypassword --client my-id:my-secret --token-lifetime 2 --authority";
    let child = Command::new(program).args(words.split(' ')).arg(authority).stdout(Stdio::piped()).spawn();
    let mut child = Running(child.map_err(|error| format!("the simulator did not start: {error}"))?);
    let output = child.0.stdout.take().ok_or("the simulator has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
    let port = line.trim().rsplit(':').next().unwrap_or_default().to_owned();
    Ok((child, port))
}
