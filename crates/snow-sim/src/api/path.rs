//! The path of an API call, taken apart.

use super::ROUTES;
use crate::form::decode;

/// `/api/{namespace}[/{version}]/{api}/…`.
pub(super) struct ApiPath {
    pub(super) namespace: String,
    pub(super) api: String,
    /// `/api/now/v2`.
    pub(super) base: String,
    /// Decoded, below the API's own.
    pub(super) segments: Vec<String>,
}

impl ApiPath {
    /// `None` if there is no such namespace, or a segment is empty.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let (namespace, rest) = path.strip_prefix("/api/")?.split_once('/')?;
        if !ROUTES.iter().any(|(known, ..)| *known == namespace) {
            return None;
        }
        let (version, rest) = match rest.split_once('/') {
            Some((version @ ("v1" | "v2"), rest)) => (format!("/{version}"), rest),
            _ => (String::new(), rest),
        };
        let mut segments = rest.split('/').map(decode);
        let api = segments.next()?;
        let segments: Vec<_> = segments.collect();
        if segments.iter().any(String::is_empty) {
            return None;
        }
        Some(Self { namespace: namespace.into(), api, base: format!("/api/{namespace}{version}"), segments })
    }
}
