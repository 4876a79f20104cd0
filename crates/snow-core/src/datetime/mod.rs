//! Dates and times as the service stores them: UTC, to the second ([facts 1.6], [2.6][facts 2.6]).
//!
//! [`Date`] and [`DateTime`] convert to and from [`SystemTime`](std::time::SystemTime) and, with the features `chrono`, `time` and
//! `jiff`, the types of those crates. The modules named after the crates contain modules for `#[serde(with = "…")]`, so that a record's
//! struct can have their types.
//!
//! [facts 1.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#16-values
//! [facts 2.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#26-dates

mod calendar;
#[cfg(feature = "chrono")]
pub mod chrono;
#[cfg(feature = "jiff")]
pub mod jiff;
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
mod serde_with;
mod text;
#[cfg(feature = "time")]
pub mod time;

pub use calendar::{Date, DateTime};

#[cfg(test)]
mod tests {
    use super::{Date, DateTime};
    use crate::ErrorKind;
    use proptest::prelude::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "0000-01-01",
            "2026-1-1",
            "26-01-01",
            "2026-01-01 ",
            "",
        ] {
            assert_eq!(bad.parse::<Date>().unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
        for bad in ["2026-01-01", "2026-01-01 24:00:00", "2026-01-01T00:00:00", "2026-01-01 00:00:60"] {
            assert!(bad.parse::<DateTime>().is_err(), "{bad}");
        }
        let empty =
            ["".parse::<Date>().unwrap_err(), "".parse::<DateTime>().unwrap_err()].map(|e| e.to_string());
        assert_eq!(empty, ["it is empty: use Option<Date>", "it is empty: use Option<DateTime>"]);
        assert!("2024-02-29".parse::<Date>().is_ok() && "1900-02-29".parse::<Date>().is_err());
    }

    #[test]
    fn a_fraction_before_1970_is_cut_off_downwards_too() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_millis(500);
        assert_eq!(DateTime::from(before).to_string(), "1969-12-31 23:59:59");
    }

    proptest! {
        /// Compares with the calendar of another crate.
        #[test]
        fn days_are_those_of_the_calendar(unix in -62_135_596_800_i64..253_402_207_200) {
            let theirs = jiff::Timestamp::from_second(unix).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
            prop_assert_eq!(DateTime::from_unix(unix).to_string(), theirs.clone());
            prop_assert_eq!(theirs.parse::<DateTime>().unwrap().unix(), unix);
        }
    }

    #[test]
    fn what_looks_like_a_display_value_is_said_to_be_one() {
        for error in
            ["26.06.2026".parse::<Date>().unwrap_err(), "06/26/2026 09:30".parse::<DateTime>().unwrap_err()]
        {
            assert!(error.to_string().contains("request stored values"), "{error}");
        }
    }

    #[test]
    fn seconds_are_added_and_subtracted_without_overflow() {
        let moment = Date::new(2026, 2, 28).unwrap().at(23, 59, 59).unwrap();
        assert_eq!((moment + Duration::from_millis(1_999)).to_string(), "2026-03-01 00:00:00");
        assert_eq!((moment - Duration::from_secs(86_400)).to_string(), "2026-02-27 23:59:59");
        assert_eq!(DateTime::from_unix(i64::MAX) + Duration::MAX, DateTime::from_unix(i64::MAX));
        assert_eq!(DateTime::from_unix(i64::MIN) - Duration::MAX, DateTime::from_unix(i64::MIN));
    }

    proptest! {
        #[test]
        fn the_systems_time_goes_both_ways(unix in -62_135_596_800_i64..253_402_207_200) {
            let there = SystemTime::try_from(DateTime::from_unix(unix)).unwrap();
            prop_assert_eq!(DateTime::from(there).unix(), unix);
        }
    }
}
