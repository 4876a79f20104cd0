//! A login in a real browser: the simulator's pages, headless Chromium, and a program that listens on 127.0.0.1.

use super::server::{Server, free_port};
use super::{folder, tests};
use crate::run::{Done, need};

pub(super) fn check() -> Done {
    need("chromium", "--version", "chromium")?;
    need("chromedriver", "--version", "chromium-driver")?;
    let (folder, simulator, port) = (folder("browser")?, Server::simulator_for_desktops()?, free_port()?);
    let _driver = Server::start("chromedriver", &[&format!("--port={port}"), "--silent"], port)?;
    tests(
        "browser::",
        &[
            ("SNOW_INTEROP_URL", &format!("http://127.0.0.1:{}", simulator.port)),
            ("SNOW_INTEROP_DRIVER", &format!("http://127.0.0.1:{port}")),
            ("SNOW_INTEROP_PICTURES", &folder.display().to_string()),
        ],
    )
}
