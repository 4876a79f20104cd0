//! Our client through nginx that lets nobody in without a certificate: data and token calls, as nginx's log has them.

use super::server::{Server, free_port};
use super::{client, expect, folder, need, read, write};
use crate::run::{Done, run};
use std::path::Path;

/// What each certificate is for; the names are those of the files.
const EXTENSIONS: &str = "\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
[server]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:localhost
extendedKeyUsage = serverAuth
[client]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth
";

pub(super) fn check() -> Done {
    need("nginx", "-v", "nginx-light")?;
    need("openssl", "version", "openssl")?;
    let folder = folder("nginx")?;
    certificates(&folder)?;
    let (simulator, port) = (Server::plain_simulator()?, free_port()?);
    write(&folder.join("nginx.conf"), &conf(port, simulator.port))?;
    let place = folder.display().to_string();
    let _nginx = Server::start("nginx", &["-p", &place, "-c", "nginx.conf", "-e", "error.log"], port)?;

    let (url, file) = (format!("https://localhost:{port}"), |name: &str| format!("{place}/{name}"));
    let show = |certificate: &str, fails: &str| {
        client(&[
            ("SNOW_INTEROP_URL", &url),
            ("SNOW_INTEROP_AUTHORITY", &file("authority.pem")),
            ("SNOW_INTEROP_CERTIFICATE", &file(&format!("{certificate}.pem"))),
            ("SNOW_INTEROP_KEY", &file(&format!("{certificate}.key"))),
            ("SNOW_INTEROP_FAILS", fails),
        ])
    };
    show("client", "")?;
    let log = read(&folder.join("access.log"))?;
    expect(&log, "SUCCESS CN=client POST /oauth_token.do 200", 1)?;
    expect(&log, "SUCCESS CN=client GET /api/now/table/incident 200", 1)?;
    expect(&log, "SUCCESS CN=client POST /api/now/table/incident 201", 1)?;

    show("stranger", ": 400 ")?;
    client(&[
        ("SNOW_INTEROP_URL", &url),
        ("SNOW_INTEROP_AUTHORITY", &file("authority.pem")),
        ("SNOW_INTEROP_FAILS", ": 400 "),
    ])?;
    let log = read(&folder.join("access.log"))?;
    expect(&log, "SUCCESS", 3)?;
    expect(&log, "FAILED:", 2)?;
    expect(&log, "NONE", 2)
}

/// An authority, certificates of the server and a client that it signed, and one of a client that another signed.
fn certificates(folder: &Path) -> Done {
    write(&folder.join("extensions"), EXTENSIONS)?;
    for (name, kind, signer) in [
        ("authority", "authority", None),
        ("elsewhere", "authority", None),
        ("server", "server", Some("authority")),
        ("client", "client", Some("authority")),
        ("stranger", "client", Some("elsewhere")),
    ] {
        let place = folder.display();
        let signed = signer.map(|signer| format!("-CA {place}/{signer}.pem -CAkey {place}/{signer}.key"));
        let line = format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 -config {place}/extensions \
             -extensions {kind} -subj /CN={name} -keyout {place}/{name}.key -out {place}/{name}.pem {}",
            signed.unwrap_or_default()
        );
        run(&line, &[])?;
    }
    Ok(())
}

/// One process in the foreground, all of whose files are in its folder.
fn conf(port: u16, simulator: u16) -> String {
    format!(
        "daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
    log_format seen '$ssl_client_verify $ssl_client_s_dn $request_method $uri $status';
    access_log access.log seen;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_client_certificate authority.pem;
        ssl_verify_client on;
        location / {{ proxy_pass http://127.0.0.1:{simulator}; }}
    }}
}}
"
    )
}
