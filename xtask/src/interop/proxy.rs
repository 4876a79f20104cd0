//! Our client through tinyproxy, with and without credentials: data and token calls, as the proxy's log has them.

use super::server::{Server, free_port};
use super::{client, count, expect, folder, need, read, write};
use crate::run::Done;
use std::path::PathBuf;

/// What tinyproxy logs of a tunnel that stands. Our client opens one for each of its three requests.
const TUNNEL: &str = "Established connection to host \"localhost\"";

pub(super) fn check() -> Done {
    need("tinyproxy", "-v", "tinyproxy")?;
    let authority = folder("proxy")?.join("authority.pem");
    let simulator = Server::simulator(&authority, &[])?;
    let url = format!("https://localhost:{}", simulator.port);
    let authority = authority.display().to_string();
    let through = |proxy: &str, fails: &str| {
        client(&[
            ("SNOW_INTEROP_URL", &url),
            ("SNOW_INTEROP_AUTHORITY", &authority),
            ("SNOW_INTEROP_PROXY", proxy),
            ("SNOW_INTEROP_FAILS", fails),
        ])
    };

    let (open, log) = tinyproxy("open", "")?;
    let asked = format!("CONNECT localhost:{} HTTP/1.1", simulator.port);
    through(&format!("http://127.0.0.1:{}", open.port), "")?;
    expect(&read(&log)?, &asked, 3)?;
    expect(&read(&log)?, TUNNEL, 3)?;

    let (locked, log) = tinyproxy("locked", "BasicAuth user pass-word\n")?;
    through(&format!("http://127.0.0.1:{}", locked.port), "wants credentials (407)")?;
    through(&format!("http://user:wrong@127.0.0.1:{}", locked.port), "did not accept the credentials")?;
    expect(&read(&log)?, TUNNEL, 0)?;
    through(&format!("http://user:pass-word@127.0.0.1:{}", locked.port), "")?;
    expect(&read(&log)?, TUNNEL, 3)?;

    let (narrow, log) = tinyproxy("narrow", "ConnectPort 443\n")?;
    through(&format!("http://127.0.0.1:{}", narrow.port), "with status 403 Forbidden")?;
    match count(&read(&log)?, TUNNEL) {
        0 => Ok(()),
        _ => Err("a proxy that allows port 443 alone made a tunnel to another".into()),
    }
}

/// tinyproxy with a setting, and its log.
fn tinyproxy(name: &str, setting: &str) -> Result<(Server, PathBuf), String> {
    let folder = folder(&format!("proxy/{name}"))?;
    let (log, file, port) = (folder.join("log"), folder.join("conf"), free_port()?);
    let conf = format!(
        "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nLogLevel Connect\nLogFile \"{}\"\n{setting}",
        log.display()
    );
    write(&file, &conf)?;
    let file = file.display().to_string();
    Ok((Server::start("tinyproxy", &["-d", "-c", &file], port)?, log))
}
