//! XML, which the service speaks and the simulator does not: 501, never JSON for someone who asked for XML.

use super::path::ApiPath;
use http::{HeaderName, header, request::Parts};

/// Whether a request asks for XML or brings XML. Files may be XML, whoever brings or asks for them.
pub(super) fn wants_xml(head: &Parts) -> bool {
    let path = ApiPath::parse(head.uri.path());
    let is_file =
        path.is_some_and(|path| path.api == "attachment" && path.segments.iter().any(|s| s == "file"));
    let brings = text(head, header::CONTENT_TYPE).is_some_and(is_xml);
    let asks = text(head, header::ACCEPT).is_some_and(prefers_xml);
    !is_file && (brings || asks)
}

fn text(head: &Parts, name: HeaderName) -> Option<&str> {
    head.headers.get(name)?.to_str().ok()
}

/// Whether the first of the types with the greatest weight that the service could send is XML.
fn prefers_xml(accept: &str) -> bool {
    let mut best = (0.0, false);
    for range in accept.split(',') {
        let kind = essence(range);
        let known = is_xml(range) || matches!(kind.as_str(), "application/json" | "application/*" | "*/*");
        if known && weight(range) > best.0 {
            best = (weight(range), is_xml(range));
        }
    }
    best.1
}

fn is_xml(media_type: &str) -> bool {
    matches!(essence(media_type).as_str(), "application/xml" | "text/xml")
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn weight(range: &str) -> f32 {
    let parameters = range.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    let mut weights = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    weights.next().and_then(|(_, weight)| weight.trim().parse().ok()).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::prefers_xml;

    #[test]
    fn the_greatest_weight_decides() {
        for xml in [
            "application/xml",
            "text/xml; charset=utf-8",
            "application/json;q=0.5, application/xml",
            "text/html,application/xml;q=0.9,*/*;q=0.8",
        ] {
            assert!(prefers_xml(xml), "{xml}");
        }
        for json in [
            "",
            "*/*",
            "application/json",
            "application/json, application/xml",
            "application/xml;q=0.1,*/*",
            "text/html",
        ] {
            assert!(!prefers_xml(json), "{json}");
        }
    }
}
