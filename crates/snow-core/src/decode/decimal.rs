//! Decimal numbers, compared digit by digit.

/// Returns whether two texts are the same decimal number, however they are written: `1.50` and `1.5`, `1e3` and `1000`.
///
/// The digits are compared as they are. No number is rounded, however long it is. A text that is not a decimal number
/// equals no other text.
///
/// ```
/// use snow_core::decode::is_same_number;
///
/// assert!(is_same_number("-2.0", "-2"));
/// assert!(!is_same_number("9007199254740993", "9007199254740992"));
/// assert!(!is_same_number("", "0"));
/// ```
pub fn is_same_number(one: &str, other: &str) -> bool {
    matches!((Decimal::parse(one), Decimal::parse(other)), (Some(one), Some(other)) if one == other)
}

/// `0.digits` times ten to the power of `exponent`. Zero has no digits, no sign and no exponent.
#[derive(PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    /// Neither the first nor the last one is a zero.
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (is_negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
            None => (rest, 0_i64),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, part].concat();
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let led = all.trim_start_matches('0');
        let digits = led.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { is_negative: false, digits, exponent: 0 });
        }
        let zeros = i64::try_from(all.len().checked_sub(led.len())?).ok()?;
        let exponent = exponent.checked_add(i64::try_from(whole.len()).ok()?)?.checked_sub(zeros)?;
        Some(Self { is_negative, digits, exponent })
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_way_of_writing_does_not_count() {
        for (one, other) in [
            ("7", "7.000"),
            ("-0", "0"),
            ("0.0", ".000e7"),
            ("+1.5", "0001.50"),
            ("1e3", "1000"),
            ("1E-3", ".001"),
            ("123.45e2", "12345"),
            ("100", "1.0e+2"),
        ] {
            assert!(is_same_number(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("1", "-1"),
            ("1", "10"),
            ("1", "1.0000000000000000000000000000001"),
            ("1e9223372036854775808", "1e9223372036854775808"),
            ("", "0"),
            (".", "0"),
            ("e1", "0"),
            ("1e", "1"),
            ("1.2.3", "1.2.3"),
            ("NaN", "NaN"),
            ("inf", "inf"),
            ("1,5", "1,5"),
            ("٣", "٣"),
        ] {
            assert!(!is_same_number(one, other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn integers_are_the_same_if_they_are_equal(one: i128, other: i128, zeros in 0_usize..5) {
            let (left, right) = (one.to_string(), other.to_string());
            prop_assert_eq!(is_same_number(&left, &right), one == other);
            let written = format!("{left}.{}e0", "0".repeat(zeros + 1));
            prop_assert!(is_same_number(&left, &written));
            let moved = format!("{left}{}e-{zeros}", "0".repeat(zeros));
            prop_assert!(is_same_number(&left, &moved));
        }

        #[test]
        fn a_digit_more_or_less_counts(digits in "[1-9][0-9]{0,40}", at in 0_usize..41, places in 0_usize..41) {
            let at = at % digits.len();
            let other: String = digits.char_indices()
                .map(|(place, digit)| if place == at { if digit == '9' { '8' } else { '9' } } else { digit }).collect();
            let point = |text: &str| {
                let (whole, part) = text.split_at(text.len() - places.min(text.len()));
                format!("{whole}.{part}")
            };
            prop_assert!(!is_same_number(&point(&digits), &point(&other)));
            prop_assert!(is_same_number(&point(&digits), &point(&digits)));
        }
    }
}
