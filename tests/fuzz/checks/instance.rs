//! No text sends anything to a host that it does not plainly name, and no link in a response to another host at all.

use snow_core::{ApiPath, Instance, Params};

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let fixed = Instance::parse("https://gateway.example.com/snow").expect("a good one");
    if let Ok(uri) = fixed.follow(text) {
        assert!(fixed.origin().covers(&uri) && uri.path().starts_with("/snow/"), "{text:?} {uri}");
    }
    let Ok(instance) = Instance::parse_insecure(text) else { return };
    let host = instance.origin().host().to_owned();
    // What stands between :// and the next slash, as a reader sees it.
    let lower = text.to_ascii_lowercase();
    let after =
        ["https://", "http://"].iter().find_map(|scheme| lower.strip_prefix(scheme)).unwrap_or(&lower);
    let authority = after.split('/').next().unwrap_or_default();
    let named = authority.split(':').next().unwrap_or_default();
    // An instance's bare name stands for its host, also in front of the path of a pasted address.
    let is_named = host == named || (!named.contains('.') && host == format!("{named}.service-now.com"));
    assert!(is_named || (host.starts_with('[') && authority.starts_with('[')), "{host} from {text:?}");
    assert!(!authority.contains(['@', '#', '?', '\\', '%']), "{text:?}");
    let path = ApiPath::table("incident").expect("a good one");
    let uri = instance.uri(&path, &Params::new()).expect("a short one");
    assert_eq!(uri.host(), Some(host.as_str()));
    assert!(instance.origin().covers(&uri));
}
