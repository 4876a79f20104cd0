//! What the service made of a write: its echo, compared with what was sent (facts 1.7).

use crate::Record;
use crate::call::{Call, Prepared};
use serde_json::{Map, Value};
use snow_core::{DisplayValue, Error, Field, Kind};

/// Fields whose values are appended to, and of which the stored form shows nothing (facts 1.6).
const JOURNALS: [&str; 3] = ["comments", "work_notes", "comments_and_work_notes"];

/// The answer to a write, and what became of the fields that were sent: see [`Call::compared`]. Those that are named nowhere
/// here are as they were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Echo<T = Record> {
    /// The record, after the rules of the instance that run before it is stored.
    pub record: T,
    /// Fields that the record does not have: they do not exist, or this user may not read them. The service takes such a
    /// field without a word, and ignores it.
    pub ignored: Vec<String>,
    /// Fields with another value than was sent: this user may not write them, the value is none that they take, or a rule
    /// changed it.
    pub changed: Vec<Changed>,
    /// Fields of which the answer does not tell: journals, which are appended to and come empty; values that were sent as what
    /// a person sees, unless they came back as such; lists and objects, which no field takes; fields outside a view.
    pub unknown: Vec<String>,
}

impl<T> Echo<T> {
    /// Whether no field is known to have been ignored or changed.
    pub fn is_as_sent(&self) -> bool {
        self.ignored.is_empty() && self.changed.is_empty()
    }
}

/// A field that has another value than was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// Its name.
    pub field: String,
    /// The value that it has.
    pub now: String,
}

impl<T: 'static> Call<T> {
    /// Of a creation or a change: compares the answer with what was sent. The service answers 200 to fields that do not exist or
    /// may not be written, to choices that are not in their list, and to whatever its rules change (facts 1.6, 1.7).
    ///
    /// The fields that were sent are asked for in any case, beside those of [`fields`](Self::fields) or of the type. References are
    /// compared by their `sys_id`, numbers and booleans by their value. A journal field of one's own looks in stored values like one
    /// that was emptied: with `display_value(DisplayValue::All)` it is told apart. Of an answer in display values alone, little
    /// can be compared: what differs is `unknown`.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use serde_json::json;
    ///
    /// let fields = json!({ "short_description": "No wifi", "urgncy": 1, "impact": "urgent", "work_notes": "Called back" });
    /// let echo = client.table("incident").create(&fields).compared().await?;
    /// assert_eq!(echo.ignored, ["urgncy"]);
    /// assert_eq!((echo.changed[0].field.as_str(), echo.changed[0].now.as_str()), ("impact", "3"));
    /// assert_eq!(echo.unknown, ["work_notes"]);
    /// assert!(echo.record.value("number")?.starts_with("INC"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] for a call that sends no fields.
    pub fn compared(mut self) -> Call<Echo<T>> {
        let sent = match self.sent() {
            Ok(sent) => sent,
            Err(error) => {
                self.request = Err(error);
                Map::new()
            }
        };
        if let Ok(request) = &mut self.request {
            request.needed.extend(sent.keys().cloned());
        }
        self.then(move |record, answer, request| {
            let mut echo = Echo { record, ignored: Vec::new(), changed: Vec::new(), unknown: Vec::new() };
            let (raw, form) = (answer.one()?, Form::of(request));
            for (name, value) in &sent {
                match form.verdict(name, value, raw.get(name))? {
                    Verdict::AsSent => {}
                    Verdict::Ignored => echo.ignored.push(name.clone()),
                    Verdict::Changed(now) => echo.changed.push(Changed { field: name.clone(), now }),
                    Verdict::Unknown => echo.unknown.push(name.clone()),
                }
            }
            Ok(echo)
        })
    }

    /// Of a creation or a change: an error if the service ignored or changed any field that was sent, as far as its
    /// [answer tells](Self::compared).
    ///
    /// # Errors
    /// [`Kind::NotAsSent`], which names the fields. **The write was carried out all the same.**
    pub fn strict(self) -> Self {
        self.compared().then(|echo, answer, _| match echo.is_as_sent() {
            true => Ok(echo.record),
            false => Err(Error::new(Kind::NotAsSent, told(&echo)).with_status(answer.status())),
        })
    }

    /// What the call sends.
    pub(crate) fn sent(&self) -> Result<Map<String, Value>, Error> {
        let request = self.request.as_ref().map_err(Clone::clone)?;
        let unfit = |why| Error::new(Kind::InvalidInput, why);
        let body = request
            .body
            .as_ref()
            .ok_or_else(|| unfit("only a creation or a change sends fields to compare"))?;
        serde_json::from_slice(body).map_err(|e| unfit("the fields cannot be compared").with_source(e))
    }
}

/// Names alone: values may be anything.
fn told<T>(echo: &Echo<T>) -> String {
    let changed: Vec<&str> = echo.changed.iter().map(|changed| changed.field.as_str()).collect();
    let part = |did: &str, fields: &[&str]| match fields {
        [] => None,
        fields => Some(format!("{did} {}", fields.join(", "))),
    };
    let ignored: Vec<&str> = echo.ignored.iter().map(String::as_str).collect();
    let parts = [part("ignored", &ignored), part("changed or refused", &changed)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("the write was carried out, but the service {}", parts.join(", and "))
}

enum Verdict {
    AsSent,
    Ignored,
    Changed(String),
    Unknown,
}

/// In which form values were sent, and in which they came back.
struct Form {
    sent_as_shown: bool,
    came: Came,
    /// Which fields came is up to a view.
    by_view: bool,
}

#[derive(PartialEq)]
enum Came {
    Stored,
    Shown,
    Both,
}

impl Form {
    fn of(request: &Prepared) -> Self {
        let params = &request.params;
        let came = match params.display_values() {
            DisplayValue::Display => Came::Shown,
            DisplayValue::All => Came::Both,
            _ => Came::Stored,
        };
        Self {
            sent_as_shown: params.get("sysparm_input_display_value").as_deref() == Some("true"),
            came,
            by_view: params.get("sysparm_view").is_some() && params.get("sysparm_fields").is_none(),
        }
    }

    fn verdict(&self, name: &str, sent: &Value, field: Option<Field<'_>>) -> Result<Verdict, Error> {
        let Some(field) = field else {
            return Ok(if self.by_view { Verdict::Unknown } else { Verdict::Ignored });
        };
        if JOURNALS.contains(&name) || sent.is_object() || sent.is_array() {
            return Ok(Verdict::Unknown);
        }
        Ok(match (self.sent_as_shown, &self.came) {
            (true, Came::Stored) => Verdict::Unknown,
            (true, Came::Both) => sure(field.display_value()?.is_some_and(|shown| is_same(sent, &shown))),
            (true, Came::Shown) => sure(is_same(sent, &field.value()?)),
            // A reference comes with its link, which ends in its sys_id.
            (false, Came::Shown) => {
                let linked = field.link()?.is_some_and(|link| link.rsplit('/').next() == sent.as_str());
                sure(linked || is_same(sent, &field.value()?))
            }
            (false, _) if is_same(sent, &field.value()?) => Verdict::AsSent,
            (false, Came::Both) if is_journal(field)? => Verdict::Unknown,
            (false, _) => Verdict::Changed(field.value()?.into_owned()),
        })
    }
}

fn sure(same: bool) -> Verdict {
    if same { Verdict::AsSent } else { Verdict::Unknown }
}

/// Whether nothing is stored, and yet something shown: the log of a journal (facts 1.6).
fn is_journal(field: Field<'_>) -> Result<bool, Error> {
    Ok(field.value()?.is_empty() && field.display_value()?.is_some_and(|shown| !shown.is_empty()))
}

/// Whether a value is what was sent, which may have been a number or a boolean where the service has text.
fn is_same(sent: &Value, now: &str) -> bool {
    match sent {
        Value::String(text) => text == now,
        Value::Null => now.is_empty(),
        Value::Bool(true) => matches!(now, "true" | "1"),
        Value::Bool(false) => matches!(now, "false" | "0"),
        Value::Number(number) => {
            let number = number.to_string();
            number == now
                || matches!((number.parse::<f64>(), now.parse::<f64>()), (Ok(a), Ok(b)) if a.total_cmp(&b).is_eq())
        }
        Value::Array(_) | Value::Object(_) => false,
    }
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
            assert!(is_same(&sent, now), "{sent} {now}");
        }
        for (sent, now) in [
            (json!("1"), "01"),
            (json!(7), ""),
            (json!(null), "null"),
            (json!(true), "yes"),
            (json!([]), "[]"),
        ] {
            assert!(!is_same(&sent, now), "{sent} {now}");
        }
        // Past the digits of a float, only the same digits are the same.
        assert!(is_same(&json!(9_007_199_254_740_993_u64), "9007199254740993"));
    }
}
