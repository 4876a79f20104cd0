//! The parameters of one request.

use crate::{Error, Kind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::fmt;

/// Everything but RFC 3986's unreserved characters and the comma, which lists of fields are full of.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b',');

/// What a record's values are: stored values, what a person sees, or both (`sysparm_display_value`, facts 1.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisplayValue {
    /// Stored values: choice values, sys_ids, UTC times.
    #[default]
    Stored,
    /// Labels and names; times in the caller's zone and format, which cannot be read back in general.
    Display,
    /// Both.
    All,
}

/// The parameters of one request, encoded as they are set.
///
/// They belong to that request: nothing is shared and nothing leaks into the next. Setting one twice keeps the second.
/// The order is the order of setting.
///
/// ```
/// use snow_core::{DisplayValue, Params};
///
/// let params = Params::new()
///     .query("active=true^ORDERBYnumber")
///     .fields(["number", "caller_id.name"])
///     .display_value(DisplayValue::All)
///     .limit(10)
///     .limit(5);
/// assert_eq!(
///     params.as_str(),
///     "sysparm_query=active%3Dtrue%5EORDERBYnumber&sysparm_fields=number,caller_id.name&sysparm_display_value=all&sysparm_limit=5",
/// );
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Params {
    encoded: String,
}

impl Params {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// `sysparm_query`: an encoded query, as it stands in the address bar's "Copy query". **Raw**: a value spliced into
    /// it can add conditions, and an unknown field is dropped by the service, so that the query widens (facts 2.5).
    #[must_use]
    pub fn query(self, query: impl AsRef<str>) -> Self {
        self.set("sysparm_query", query.as_ref())
    }

    /// `sysparm_fields`: the fields to answer with; dot-walks such as `caller_id.name` are allowed. The service leaves
    /// out fields that do not exist or may not be read, without notice (facts 1.2).
    #[must_use]
    pub fn fields<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        let list = fields.into_iter().fold(String::new(), |mut list, field| {
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(field.as_ref());
            list
        });
        self.set("sysparm_fields", &list)
    }

    /// `sysparm_limit`: at most this many rows. The service's own default is 10,000 (facts 1.2).
    #[must_use]
    pub fn limit(self, rows: u32) -> Self {
        self.set("sysparm_limit", &rows.to_string())
    }

    /// `sysparm_offset`: how many rows to skip. Without an order that is unique, rows repeat and get lost (facts 9).
    #[must_use]
    pub fn offset(self, rows: u32) -> Self {
        self.set("sysparm_offset", &rows.to_string())
    }

    /// `sysparm_display_value`: stored values, display values or both.
    #[must_use]
    pub fn display_value(self, values: DisplayValue) -> Self {
        let word = match values {
            DisplayValue::Stored => "false",
            DisplayValue::Display => "true",
            DisplayValue::All => "all",
        };
        self.set("sysparm_display_value", word)
    }

    /// `sysparm_exclude_reference_link`: whether references come without their `link`.
    #[must_use]
    pub fn exclude_reference_link(self, exclude: bool) -> Self {
        self.set("sysparm_exclude_reference_link", if exclude { "true" } else { "false" })
    }

    /// A parameter of any other name.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] for an empty name.
    pub fn custom(self, name: &str, value: &str) -> Result<Self, Error> {
        if name.is_empty() {
            return Err(Error::new(Kind::InvalidInput, "a parameter has no name"));
        }
        Ok(self.set(&utf8_percent_encode(name, QUERY).to_string(), value))
    }

    /// The value of a parameter that is set.
    pub fn get(&self, name: &str) -> Option<String> {
        let encoded = utf8_percent_encode(name, QUERY).to_string();
        let mut pairs = self.encoded.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(given, _)| *given == encoded)?;
        Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
    }

    /// Sets a parameter whose name is already encoded.
    fn set(mut self, name: &str, value: &str) -> Self {
        self.remove(name);
        if !self.encoded.is_empty() {
            self.encoded.push('&');
        }
        self.encoded.push_str(name);
        self.encoded.push('=');
        self.encoded.extend(utf8_percent_encode(value, QUERY));
        self
    }

    fn remove(&mut self, name: &str) {
        let is_it = |pair: &&str| pair.split_once('=').is_some_and(|(n, _)| n == name);
        if self.encoded.split('&').any(|pair| is_it(&pair)) {
            self.encoded = self.encoded.split('&').filter(|pair| !is_it(pair)).collect::<Vec<_>>().join("&");
        }
    }

    /// The query of a URI, without its `?`.
    pub fn as_str(&self) -> &str {
        &self.encoded
    }

    /// Whether no parameter is set.
    pub fn is_empty(&self) -> bool {
        self.encoded.is_empty()
    }
}

impl fmt::Debug for Params {
    /// Names only: values may be anything that a user searches for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.encoded.split('&').filter_map(|pair| Some(pair.split_once('=')?.0));
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn debug_shows_names_and_no_values() {
        let params = Params::new().query("name=canary").limit(1);
        assert_eq!(format!("{params:?}"), r#"["sysparm_query", "sysparm_limit"]"#);
    }

    #[test]
    fn a_custom_parameter_needs_a_name() {
        assert_eq!(Params::new().custom("", "x").unwrap_err().kind(), Kind::InvalidInput);
        assert_eq!(Params::new().custom("a&b", "c=d&e").unwrap().as_str(), "a%26b=c%3Dd%26e");
    }

    proptest! {
        #[test]
        fn any_value_stays_one_pair_and_decodes_to_itself(first in "\\PC{0,20}", second in "\\PC{0,20}") {
            let params = Params::new().query("replaced").query(&first).custom("x", &second).unwrap();
            let pairs: Vec<_> = params.as_str().split('&').map(|pair| pair.split_once('=').unwrap()).collect();
            prop_assert_eq!(pairs.len(), 2);
            let decode = |text| percent_decode_str(text).decode_utf8().unwrap().into_owned();
            prop_assert_eq!((pairs[0].0, decode(pairs[0].1)), ("sysparm_query", first));
            prop_assert_eq!((pairs[1].0, decode(pairs[1].1)), ("x", second.clone()));
            prop_assert_eq!(params.get("x"), Some(second));
            prop_assert_eq!(params.get("y"), None);
        }
    }
}
