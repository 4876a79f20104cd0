//! Reads the host, the port and the path prefix in the address of an instance.

use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) fn invalid_char_message(odd: char) -> String {
    match odd {
        '@' => {
            "contains '@': credentials do not belong in the address, give user and password separately".into()
        }
        '?' | '#' => {
            format!("contains {odd:?}, which no host or path prefix has: leave out everything after the host")
        }
        c if !c.is_ascii() => format!("contains {c:?}: write a name outside ASCII in its xn-- form"),
        c => format!("contains {c:?}, which no host or path prefix has"),
    }
}

/// Returns host and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
pub(super) fn split_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    if authority.starts_with('[') && !authority.contains(']') {
        return Err("has an IPv6 address whose bracket is not closed".into());
    }
    let end = authority.find(']').map_or(0, |at| at + 1);
    let Some((_, port)) = authority[end..].split_once(':') else { return Ok((authority, None)) };
    let host = &authority[..authority.len() - port.len() - 1];
    match port.parse() {
        Ok(number) if number > 0 && port.bytes().all(|b| b.is_ascii_digit()) => Ok((host, Some(number))),
        _ => Err(format!("has the port {port:?}: a port is a number from 1 to 65535")),
    }
}

pub(super) fn check_host(host: &str) -> Result<String, String> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr =
            inner.parse().map_err(|_| format!("has {host:?}, which is not an IPv6 address"))?;
        return Ok(format!("[{address}]"));
    }
    if host.is_empty() || host.len() > 253 {
        return Err("has no host, or one that is longer than 253 characters".into());
    }
    let labels = host.split('.').map(check_label).collect::<Result<Vec<_>, _>>()?;
    let last = labels.last().map_or("", String::as_str);
    // Resolvers read 127.1 and 0x7f.1 as addresses; only the plain form says what it means.
    let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    if numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err("ends in a number but is not an IPv4 address of four numbers".into());
    }
    Ok(labels.join("."))
}

/// Checks a label of a host name. Names in a private network may have underscores.
pub(super) fn check_label(label: &str) -> Result<String, String> {
    if let Some(odd) = label.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
        return Err(invalid_char_message(odd));
    }
    if label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-') {
        return Err(format!("has {label:?} as a part of its name, which no host can have"));
    }
    Ok(label.to_ascii_lowercase())
}

pub(super) fn check_prefix(path: &str) -> Result<String, String> {
    let path = path.strip_suffix('/').unwrap_or(path);
    for segment in path.split('/').skip(1) {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
        if segment.is_empty() || segment.bytes().all(|b| b == b'.') || !segment.bytes().all(plain) {
            return Err(format!(
                "has {segment:?} in its path: a prefix is made of letters, digits, '-', '_', '.', '~'"
            ));
        }
    }
    Ok(path.to_owned())
}

pub(super) fn is_loopback(host: &str) -> bool {
    let v6 =
        host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).and_then(|h| h.parse::<Ipv6Addr>().ok());
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || v6.is_some_and(|address| address.is_loopback())
}
