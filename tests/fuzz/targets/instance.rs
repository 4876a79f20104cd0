//! No text sends anything to a host that it does not plainly name, and no link of an answer to another host at all.

#![no_main]

use libfuzzer_sys::fuzz_target;
use snow_core::{ApiPath, Instance, Params};

fuzz_target!(|text: &str| {
    let fixed = Instance::parse("https://gateway.example.com/snow").expect("a good one");
    if let Ok(uri) = fixed.follow(text) {
        assert!(fixed.origin().covers(&uri) && uri.path().starts_with("/snow/"), "{text:?} {uri}");
    }
    let Ok(instance) = Instance::allow_http(text) else { return };
    let host = instance.origin().host().to_owned();
    // What stands between :// and the next slash, as a reader sees it.
    let after = text.split_once("://").map_or(text, |(_, rest)| rest).to_ascii_lowercase();
    let authority = after.split('/').next().unwrap_or_default();
    let named = authority.split(':').next().unwrap_or_default();
    let plainly = host == named || (host == format!("{named}.service-now.com") && named == text.to_ascii_lowercase());
    assert!(plainly || (host.starts_with('[') && authority.starts_with('[')), "{host} from {text:?}");
    assert!(!text.contains(['@', '#', '?', '\\', '%']));
    let path = ApiPath::table("incident").expect("a good one");
    let uri = instance.uri(&path, &Params::new()).expect("a short one");
    assert_eq!(uri.host(), Some(host.as_str()));
    assert!(instance.origin().covers(&uri));
});
