//! Queries with times, checked before they go out: an instance that reads times in another zone would select other records.

use crate::Error;
use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use crate::request::prove_times::prove;
use snow_core::ApiPath;

/// Proves how the instance reads times, if the query of the request has one.
pub(super) async fn validate(client: &ClientInner, request: &ApiRequest) -> Result<(), Error> {
    let Some(table) = request.queried_table() else { return Ok(()) };
    let query = match request.params.own_value("sysparm_query") {
        Some(text) => text.to_owned(),
        None => request.params.selection.query_text()?,
    };
    if !has_time(&query) {
        return Ok(());
    }
    prove(client, &ApiPath::table(table)?).await
}

/// Whether a text has a time such as `2026-06-26 09:30:00` in it.
fn has_time(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00 00:00:00";
    let is_time = |part: &[u8]| {
        part.iter()
            .zip(FORM)
            .all(|(byte, form)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form })
    };
    text.as_bytes().windows(FORM.len()).any(is_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_seen_wherever_it_stands() {
        assert!(has_time("active=true^sys_created_on>=2026-06-26 09:30:00^ORDERBYnumber"));
        for other in [
            "",
            "active=true",
            "sys_created_on>=2026-06-26",
            "x=javascript:gs.daysAgo(2)",
            "x=2026-06-26 09:30",
        ] {
            assert!(!has_time(other), "{other}");
        }
    }
}
