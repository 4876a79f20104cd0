//! How long a service asks to wait. The caller decides how long it really waits.
#![warn(clippy::arithmetic_side_effects)]

use crate::Clock;
use http::{HeaderMap, StatusCode, header};
use std::time::{Duration, SystemTime};

/// The headers with the end of a rate rule's window (facts 8.1), including the names that gateways use.
const RESETS: [&str; 3] = ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"];

/// Below this number (a date in 2001), the end of a window is in seconds from now, otherwise in seconds since 1970.
const UNIX: u64 = 1_000_000_000;

/// Returns how long a response asks to wait: `Retry-After` in seconds or as a date, or else the end of a rate rule's window. Only
/// responses that ask to come back later count.
pub(crate) fn of(status: StatusCode, headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    if !matches!(status.as_u16(), 429 | 502..=504) {
        return None;
    }
    let texts =
        |name: &str| headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim);
    let asked = texts(header::RETRY_AFTER.as_str()).find_map(|text| of_text(text, clock));
    asked.or_else(|| RESETS.iter().flat_map(|name| texts(name)).find_map(|text| until_reset(text, clock)))
}

/// Returns whether a response comes from a rate rule.
pub(crate) fn has_rate_rule(headers: &HeaderMap) -> bool {
    let tells =
        |name: &str| ["x-ratelimit-", "x-rate-limit-", "ratelimit"].iter().any(|of| name.starts_with(of));
    headers.contains_key(header::RETRY_AFTER) || headers.keys().any(|name| tells(name.as_str()))
}

fn of_text(text: &str, clock: &Clock) -> Option<Duration> {
    let date = || httpdate::parse_http_date(text).ok().map(|date| until(date, clock));
    seconds(text).map(Duration::from_secs).or_else(date)
}

fn until_reset(text: &str, clock: &Clock) -> Option<Duration> {
    let reset = seconds(text)?;
    if reset < UNIX {
        return Some(Duration::from_secs(reset));
    }
    let moment = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset));
    Some(moment.map_or(Duration::MAX, |moment| until(moment, clock)))
}

fn until(moment: SystemTime, clock: &Clock) -> Duration {
    moment.duration_since(clock.now()).unwrap_or_default()
}

/// Parses a number of seconds; the largest possible one if it is larger.
fn seconds(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Formats a time in whole seconds.
pub(crate) fn in_words(time: Duration) -> String {
    let begun = u64::from(time.subsec_nanos() > 0);
    format!("{} s", time.as_secs().saturating_add(begun))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;

    fn told(status: u16, headers: &[(&'static str, &str)], clock: &Clock) -> Option<u64> {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).unwrap())
        });
        let headers = headers.collect();
        of(StatusCode::from_u16(status).unwrap(), &headers, clock).map(|wait| wait.as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn all_forms_are_read() {
        let clock = Clock::new();
        let date = |seconds| httpdate::fmt_http_date(clock.now() + Duration::from_secs(seconds));
        let reset = (clock.unix() + Duration::from_secs(90)).as_secs().to_string();
        let over = (clock.unix() - Duration::from_secs(90)).as_secs().to_string();
        for (status, name, value, from, to) in [
            (429, "retry-after", "7", Some(7), Some(7)),
            (503, "retry-after", date(60).as_str(), Some(59), Some(60)),
            (503, "retry-after", date(0).as_str(), Some(0), Some(0)),
            (429, "retry-after", "18446744073709551615", Some(u64::MAX), Some(u64::MAX)),
            (429, "retry-after", "99999999999999999999999", Some(u64::MAX), Some(u64::MAX)),
            (429, "x-ratelimit-reset", reset.as_str(), Some(89), Some(90)),
            (429, "x-ratelimit-reset", over.as_str(), Some(0), Some(0)),
            (429, "x-ratelimit-reset", "3", Some(3), Some(3)),
            (429, "ratelimit-reset", "30", Some(30), Some(30)),
            (429, "x-ratelimit-reset", "18446744073709551615", Some(u64::MAX), Some(u64::MAX)),
            (200, "x-ratelimit-reset", reset.as_str(), None, None),
            (429, "retry-after", "soon", None, None),
            (429, "retry-after", "-5", None, None),
            (429, "retry-after", "", None, None),
            (200, "retry-after", "7", None, None),
        ] {
            let found = told(status, &[(name, value)], &clock);
            assert!(found >= from && found <= to, "{status} {name} {value}: {found:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_read_hides_nothing_that_can() {
        let clock = Clock::new();
        for unreadable in ["soon", "-1", "1.5e3", "", "Mon, 99 Foo 2026"] {
            let headers = [("retry-after", unreadable), ("x-ratelimit-reset", "9")];
            assert_eq!(told(429, &headers, &clock), Some(9), "{unreadable}");
            assert_eq!(told(429, &[("retry-after", unreadable), ("retry-after", "4")], &clock), Some(4));
        }
        assert_eq!(told(429, &[("retry-after", "4"), ("x-ratelimit-reset", "9")], &clock), Some(4));
    }
}
