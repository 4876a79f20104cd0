//! Compares a field that was sent with the one in the response.

use crate::request::api_request::ApiRequest;
use snow_core::decode::is_same_number;
use snow_core::{DisplayValue, Error, Field};

/// Fields whose values are appended to, and of which the stored form shows nothing (facts 1.6).
const JOURNALS: [&str; 3] = ["comments", "work_notes", "comments_and_work_notes"];

/// What became of a field that was sent.
pub(super) enum FieldOutcome {
    AsSent,
    Ignored,
    Changed(String),
    Unknown,
}

impl FieldOutcome {
    /// The outcome where only equality is conclusive.
    fn as_sent_if(is_same: bool) -> Self {
        if is_same { Self::AsSent } else { Self::Unknown }
    }
}

/// Compares fields in the forms in which they were sent and came back.
pub(super) struct FieldComparison {
    sent_as_display: bool,
    returned: ReturnedValues,
    /// Whether a view decides which fields come back.
    has_view: bool,
}

enum ReturnedValues {
    Stored,
    Display,
    Both,
}

impl FieldComparison {
    pub(super) fn of(request: &ApiRequest) -> Self {
        let params = &request.params;
        let returned = match params.shape.display() {
            DisplayValue::Display => ReturnedValues::Display,
            DisplayValue::All => ReturnedValues::Both,
            _ => ReturnedValues::Stored,
        };
        Self { sent_as_display: params.written.is_displayed(), returned, has_view: params.shape.is_by_view() }
    }

    /// Returns what became of a field. `sent`: its value in JSON.
    pub(super) fn outcome(
        &self,
        name: &str,
        sent: &str,
        field: Option<Field<'_>>,
    ) -> Result<FieldOutcome, Error> {
        let Some(field) = field else {
            return Ok(if self.has_view { FieldOutcome::Unknown } else { FieldOutcome::Ignored });
        };
        if JOURNALS.contains(&name) || sent.starts_with(['{', '[']) {
            return Ok(FieldOutcome::Unknown);
        }
        match self.sent_as_display {
            true => self.display_outcome(sent, field),
            false => self.stored_outcome(sent, field),
        }
    }

    fn display_outcome(&self, sent: &str, field: Field<'_>) -> Result<FieldOutcome, Error> {
        Ok(match self.returned {
            ReturnedValues::Stored => FieldOutcome::Unknown,
            ReturnedValues::Both => {
                let shown = field.display_value()?;
                FieldOutcome::as_sent_if(shown.is_some_and(|shown| is_same(sent, &shown)))
            }
            ReturnedValues::Display => FieldOutcome::as_sent_if(is_same(sent, &field.value()?)),
        })
    }

    fn stored_outcome(&self, sent: &str, field: Field<'_>) -> Result<FieldOutcome, Error> {
        Ok(match self.returned {
            // A reference comes with its link, which ends in its sys_id.
            ReturnedValues::Display => {
                let id = string(sent);
                let is_linked = field.link()?.is_some_and(|link| link.rsplit('/').next() == id.as_deref());
                FieldOutcome::as_sent_if(is_linked || is_same(sent, &field.value()?))
            }
            _ if is_same(sent, &field.value()?) => FieldOutcome::AsSent,
            ReturnedValues::Both if is_journal(field)? => FieldOutcome::Unknown,
            _ => FieldOutcome::Changed(field.value()?.into_owned()),
        })
    }
}

/// Whether nothing is stored, and yet something is shown: the log of a journal (facts 1.6).
fn is_journal(field: Field<'_>) -> Result<bool, Error> {
    Ok(field.value()?.is_empty() && field.display_value()?.is_some_and(|shown| !shown.is_empty()))
}

/// Whether a value is what was sent in JSON. A number or a boolean in JSON is text for the service. Numbers are compared digit by
/// digit, without rounding.
fn is_same(sent: &str, now: &str) -> bool {
    match sent {
        "null" => now.is_empty(),
        "true" => matches!(now, "true" | "1"),
        "false" => matches!(now, "false" | "0"),
        _ if sent.starts_with('"') => string(sent).is_some_and(|text| text == now),
        _ => is_same_number(sent, now),
    }
}

/// The string that was sent, if it was one.
fn string(sent: &str) -> Option<String> {
    serde_json::from_str(sent).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_the_same_whatever_they_were_sent_as() {
        for (sent, now) in [
            (json!("x"), "x"),
            (json!(""), ""),
            (json!(null), ""),
            (json!(true), "true"),
            (json!(false), "0"),
            (json!(7), "7"),
            (json!(1.5), "1.50"),
            (json!(-2.0), "-2"),
        ] {
            assert!(is_same(&sent.to_string(), now), "{sent} {now}");
        }
        for (sent, now) in [
            (json!("1"), "01"),
            (json!(7), ""),
            (json!(null), "null"),
            (json!(true), "yes"),
            (json!([]), "[]"),
        ] {
            assert!(!is_same(&sent.to_string(), now), "{sent} {now}");
        }
    }

    #[test]
    fn numbers_are_compared_digit_by_digit() {
        assert!(is_same("9007199254740993", "9007199254740993"));
        assert!(!is_same("9007199254740993", "9007199254740992"));
        assert!(is_same(
            "340282366920938463463374607431768211456",
            "340282366920938463463374607431768211456.0"
        ));
        assert!(!is_same(
            "340282366920938463463374607431768211456",
            "340282366920938463463374607431768211457"
        ));
        assert!(!is_same("0.1", "0.10000000000000000555"));
        assert!(is_same("1e21", "1000000000000000000000"));
        assert!(!is_same("1e999", "inf") && !is_same("1e999", "1e998"));
    }
}
