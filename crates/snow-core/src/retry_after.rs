//! How long a service asks to wait.

use crate::Clock;
use http::{HeaderMap, StatusCode, header};
use std::time::{Duration, SystemTime};

/// What an answer says about when to come back: `Retry-After` in seconds or as a date, or when the window of a rate rule
/// ends (facts 8.1). Only of answers that say "not now".
pub(crate) fn of(status: StatusCode, headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    if !matches!(status.as_u16(), 429 | 502..=504) {
        return None;
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let until = |moment: SystemTime| moment.duration_since(clock.now()).unwrap_or_default();
    if let Some(wait) = text(header::RETRY_AFTER.as_str()) {
        let seconds = wait.parse().ok().map(Duration::from_secs);
        return seconds.or_else(|| httpdate::parse_http_date(wait).ok().map(until));
    }
    let reset = text("x-ratelimit-reset")?.parse().ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset)).map(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn both_forms_and_the_end_of_the_window_are_read() {
        let clock = Clock::new();
        let date = |seconds| httpdate::fmt_http_date(clock.now() + Duration::from_secs(seconds));
        let reset = (clock.unix() + Duration::from_secs(90)).as_secs().to_string();
        for (status, name, value, from, to) in [
            (429, "retry-after", "7".to_owned(), Some(7), Some(7)),
            (503, "retry-after", date(60), Some(59), Some(60)),
            (503, "retry-after", date(0), Some(0), Some(0)),
            (429, "x-ratelimit-reset", reset.clone(), Some(89), Some(90)),
            (200, "x-ratelimit-reset", reset, None, None),
            (429, "retry-after", "soon".to_owned(), None, None),
            (200, "retry-after", "7".to_owned(), None, None),
        ] {
            let headers =
                HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())]);
            let found =
                of(StatusCode::from_u16(status).unwrap(), &headers, &clock).map(|wait| wait.as_secs());
            assert!(found >= from && found <= to, "{status} {name} {value}: {found:?}");
        }
    }
}
