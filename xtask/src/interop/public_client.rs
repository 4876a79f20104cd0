//! Public clients of other languages against the simulator. They come from their registries and are not touched: only the place
//! of the instance and the trusted authority are set. Each has a script in `xtask/interop` with its examples.

use super::packages;
use super::server::Server;
use crate::run::{Done, root};
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub(super) struct PublicClient {
    name: &'static str,
    language: Language,
    /// With exact versions. Of Node-RED it is the last line that runs on Node.js 20.
    packages: &'static str,
    /// What its examples need of the simulator.
    simulator: &'static [&'static str],
}

enum Language {
    Python,
    JavaScript,
}

/// The client that most integrations in Python use.
pub(super) const PYSNOW: PublicClient =
    PublicClient { name: "pysnow", language: Language::Python, packages: "pysnow==0.7.17", simulator: &[] };

/// ServiceNow's own client for Python. There are several pages of incidents, of the size that it uses by default.
pub(super) const PYSNC: PublicClient = PublicClient {
    name: "pysnc",
    language: Language::Python,
    packages: "pysnc[oauth]==1.2.1",
    simulator: &["--incidents", "250", "--acts-as", "my-id:myusername"],
};

/// A client for Node.js.
pub(super) const SERVICENOW_REST_API: PublicClient = PublicClient {
    name: "servicenow-rest-api",
    language: Language::JavaScript,
    packages: "servicenow-rest-api@1.2.2",
    simulator: &["--incidents", "250"],
};

/// Nodes for Node-RED, in its own runtime.
pub(super) const NODE_RED: PublicClient = PublicClient {
    name: "node-red",
    language: Language::JavaScript,
    packages: "node-red-contrib-servicenow-api-oauth@1.2.1 node-red@4.1.8 node-red-node-test-helper@0.3.6",
    simulator: &["--acts-as", "my-id:myusername"],
};

impl PublicClient {
    /// Runs the examples. The last line of their output is `NAME VERSION: PASSED/TOTAL`.
    pub(super) fn check(&self) -> Done {
        let (mut command, place) = self.interpreter()?;
        let authority = place.join("authority.pem");
        let simulator = Server::simulator(&authority, self.simulator)?;
        command.arg(self.script()).arg(simulator.port.to_string());
        command.current_dir(&place).stderr(Stdio::inherit());
        command.env("REQUESTS_CA_BUNDLE", &authority).env("NODE_EXTRA_CA_CERTS", &authority);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        for proxy in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env_remove(proxy);
        }
        let output = command.output().map_err(|error| format!("{} did not start: {error}", self.name))?;
        let printed = String::from_utf8_lossy(&output.stdout);
        print!("{printed}");
        match printed.lines().last().is_some_and(all_passed) && output.status.success() {
            true => Ok(()),
            false => Err(format!("not all examples passed ({})", output.status)),
        }
    }

    /// What runs the script, and the folder in which the client is installed.
    fn interpreter(&self) -> Result<(Command, PathBuf), String> {
        match self.language {
            Language::Python => {
                let place = packages::python(self.name, self.packages)?;
                Ok((Command::new(place.join("bin/python")), place))
            }
            Language::JavaScript => {
                let place = packages::node(self.name, self.packages)?;
                let mut node = Command::new("node");
                node.env("NODE_PATH", place.join("node_modules"));
                Ok((node, place))
            }
        }
    }

    fn script(&self) -> PathBuf {
        let ending = match self.language {
            Language::Python => "py",
            Language::JavaScript => "js",
        };
        let name = self.name.replace('-', "_");
        root().join("xtask/interop").join(format!("{name}_examples.{ending}"))
    }
}

/// Whether a line is `NAME VERSION: PASSED/TOTAL` of a client that did everything.
pub(super) fn all_passed(line: &str) -> bool {
    let score = line.rsplit_once(": ").and_then(|(_, score)| score.split_once('/'));
    score.is_some_and(|(passed, total)| passed == total && total.parse::<u32>().is_ok_and(|total| total > 0))
}

#[cfg(test)]
mod tests {
    use super::all_passed;

    #[test]
    fn a_client_passes_if_every_example_does() {
        assert!(all_passed("pysnow 0.7.17: 15/15"));
        for line in
            ["pysnow 0.7.17: 14/15", "pysnow 0.7.17: 0/0", "pysnow 0.7.17", "15/15 passed: all/all", ""]
        {
            assert!(!all_passed(line), "{line}");
        }
    }
}
