//! A request goes through the configured proxy or is not sent, the proxy gets its credentials, and its refusals are reported in full.

use crate::proxy_server::{Manner, ProxyServer};
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use snow_client::{Client, Error, ErrorKind, OAuthClient, Transport, transport::Proxy};
use snow_core::Instance;
use snow_core::transport::TransportBuilder;
use std::ffi::OsStr;
use std::process::Command;

fn client(transport: TransportBuilder, agent: Option<&str>) -> Client {
    let instance = Instance::parse_insecure("http://snow.example.com").unwrap();
    let builder = Client::builder().instance(instance).user("admin").password("secret");
    let builder = builder
        .retry(snow_client::layer::RetryPolicy::new().max_attempts(1))
        .transport(transport.build().unwrap());
    match agent {
        Some(agent) => builder.user_agent(agent).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

async fn read(client: &Client) -> Result<(), Error> {
    client.table("incident").list().limit(1).await.map(drop)
}

fn is_refused(url: &str) {
    let by_name = |name: &str| (name == "HTTPS_PROXY").then(|| url.to_owned());
    for error in
        [Proxy::new(url).unwrap_err(), Transport::builder().proxy_variables(by_name).build().unwrap_err()]
    {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}");
        let line = format!("{error} {error:?}");
        for secret in ["corpuser", "s3cret", ":12"] {
            assert!(!line.contains(secret), "{url}: {line}");
        }
    }
}

#[test]
fn a_proxy_with_something_behind_its_port_is_refused_and_not_repeated() {
    for scheme in ["http://", "https://", "socks5://", "socks5h://", ""] {
        for rest in [
            "corpuser:12#s3cret@proxy.example.com:3128",
            "corpuser:12?s3cret@proxy.example.com:3128",
            "corpuser:12/s3cret@proxy.example.com:3128",
            "corpuser#s3cret@proxy.example.com:3128",
            "corpuser:s3cret@proxy.example.com:3128#",
            "corpuser:s3cret@proxy.example.com:3128/x",
            "corpuser:s3cret@proxy.example.com:3128?x",
        ] {
            is_refused(&format!("{scheme}{rest}"));
        }
    }
}

proptest! {
    /// Whatever stands in a password: the proxy is the one behind the last '@', or there is none.
    #[test]
    fn no_part_of_a_password_becomes_the_proxy(password in "[0-9]{0,3}[ -~]{0,8}") {
        if let Ok(proxy) = Proxy::new(&format!("http://corpuser:{password}@proxy.example.com:3128")) {
            prop_assert_eq!(proxy.to_string(), "http://proxy.example.com:3128");
        }
    }
}

/// In a process of its own, whose environment can be set.
#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_an_error_and_requests_do_not_go_direct() {
    use std::os::unix::ffi::OsStrExt;
    let run = |name: &str, value: &[u8]| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        for other in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
            command.env_remove(other).env_remove(other.to_ascii_lowercase());
        }
        command.args(["--exact", "proxies::a_transport_of_this_environment", "--ignored", "--nocapture"]);
        let output = command.env(name, OsStr::from_bytes(value)).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"]
    {
        let said = run(name, b"http://corpuser:s3cret\xff@proxy:3128");
        assert!(
            said.contains(name) && said.contains("not UTF-8") && said.contains("InvalidInput"),
            "{name}: {said}"
        );
        assert!(!said.contains("corpuser") && !said.contains("s3cret"), "{said}");
    }
    assert!(run("HTTPS_PROXY", b"http://proxy:3128").contains("a transport"));
}

#[test]
#[ignore = "run by the test above"]
fn a_transport_of_this_environment() {
    match Transport::builder().build() {
        Ok(_) => println!("a transport"),
        Err(error) => println!("{error:?}"),
    }
}

#[tokio::test]
async fn a_proxy_is_told_who_asks_and_what_it_wants_to_hear() {
    let listener = crate::simulator().listen().await.unwrap();
    let (name, value) = (HeaderName::from_static("x-proxy-client"), HeaderValue::from_static("canary-7"));
    let own_agent = (http::header::USER_AGENT, HeaderValue::from_static("for the proxy"));
    for (agent, headers, lines) in [
        (None, vec![], vec![format!("User-Agent: snow/{}", env!("CARGO_PKG_VERSION"))]),
        (Some("acme-integration/2"), vec![], vec!["User-Agent: acme-integration/2".to_owned()]),
        (
            Some("acme"),
            vec![(name, value)],
            vec!["User-Agent: acme".to_owned(), "X-Proxy-Client: canary-7".to_owned()],
        ),
        (Some("acme"), vec![own_agent], vec!["User-Agent: for the proxy".to_owned()]),
    ] {
        let server = ProxyServer::start(Manner::Http(None), listener.address()).await;
        let proxy = Proxy::new(&format!("http://{}", server.address)).unwrap();
        let proxy =
            headers.into_iter().fold(proxy, |proxy, (name, value)| proxy.header(name, value).unwrap());
        let transport = Transport::builder().proxy(proxy.clone());
        assert!(!format!("{proxy} {proxy:?} {transport:?}").contains("canary"));
        read(&client(transport, agent)).await.unwrap();
        let heads = server.heads();
        assert_eq!(heads.len(), 1);
        for line in lines {
            assert_eq!(heads[0].lines().filter(|found| **found == line).count(), 1, "{line} in {heads:?}");
        }
        assert_eq!(heads[0].matches("ser-Agent").count(), 1);
        assert!(!heads[0].to_lowercase().contains("\r\nauthorization"), "{heads:?}");
    }
    let header = |url: &str, name: &'static str| {
        Proxy::new(url).unwrap().header(HeaderName::from_static(name), HeaderValue::from_static("canary"))
    };
    for (url, name) in [("socks5://p", "x-a"), ("http://p", "host"), ("http://p", "content-length")] {
        let error = header(url, name).unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && !error.to_string().contains("canary"), "{error}");
    }
}

/// With the default retry policy, for data and for tokens: more attempts might lock the account.
#[tokio::test]
async fn wrong_credentials_are_sent_to_a_proxy_once() {
    let server = ProxyServer::start(Manner::Http(Some(("user", "right"))), ([127, 0, 0, 1], 9).into()).await;
    let transport = || {
        let proxy = Proxy::new(&format!("http://user:wrong@{}", server.address)).unwrap();
        Transport::builder().proxy(proxy).build().unwrap()
    };
    let client = Client::builder().instance("dev12345").user("admin").password("secret");
    let error = read(&client.transport(transport()).build().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), server.heads().len()), (ErrorKind::ProxyRefused, 1), "{error}");
    let client = OAuthClient::builder().instance("dev12345").client_id("id").client_secret("secret");
    let client = client.transport(transport()).build().unwrap();
    let error = client.generate_token("admin", "secret").await.unwrap_err();
    assert_eq!((error.kind(), server.heads().len()), (ErrorKind::ProxyRefused, 2), "{error}");
}

#[tokio::test]
async fn a_proxy_that_takes_no_basic_login_says_what_it_takes() {
    for (challenges, url, parts) in [
        (
            "Proxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n",
            "http://AT",
            &["NTLM or Negotiate", "only Basic is supported"][..],
        ),
        (
            "proxy-authenticate: Negotiate, NTLM\r\n",
            "http://user:pw@AT",
            &["Negotiate or NTLM", "only Basic is supported"],
        ),
        (
            "Proxy-Authenticate: Digest realm=\"a, Basic b\", nonce=\"x\"\r\n",
            "http://AT",
            &["a login by Digest (407)"],
        ),
        (
            "Proxy-Authenticate: NTLM\r\nProxy-Authenticate: Basic realm=\"x\"\r\n",
            "http://AT",
            &["give them by Proxy::credentials()"],
        ),
        (
            "Proxy-Authenticate: Negotiate\r\nproxy-authenticate: basic\r\n",
            "http://user:pw@AT",
            &["did not accept the credentials"],
        ),
        ("", "http://AT", &["give them by Proxy::credentials()"]),
    ] {
        let says = format!("HTTP/1.1 407 No\r\n{challenges}Content-Length: 4\r\n\r\nnope");
        let server = ProxyServer::start(Manner::Says(says.leak()), ([127, 0, 0, 1], 9).into()).await;
        let proxy = Proxy::new(&url.replace("AT", &server.address.to_string())).unwrap();
        let error = read(&client(Transport::builder().proxy(proxy), None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ProxyRefused, "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{part:?} is not in {error}");
        }
        let basic_alone = parts.iter().any(|part| part.contains("only Basic"));
        assert!(!(basic_alone && error.to_string().contains("give them")), "{error}");
    }
}
