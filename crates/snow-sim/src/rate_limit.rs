//! The rate rule: so many requests of a user in an hour (facts 8.1).

use crate::RateLimit;
use crate::response::SimResponse;
use http::StatusCode;
use std::collections::HashMap;
use std::time::Duration;

/// Counts the requests of each user, in windows of an hour with a fixed end.
#[derive(Debug, Default)]
pub(crate) struct RateCounter(HashMap<String, RateWindow>);

#[derive(Debug, Default)]
struct RateWindow {
    /// Its number since 1970.
    number: u64,
    requests: u32,
}

impl RateCounter {
    /// Counts a request. Returns the second at which the window ends, or the response to one too many.
    pub(crate) fn count(
        &mut self,
        user: &str,
        rule: RateLimit,
        now: Duration,
    ) -> Result<u64, Box<SimResponse>> {
        let now = now.as_secs();
        let number = now / 3_600;
        let reset = (number + 1) * 3_600;
        let window = self.0.entry(user.to_owned()).or_default();
        if window.number != number {
            *window = RateWindow { number, requests: 0 };
        }
        window.requests += 1;
        if window.requests > rule.per_hour {
            return Err(Box::new(rate_limited(rule.per_hour, reset - now, reset)));
        }
        Ok(reset)
    }
}

/// 429 with the headers of a rule.
pub(crate) fn rate_limited(limit: u32, wait: u64, reset: u64) -> SimResponse {
    let detail = format!("Rate limit of {limit} requests per hour for Table API exceeded");
    let response = SimResponse::error(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded", &detail);
    rate_headers(response, limit, reset).with("retry-after", &wait.to_string())
}

pub(crate) fn rate_headers(response: SimResponse, limit: u32, reset: u64) -> SimResponse {
    response
        .with("x-ratelimit-limit", &limit.to_string())
        .with("x-ratelimit-reset", &reset.to_string())
        .with("x-ratelimit-rule", "6d1a5c41c3b01300a7b3d2f1d840dd01")
}
