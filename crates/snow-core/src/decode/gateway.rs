//! The text of a response that came from a gateway, a proxy or a firewall instead of the instance. The text is untrusted: it is
//! limited in length and put on one line. It helps a person find out who sent the response.

use super::json_string;
use crate::one_line;
use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;

/// The maximum that is repeated, in characters.
const MOST: usize = 300;

/// The maximum that is looked at, in bytes.
const LOOKED_AT: usize = 64 << 10;

/// The text of a response, if it is one that a person can read.
pub(super) fn readable_text(headers: &HeaderMap, body: &Bytes) -> Option<String> {
    let body = json_string::without_bom(body);
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(value) => of_json(&value),
        Err(_) => {
            let text = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
            let is_text = media_type(headers).is_none_or(|kind| {
                kind.starts_with("text/")
                    || kind.contains("html")
                    || kind.contains("xml")
                    || kind.contains("json")
            });
            match text.trim_start().starts_with('<') {
                _ if !is_text || text.contains('\0') => String::new(),
                true => of_page(&text),
                false => text.into_owned(),
            }
        }
    };
    let text = one_line::in_words(&text, MOST);
    (!text.is_empty()).then_some(text)
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(header::CONTENT_TYPE)?.to_str().ok()?.to_ascii_lowercase())
}

/// The members in which gateways put their texts: `message`, those of RFC 9457 (`title`, `detail`) and those of OAuth.
fn of_json(value: &Value) -> String {
    let named = ["title", "message", "error", "error_description", "detail", "reason"];
    let texts = match value {
        Value::String(text) => vec![text.clone()],
        Value::Object(members) => named.iter().filter_map(|name| members.get(*name)).map(of_member).collect(),
        _ => Vec::new(),
    };
    let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    texts.join(": ")
}

fn of_member(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(members) => {
            members.get("message").and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

/// The title and the visible text of a page.
fn of_page(page: &str) -> String {
    // As long as the page, so that places are the same in both.
    let lower = page.to_ascii_lowercase();
    let (mut title, mut visible, mut at) = ("", String::new(), 0);
    while let Some(found) = lower.get(at..).and_then(|rest| rest.find('<')) {
        let start = at.saturating_add(found);
        visible.push_str(page.get(at..start).unwrap_or_default());
        visible.push(' ');
        let rest = lower.get(start..).unwrap_or_default();
        let hidden = ["script", "style", "title"].into_iter().find(|name| rest[1..].starts_with(name));
        let length = match hidden {
            _ if rest.starts_with("<!--") => behind(rest, "-->"),
            Some(name) => {
                let end = rest.find(&format!("</{name}")).unwrap_or(rest.len());
                if name == "title" && title.is_empty() {
                    let element =
                        page.get(start..).and_then(|page| page.get(behind(rest, ">").min(end)..end));
                    title = element.unwrap_or_default();
                }
                end
            }
            None => behind(rest, ">"),
        };
        at = start.saturating_add(length);
    }
    visible.push_str(page.get(at..).unwrap_or_default());
    let (title, visible) = (read(title), read(&visible));
    match visible.contains(&title) {
        true => visible,
        false => format!("{title}: {visible}"),
    }
}

fn behind(text: &str, end: &str) -> usize {
    text.find(end).map_or(text.len(), |at| at.saturating_add(end.len()))
}

/// Replaces the most common character references, and leaves one space between words.
fn read(html: &str) -> String {
    let mut text = html.to_owned();
    for (reference, character) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        text = text.replace(reference, character);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(kind: &str, body: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        if !kind.is_empty() {
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        readable_text(&headers, &Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn texts_are_found_in_what_gateways_send() {
        for (kind, body, expected) in [
            ("application/json", r#"{"message":"Forbidden"}"#, Some("Forbidden")),
            ("application/json", r#"{"error":{"message":"no key"},"code":7}"#, Some("no key")),
            (
                "application/problem+json",
                r#"{"type":"about:blank","title":"Blocked","status":403,"detail":"Rule 12"}"#,
                Some("Blocked: Rule 12"),
            ),
            ("application/json", "\u{feff}\"no\"", Some("no")),
            ("application/json", r#"{"id":7}"#, None),
            ("application/json", "{\"message\":", Some("{\"message\":")),
            (
                "text/html",
                "<!DOCTYPE html><HTML><head><TITLE>Access &amp; denied</TITLE><style>p{}</style>\n<script>if (1<2) x()</script>\
                 </head><body><!-- <p>no</p> --><h1>Web  filter</h1>\n<p>Category: <b>games</b></p></body></html>",
                Some("Access & denied: Web filter Category: games"),
            ),
            (
                "text/html",
                "<title>403 Forbidden</title><h1>403 Forbidden</h1>nginx",
                Some("403 Forbidden nginx"),
            ),
            ("", "<html>no end <script", Some("no end")),
            ("text/plain", " no\r\nway ", Some("no way")),
            ("", "upstream connect error", Some("upstream connect error")),
            ("image/png", "upstream", None),
            ("text/plain", "a\0b", None),
            ("text/plain", "", None),
            ("text/plain", "\u{1b}[31mx\u{202e}y", Some(r"\u{1b}[31mx\u{202e}y")),
        ] {
            assert_eq!(said(kind, body).as_deref(), expected, "{kind} {body}");
        }
        let long = said("text/plain", &"x".repeat(1_000)).unwrap();
        assert_eq!(long.chars().count(), MOST + 1);
    }

    proptest! {
        #[test]
        fn any_page_is_one_bounded_line(page in r#"(<|</|title|script|>|<!--|-->|&amp;|é|[ -~]{0,5}|\n|\u{202e}){0,40}"#) {
            let text = said("text/html", &page).unwrap_or_default();
            prop_assert!(text.chars().count() <= MOST * 8 && !text.contains(['\n', '\u{202e}']), "{}", text);
        }
    }
}
