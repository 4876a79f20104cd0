use super::*;
use proptest::prelude::*;
use std::net::Ipv6Addr;

#[test]
fn names_hosts_and_urls() {
    for (text, url) in [
        ("dev12345", "https://dev12345.service-now.com"),
        ("DEV12345", "https://dev12345.service-now.com"),
        ("dev12345.service-now.com", "https://dev12345.service-now.com"),
        ("support.example.com:8443", "https://support.example.com:8443"),
        ("https://support.example.com/", "https://support.example.com"),
        ("https://support.example.com:443", "https://support.example.com"),
        ("https://gw.example.com/service/now/", "https://gw.example.com/service/now"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://snow_dev.corp.example.com", "https://snow_dev.corp.example.com"),
        ("snow_dev.corp.example.com:8443", "https://snow_dev.corp.example.com:8443"),
        ("https://snow_dev", "https://snow_dev"),
    ] {
        assert_eq!(Instance::parse(text).unwrap().to_string(), url);
    }
}

#[test]
fn a_pasted_address_is_one_of_its_instance() {
    let hosts =
        ["https://dev1.service-now.com", "https://acme.servicenowservices.com", "https://help.example.com"];
    let pages = [
        "/api/now",
        "/api/now/",
        "/nav_to.do?uri=https://evil.com/",
        "/api/now/table/incident?sysparm_limit=1",
        "/api/now/v2/table/incident/9d385017c611228701d22104cc95c371",
        "/api/sn_chg_rest/change",
        "/api/x_acme_app/v1/orders",
        "/incident_list.do?sysparm_query=active%3Dtrue%5EORDERBYnumber",
        "/nav_to.do?uri=%2Fincident.do%3Fsys_id%3D1",
        "/nav_to.do?uri=incident.do?sys_id=1#top",
        "/navpage.do",
        "/login.do",
        "/oauth_token.do",
        "/$pa_dashboard.do",
        "/now/nav/ui/classic/params/target/incident_list.do%3Fsysparm_query%3Dactive%3Dtrue",
        "/now/workspace/agent/record/incident/1",
        "/now/sow/list/params/list-id/1",
    ];
    for (host, page) in hosts.iter().flat_map(|host| pages.map(|page| (*host, page))) {
        assert_eq!(Instance::parse(&format!("{host}{page}")).unwrap().to_string(), host, "{page}");
        let bare = host.strip_prefix("https://").unwrap();
        assert_eq!(Instance::parse(&format!("{bare}{page}")).unwrap().to_string(), host, "{page}");
        let gateway = format!("{host}:8443/snow/gate{page}");
        let prefix = if host.contains("example") { "/snow/gate" } else { "" };
        let expected = format!("{host}:8443{prefix}");
        assert_eq!(Instance::parse(&gateway).unwrap().to_string(), expected, "{page}");
    }
    assert!(Instance::parse("https://dev1.service-now.com/other?x=1").is_err());
    let verbatim = "https://login.example.com/realms/it/oauth_token.do";
    assert_eq!(Instance::parse_verbatim(verbatim).unwrap().to_string(), verbatim);
    for own in ["/sp", "/sp?id=sc_home", "/esc?id=1#x", "/now/unknown/page", "/api", "/"] {
        let instance = Instance::parse(&format!("https://dev1.service-now.com{own}")).unwrap();
        assert_eq!(instance.to_string(), "https://dev1.service-now.com", "{own}");
    }
    // What a gateway may be called stays what it is.
    for prefix in ["/api", "/api/servicenow", "/now", "/service/now", "/snow", "/x.do.y", "/.do"] {
        let text = format!("https://gw.example.com{prefix}");
        assert_eq!(Instance::parse(&text).unwrap().to_string(), text);
    }
    for text in [
        "https://service-now.com/sp",
        "https://xservice-now.com/sp",
        "https://dev1.service-now.com.evil.com/sp",
    ] {
        assert_eq!(Instance::parse(text).unwrap().prefix(), "/sp", "{text}");
    }
    // It stays plain that http to others is not meant.
    assert!(Instance::parse("http://help.example.com/incident.do").is_err());
}

#[test]
fn what_could_reach_another_host_is_refused_with_the_reason() {
    for (text, why) in [
        ("", "empty"),
        ("x.evil.com#", "'#'"),
        ("a b", "' '"),
        ("user@host", "'@'"),
        ("https://user:pw@dev1.service-now.com", "'@'"),
        ("http://dev1.service-now.com", "plain http"),
        ("ftp://dev1.service-now.com", "scheme"),
        ("https:dev1", "port"),
        ("//evil.com", "path"),
        ("dev1/../x", "path"),
        ("dev1/sp", "path"),
        ("dev_1", "'_'"),
        ("https://gw.example.com/snow?x=1", "'?'"),
        ("https://user:pw@gw.example.com/incident.do", "'@'"),
        ("https://gw.example.com/../incident.do", "in its path"),
        ("https://evil.com\\.service-now.com/x", "'\\\\'"),
        ("https://dev1.service-now.com/a/../b", "in its path"),
        ("https://dev1.service-now.com//a", "in its path"),
        ("https://dev1.service-now.com?x=1", "'?'"),
        ("https://dev1.service-now.com\\@evil.com", "'\\\\'"),
        ("https://", "no host"),
        ("https:///x", "no host"),
        ("localhost", "this machine"),
        ("127.1", "number"),
        ("https://0x7f.1/", "number"),
        ("1.2.3.0x4", "number"),
        ("dev1.service-now.com.", "part of its name"),
        ("-dev1", "part of its name"),
        ("dev1:443", "bare name"),
        ("dev1.x:0", "port"),
        ("dev1.x:+80", "port"),
        ("dev1.x:99999", "port"),
        ("https://[::1", "bracket"),
        ("https://[::1]x", "'['"),
        ("https://[zz]/", "IPv6"),
        ("dév1", "xn--"),
        ("dev1\n", "'\\n'"),
    ] {
        let error = Instance::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(why), "{text:?}: {error}");
    }
}

#[test]
fn a_password_in_the_address_is_not_repeated() {
    let error = Instance::parse("https://admin:hunter2@dev1.service-now.com").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn a_link_leads_nowhere_else() {
    let instance = Instance::parse("https://gw.example.com/snow").unwrap();
    for (link, there) in [
        ("https://evil.com/api/now/table/x?a=b", "https://gw.example.com/snow/api/now/table/x?a=b"),
        ("http://user:pw@evil.com:1/api/x", "https://gw.example.com/snow/api/x"),
        ("https://gw.example.com/snow/api/x?", "https://gw.example.com/snow/api/x?"),
        ("/snow/api/x", "https://gw.example.com/snow/api/x"),
        ("/snowy/api/x", "https://gw.example.com/snow/snowy/api/x"),
        ("/api/a%20b", "https://gw.example.com/snow/api/a%20b"),
    ] {
        assert_eq!(instance.follow(link).unwrap().to_string(), there, "{link}");
    }
    for link in [
        "",
        "evil.com",
        "//evil.com/x",
        "https://evil.com/",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a//b",
        "/a%2fb",
        "/a\\b",
        "/a\nb",
    ] {
        assert_eq!(instance.follow(link).unwrap_err().kind(), ErrorKind::Decode, "{link}");
    }
}

#[test]
fn plain_http_has_to_be_asked_for() {
    assert!(Instance::parse_insecure("http://10.0.0.1").is_ok());
    assert!(Instance::parse_insecure("http://10.0.0.1#").is_err());
}

/// Host and port as a reader sees them: what stands between `://` and the next slash.
fn plainly_named(text: &str) -> (String, Option<u16>) {
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let authority = rest.split('/').next().unwrap().to_ascii_lowercase();
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => format!("[{address}]"),
        None => authority.split(':').next().unwrap().to_owned(),
    };
    let port = authority[host.len()..].strip_prefix(':').map(|port| port.parse().unwrap());
    let implied = if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http")) { 80 } else { 443 };
    let bare = scheme.is_none() && !host.contains(['.', '[']);
    (if bare { format!("{host}.service-now.com") } else { host }, port.or(Some(implied)))
}

/// URLs and what looks like one, with something odd in the middle of some.
fn text() -> impl Strategy<Value = String> {
    const SCHEMES: &[&str] = &["", "https://", "http://", "HTTP://", "//", "https:", "https://x://"];
    const HOSTS: &[&str] = &[
        "dev1",
        "EVIL",
        "evil.com",
        ".example.com",
        "localhost",
        "127.0.0.1",
        "127.1",
        "0x7f",
        "xn--a",
        ".",
    ];
    const ADDRESSES: &[&str] = &["[::1]", "[::ffff:10.0.0.1]", "[0:0::1]", "[", "]", "[::1%25a]"];
    const ODD: &[&str] = &[
        "",
        "@",
        "\\",
        "/",
        "//",
        ":",
        "?",
        "#",
        ";",
        "%2e",
        "%00",
        " ",
        "\t",
        "\n",
        "é",
        "。",
        "user:pw@",
        "@evil.com",
    ];
    const PORTS: &[&str] = &["", ":80", ":443", ":8443", ":0", ":+80", ":443:80"];
    const PATHS: &[&str] = &[
        "",
        "/",
        "/snow",
        "/snow/now/",
        "/incident.do?x=@evil.com",
        "/api/now#@evil.com",
        "/evil.com",
        "/../x",
        "//evil.com",
        "/@evil.com",
    ];
    let one = |pieces: &'static [&'static str]| prop::sample::select(pieces);
    let name = prop::collection::vec(one(HOSTS), 1..3).prop_map(|pieces| pieces.concat());
    let host = prop_oneof![4 => name, 1 => one(ADDRESSES).prop_map(str::to_owned)];
    let odd = prop_oneof![2 => Just(""), 1 => one(ODD)];
    let url = (one(SCHEMES), host, odd, one(PORTS), one(PATHS));
    let url = url.prop_map(|(scheme, host, odd, port, path)| [scheme, &host, odd, port, path].concat());
    prop_oneof![4 => url, 1 => "[ -~é]{0,40}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_accepted_names_its_host_plainly(text in text()) {
        if let Ok(instance) = Instance::parse_insecure(&text) {
            let uri = instance.uri(&ApiPath::table("incident").unwrap(), &Params::new()).unwrap();
            // As whoever connects reads it.
            let uri: Uri = uri.to_string().parse().unwrap();
            let (host, port) = plainly_named(&text);
            let address = |host: &str| host.trim_matches(['[', ']']).parse::<Ipv6Addr>().ok();
            prop_assert_eq!(address(uri.host().unwrap()), address(&host));
            prop_assert!(address(&host).is_some() || uri.host() == Some(&host), "{} from {:?}", uri, text);
            prop_assert_eq!(Some(instance.origin().port()), port);
            prop_assert_eq!(uri.port_u16().or(uri.scheme_str().map(|s| if s == "http" { 80 } else { 443 })), port);
            prop_assert!(instance.origin().covers(&uri) && !uri.authority().unwrap().as_str().contains('@'));
            // Without being asked for, plain http goes to this machine alone.
            let this_machine = ["localhost", "127.0.0.1", "[::1]"].contains(&instance.origin().host());
            prop_assert!(instance.origin().is_https() || Instance::parse(&text).is_ok() == this_machine);
        }
    }
}
