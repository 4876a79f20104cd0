//! The stored value of a field, read as what the dictionary says it is (facts 1.6).

use super::cell::Cell;
use super::field::Field;
use crate::{Date, DateTime, Error, SysId};
use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

/// Methods that read the stored value as a type.
///
/// Each returns an error that names the field if the value does not fit, also if it is empty: call
/// [`is_empty`](Field::is_empty) first, or [`read`](Field::read) an `Option`. A display value is never read as a stored value: a
/// date in it may be a different day.
impl<'a> Field<'a> {
    /// Returns the value as an integer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for any other value, and for integers that do not fit 64 bits.
    pub fn integer(self) -> Result<i64, Error> {
        self.parsed("is not a whole number of 64 bits")
    }

    /// Returns the value as the text of a decimal number, without rounding.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for any other value.
    pub fn decimal(self) -> Result<Cow<'a, str>, Error> {
        let text = self.text()?;
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit());
        if all_digits && !(whole.is_empty() && part.is_empty()) {
            Ok(text)
        } else {
            Err(self.unfit("is not a decimal number"))
        }
    }

    /// Returns the value as a floating-point number, rounded to 64 bits.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for any other value.
    pub fn float(self) -> Result<f64, Error> {
        float(&self.text()?).ok_or_else(|| self.unfit("is not a number"))
    }

    /// Returns the value as a boolean.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for any other value.
    pub fn boolean(self) -> Result<bool, Error> {
        self.parsed("is neither true nor false")
    }

    /// Returns the value as a date and time, in UTC as it is stored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for any other value.
    pub fn date_time(self) -> Result<DateTime, Error> {
        self.parsed("is not a date and time in UTC")
    }

    /// Returns the value as a date.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for any other value.
    pub fn date(self) -> Result<Date, Error> {
        self.parsed("is not a date")
    }

    /// Returns the value as a duration, which the service stores as a time after the start of 1970.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for any other value, and for times before 1970, which
    /// [`duration_seconds`](Self::duration_seconds) reads.
    pub fn duration(self) -> Result<Duration, Error> {
        let time: DateTime = self.parsed("is not a duration")?;
        u64::try_from(time.unix())
            .map(Duration::from_secs)
            .map_err(|_| self.unfit("is a duration of less than nothing"))
    }

    /// Returns the value as a duration in whole seconds, which is negative if the service stores a time before 1970.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for any other value.
    pub fn duration_seconds(self) -> Result<i64, Error> {
        let time: DateTime = self.parsed("is not a duration")?;
        Ok(time.unix())
    }

    /// Returns the stored value as text; `""` for null.
    ///
    /// Unlike [`value`](Self::value), it never returns a display value in place of a stored one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the request asked for display values only, and for JSON that no text can
    /// hold.
    #[inline]
    pub fn stored_value(self) -> Result<Cow<'a, str>, Error> {
        self.text()
    }

    /// Returns the entries of a list, such as the ids and addresses in a `glide_list`. An empty value has no entries.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if there is no stored text.
    pub fn list(self) -> Result<Vec<Cow<'a, str>>, Error> {
        let parts = |text: &'a str| parts(text).map(Cow::Borrowed).collect();
        Ok(match self.text()? {
            Cow::Borrowed(text) => parts(text),
            Cow::Owned(text) => self::parts(&text).map(|part| Cow::Owned(part.to_owned())).collect(),
        })
    }

    /// Returns the value as a `sys_id`, such as that of a reference.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for any other value.
    pub fn sys_id(self) -> Result<SysId, Error> {
        self.parsed("is not a sys_id")
    }

    pub(super) fn parsed<T: FromStr>(self, why: &str) -> Result<T, Error> {
        self.text()?.parse().map_err(|_| self.refused(why))
    }

    /// The text of the stored value.
    #[inline]
    pub(super) fn text(self) -> Result<Cow<'a, str>, Error> {
        // Nearly every value is a string.
        if self.json().starts_with('"') && !self.is_displayed() {
            return self.string();
        }
        self.stored()?.value()
    }

    /// The part of it that is the stored value.
    #[inline]
    pub(super) fn stored(self) -> Result<Self, Error> {
        match Cell::of(self.json()).filter(Cell::is_plain) {
            // A record's own id is the same for everybody.
            None if self.is_displayed() && self.name() != "sys_id" => Err(self.unfit(SEEN)),
            None => Ok(self),
            Some(Cell { value: Some(value), .. }) => Ok(self.part(value)),
            Some(_) => Err(self.unfit(SEEN)),
        }
    }

    fn refused(self, why: impl Display) -> Error {
        if self.is_empty() { self.unfit("is empty") } else { self.unfit(why) }
    }
}

const SEEN: &str =
    "is what a person sees, and its stored value was not asked for (ask for both, by display_value=all)";

/// A floating-point number, if the text is a number that its type can hold. Rust would read `inf` and `NaN`, too, and what is too
/// large as infinity.
pub(super) fn float<T: FromStr + Into<f64> + Copy>(text: &str) -> Option<T> {
    let is_number = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    let number: T = text.parse().ok().filter(|_| is_number)?;
    number.into().is_finite().then_some(number)
}

pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::{ErrorKind, Record};
    use std::time::Duration;

    fn record(json: &str) -> Record {
        serde_json::from_str(&format!(r#"{{"f":{json}}}"#)).unwrap()
    }

    macro_rules! read {
        ($json:expr, $reading:ident) => {
            record($json).field("f").unwrap().$reading()
        };
    }

    #[test]
    fn what_fits_is_read() {
        assert_eq!(read!(r#""-42""#, integer).unwrap(), -42);
        assert_eq!(read!("42", integer).unwrap(), 42);
        assert_eq!(read!(r#"{"display_value":"1,042","value":"1042"}"#, integer).unwrap(), 1042);
        assert_eq!(read!(r#""1.50""#, decimal).unwrap(), "1.50");
        assert_eq!(read!(r#""1.50""#, float).unwrap().to_bits(), 1.5_f64.to_bits());
        assert!(read!(r#""true""#, boolean).unwrap() && !read!("false", boolean).unwrap());
        assert_eq!(read!(r#""2026-06-26 09:30:00""#, date_time).unwrap().to_string(), "2026-06-26 09:30:00");
        assert_eq!(read!(r#""2026-06-26""#, date).unwrap().to_string(), "2026-06-26");
        assert_eq!(read!(r#""1970-01-03 00:00:06""#, duration).unwrap(), Duration::from_secs(2 * 86_400 + 6));
        for (text, seconds) in [("1970-01-03 00:00:06", 172_806), ("1969-12-31 23:59:59", -1)] {
            assert_eq!(read!(&format!("{text:?}"), duration_seconds).unwrap(), seconds);
        }
        assert_eq!(read!(r#""a1, b@example.com,""#, list).unwrap(), ["a1", "b@example.com"]);
        assert!(read!(r#""""#, list).unwrap().is_empty());
        assert_eq!(read!(r#"{"display_value":"A","value":"a"}"#, stored_value).unwrap(), "a");
        assert_eq!(read!("null", stored_value).unwrap(), "");
        assert_eq!(read!(r#""\u0067lobal""#, sys_id).unwrap().to_string(), "global");
    }

    #[test]
    fn what_does_not_fit_is_an_error_that_names_field_and_text() {
        let errors = [
            read!(r#""4 2""#, integer).map(drop),
            read!(r#""9223372036854775808""#, integer).map(drop),
            read!(r#""1,5""#, decimal).map(drop),
            read!(r#"".""#, decimal).map(drop),
            read!(r#""inf""#, float).map(drop),
            read!(r#""Yes""#, boolean).map(drop),
            read!(r#""26/06/2026 09:30:00""#, date_time).map(drop),
            read!(r#""2 Days""#, duration).map(drop),
            read!(r#""2 Days""#, duration_seconds).map(drop),
            read!(r#""1969-12-31 23:59:59""#, duration).map(drop),
            read!(r#""a b""#, sys_id).map(drop),
            read!(r#"{"display_value":"A","link":"l"}"#, stored_value).map(drop),
            read!(r#"{"display_value":"1","link":"l"}"#, integer).map(drop),
            read!(r#""""#, integer).map(drop),
        ];
        for error in errors {
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().starts_with("the field \"f\": "), "{error}");
        }
        let empty = read!(r#"{"display_value":"","value":""}"#, date).unwrap_err();
        assert!(empty.to_string().contains("is empty"), "{empty}");
    }
}
