//! Whether the query of a request names a time or a date, which the instance could read in another zone.

use crate::request::api_request::ApiRequest;

impl ApiRequest {
    /// Whether the query names a time or a date. One that cannot be encoded names none: it is refused when it is sent.
    pub(crate) fn names_a_time(&self) -> bool {
        if self.queried_table().is_none() {
            return false;
        }
        match self.params.own_value("sysparm_query") {
            Some(text) => has_date(text),
            None => self.params.selection.condition_text().is_ok_and(|text| has_date(&text)),
        }
    }
}

/// Whether a text has a date such as `2026-06-26` in it, alone or with a time.
fn has_date(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00";
    let is_date = |part: &[u8]| {
        part.iter()
            .zip(FORM)
            .all(|(byte, form)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form })
    };
    text.as_bytes().windows(FORM.len()).any(is_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_seen_wherever_it_stands() {
        for named in [
            "active=true^sys_created_on>=2026-06-26 09:30:00^ORDERBYnumber",
            "sys_created_on>=2026-06-26",
            "opened_atBETWEEN2026-06-26 00:00:00@2026-06-27 00:00:00",
        ] {
            assert!(has_date(named), "{named}");
        }
        for other in ["", "active=true", "x=javascript:gs.daysAgo(2)", "number=CHG2026-6-26", "u=2026-06-2"] {
            assert!(!has_date(other), "{other}");
        }
    }
}
