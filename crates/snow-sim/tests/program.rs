//! The program: its options, its errors, and its journal.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snow-sim"));
    command.args(arguments);
    command
}

/// Ends with the test.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("snow-sim listens on http://")
            .expect("it says where it listens")
            .to_owned();
        Self { child, address }
    }

    fn get(&self, path: &str) -> String {
        self.get_as("authorization: Basic YWRtaW46YWRtaW4=", path)
    }

    fn get_as(&self, credentials: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!("host: {}\r\n{credentials}\r\nconnection: close", self.address);
        write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn answers_on_a_port_and_tells_what_arrived() {
    let folder = std::env::temp_dir().join(format!("snow-sim-program-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("u_color.json"), r#"{"result":[{"u_name":"blue"}]}"#).unwrap();
    let running = Running::start(&["--port", "0", "--incidents", "20", "--data", folder.to_str().unwrap()]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(
        running.get("/api/now/table/incident?sysparm_limit=1").to_lowercase().contains("x-total-count: 28")
    );
    assert!(running.get("/api/now/table/u_color").contains(r#""u_name":"blue""#));
    let journal = running.get("/__sim/journal");
    assert!(
        journal.contains(r#""path":"/api/now/table/u_color""#) && journal.contains(r#""user":"admin""#),
        "{journal}"
    );
}

#[test]
fn is_what_a_file_describes_and_what_the_options_add() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/instance.toml");
    let options = ["--port=0", "--config", file, "--user=me:admin", "--incidents=0", "--api-key", "me:k"];
    let running = Running::start(&options);
    let unknown = running.get("/api/now/table/u_order");
    assert!(unknown.starts_with("HTTP/1.1 401"), "there is no admin:admin: {unknown}");
    let orders = running.get_as("x-sn-apikey: k", "/api/now/table/u_order");
    assert!(orders.contains(r#""u_code":"A1""#) && orders.contains(r#""u_amount":"9.5""#), "{orders}");
}

#[test]
fn has_a_file_of_any_size() {
    let running = Running::start(&["--port", "0", "--generated-file", "3000000", "--forget-uploads"]);
    let listed = running.get("/api/now/attachment?sysparm_query=file_name=generated.bin");
    assert!(listed.contains(r#""size_bytes":"3000000""#), "{listed}");
}

#[test]
fn asks_people_for_consent() {
    let running =
        Running::start(&["--port", "0", "--public-client", "app", "--redirect", "app:http://127.0.0.1/done"]);
    let digest = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let page = running.get(&format!(
        "/oauth_auth.do?response_type=code&client_id=app&state=s&code_challenge={digest}&code_challenge_method=S256"
    ));
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("<label for=\"user_name\">"), "{page}");
}

#[test]
fn bad_options_get_a_clear_error() {
    let taken = Running::start(&["--port", "0"]);
    let port = taken.address.rsplit(':').next().unwrap().to_owned();
    for (arguments, why) in [
        (&["--port", "x"][..], "--port needs a number, and \"x\" is not one that fits"),
        (&["--port=99999"], "not one that fits"),
        (&["--port"], "--port needs a value"),
        (&["--nope"], "there is no option --nope"),
        (&["free"], "unexpected argument \"free\""),
        (&["--tls=yes"], "--tls"),
        (&["--api-key", "canary"], "--api-key needs two parts"),
        (&["--config", "/no/such/file.toml"], "/no/such/file.toml: "),
        (&["--acts-as", "app:admin"], "--acts-as names \"app\", which is not a client"),
        (&["--client", "app:x", "--acts-as", "app:nobody"], "the user \"nobody\" is not one of the instance"),
        (&["--user", "canary"], "--user needs two parts"),
        (&["--user", "a:x", "--user", "a:x"], "\"a\" is there twice"),
        (&["--data", "/no/such/folder"], "/no/such/folder"),
        (&["--redirect", "app:http://127.0.0.1/done"], "--redirect names \"app\", which is not a client"),
        (&["--public-client", "app", "--redirect", "app:/done"], "the redirect URI \"/done\""),
        (&["--authority", "x"], "--authority needs --tls"),
        (&["--port", &port], "cannot listen on 127.0.0.1"),
    ] {
        let output = program(arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            text.starts_with("snow-sim: ") && text.contains(why) && !text.contains("canary"),
            "{arguments:?}: {text}"
        );
    }
    let help = program(&["--help"]).output().unwrap();
    assert!(help.status.success() && String::from_utf8(help.stdout).unwrap().contains("--incidents COUNT"));
}
