//! Whatever is given as a proxy, it is used as it was meant, or refused without a word of its credentials.

use super::scripted::{PASSWORD, has, is_fit_to_print};
use snow_client::{Transport, transport::Proxy};

const CANARY: &str = "canary-of-a-proxy";

/// The first byte says where a canary goes into the text that follows. In front of an `@`, it is a part of the credentials.
pub(crate) fn check(data: &[u8]) {
    let Some((at, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    if has(data, CANARY) || has(data, PASSWORD) {
        return;
    }
    let mut at = usize::from(*at).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let (before, behind) = text.split_at(at);
    let url = format!("{before}{CANARY}{behind}");
    let shown = match Proxy::new(&url) {
        Ok(proxy) => format!("{proxy} {proxy:?}"),
        Err(error) => {
            is_fit_to_print(&error);
            format!("{error} {error:?}")
        }
    };
    let is_secret = behind.contains('@');
    assert!(!is_secret || !shown.contains(CANARY), "{url:?}: {shown}");
    for name in ["HTTPS_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY"] {
        let variable = |asked: &str| (asked == name).then(|| url.clone());
        let shown = match Transport::builder().proxy_variables(variable).bundled_roots(true).build() {
            Ok(transport) => format!("{transport:?}"),
            Err(error) => {
                is_fit_to_print(&error);
                assert!(error.to_string().contains(name), "{error}");
                format!("{error} {error:?}")
            }
        };
        assert!(!is_secret || !shown.contains(CANARY), "{name} {url:?}: {shown}");
    }
}
