//! The cookies of one session.

use crate::clock;
use http::{HeaderMap, HeaderValue, header};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// Far more cookies than the service sets (facts 1.4).
const MAX_COOKIES: usize = 32;

/// The cookies of one session with one origin, and the credentials that they belong to.
#[derive(Default)]
pub(super) struct CookieJar {
    authorization: Option<HeaderValue>,
    cookies: Vec<Cookie>,
}

struct Cookie {
    name: String,
    value: String,
    until: Option<Instant>,
}

impl CookieJar {
    /// Returns whether the cookies belong to the credentials of these headers.
    pub(super) fn belongs_to(&self, headers: &HeaderMap) -> bool {
        self.authorization.as_ref() == headers.get(header::AUTHORIZATION)
    }

    /// Assigns the jar to the credentials of these headers. Cookies of other credentials are forgotten.
    pub(super) fn assign_to(&mut self, headers: &HeaderMap) {
        if !self.belongs_to(headers) {
            self.cookies.clear();
            self.authorization = headers.get(header::AUTHORIZATION).cloned();
        }
    }

    /// Returns the `Cookie` header; `None` if there are no cookies.
    pub(super) fn header(&mut self) -> Option<HeaderValue> {
        let now = clock::now();
        self.cookies.retain(|cookie| cookie.until.is_none_or(|until| now < until));
        let pairs: Vec<_> =
            self.cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        let mut header = HeaderValue::try_from(pairs.join("; ")).ok().filter(|header| !header.is_empty())?;
        header.set_sensitive(true);
        Some(header)
    }

    /// Keeps the cookies that a response sets, and forgets those that it removes.
    pub(super) fn update(&mut self, headers: &HeaderMap) {
        for set in headers.get_all(header::SET_COOKIE) {
            let Some(cookie) = set.to_str().ok().and_then(Cookie::parse) else { continue };
            self.cookies.retain(|known| known.name != cookie.name);
            if cookie.until.is_none_or(|until| clock::now() < until) && self.cookies.len() < MAX_COOKIES {
                self.cookies.push(cookie);
            }
        }
    }
}

impl Cookie {
    /// Reads name, value and expiry. `Path` and `Domain` are ignored: every cookie of an instance is for all of it, and is sent to no
    /// other origin.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        if name.is_empty() {
            return None;
        }
        let (mut max_age, mut expires) = (None, None);
        for (attribute, value) in parts.filter_map(|part| part.split_once('=')) {
            match attribute {
                _ if attribute.eq_ignore_ascii_case("max-age") => max_age = lifetime(value),
                _ if attribute.eq_ignore_ascii_case("expires") => expires = until(value),
                _ => {}
            }
        }
        let until = max_age.or(expires).and_then(|left| clock::now().checked_add(left));
        Some(Self { name: name.to_owned(), value: value.to_owned(), until })
    }
}

fn lifetime(seconds: &str) -> Option<Duration> {
    seconds.parse::<i64>().ok().map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// Returns the time until a date, which the service writes with dashes.
fn until(date: &str) -> Option<Duration> {
    let date = httpdate::parse_http_date(&date.replace('-', " ")).ok()?;
    Some(date.duration_since(crate::Clock::new().now()).unwrap_or_default())
}

impl fmt::Debug for CookieJar {
    /// Writes the names, never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.cookies.iter().map(|cookie| &cookie.name)).finish()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;

    fn set(cookies: &[&'static str]) -> HeaderMap {
        cookies.iter().map(|cookie| (header::SET_COOKIE, HeaderValue::from_static(cookie))).collect()
    }

    /// The header of facts 1.4, which takes two cookies back in both ways.
    #[tokio::test(start_paused = true)]
    async fn keeps_what_is_set_until_its_end_and_forgets_what_is_taken_back() {
        let mut jar = CookieJar::default();
        jar.update(&set(&[
            "JSESSIONID=AB; Path=/; HttpOnly",
            "glide_user=; Max-Age=0; Expires=Thu, 01-Jan-1970 00:00:10 GMT; Path=/; HttpOnly",
            "glide_session_store=CD==; Max-Age=1800; Path=/",
            "old=x; Expires=Thu, 01-Jan-1970 00:00:10 GMT",
            "no cookie",
        ]));
        assert_eq!(jar.header().unwrap(), "JSESSIONID=AB; glide_session_store=CD==");
        tokio::time::advance(Duration::from_secs(1801)).await;
        assert_eq!(jar.header().unwrap(), "JSESSIONID=AB");
        jar.update(&set(&["JSESSIONID=EF"]));
        assert_eq!(jar.header().unwrap(), "JSESSIONID=EF");
        jar.update(&set(&["JSESSIONID=; Max-Age=-1"]));
        assert!(jar.header().is_none());
    }

    #[test]
    fn cookies_of_somebody_else_are_forgotten_and_no_value_is_shown() {
        let anna = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Bearer anna"))]);
        let mut jar = CookieJar::default();
        jar.assign_to(&anna);
        jar.update(&set(&["JSESSIONID=canary"]));
        assert_eq!(format!("{jar:?}"), r#"["JSESSIONID"]"#);
        jar.assign_to(&anna);
        assert!(jar.header().is_some_and(|header| header.is_sensitive()));
        jar.assign_to(&HeaderMap::new());
        assert!(jar.header().is_none());
    }
}
