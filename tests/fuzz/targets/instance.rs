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
    let named = host.strip_suffix(".service-now.com").unwrap_or(&host);
    let address = host.starts_with('[');
    assert!(address || text.to_ascii_lowercase().contains(named), "{host} from {text:?}");
    assert!(!text.contains(['@', '#', '?', '\\', '%']));
    let path = ApiPath::table("incident").expect("a good one");
    let uri = instance.uri(&path, &Params::new()).expect("a short one");
    assert_eq!(uri.host(), Some(host.as_str()));
    assert!(instance.origin().covers(&uri));
});
