//! Decimal numbers as integers with a scale, without rounding.

/// Returns a decimal number times 10 to the power of `scale`; `None` for any other text, and for a number with more digits than
/// `scale` after the point, or more than `precision` in all. Zeros at both ends do not count.
pub(crate) fn parse(text: &str, precision: u8, scale: u8) -> Option<i128> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let scale = usize::from(scale);
    let (kept, rest) = fraction.as_bytes().split_at(fraction.len().min(scale));
    if rest.iter().any(|byte| *byte != b'0') {
        return None;
    }
    let number = whole.as_bytes().iter().chain(kept).try_fold(0_i128, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })?;
    let missing = u32::try_from(scale.saturating_sub(kept.len())).ok()?;
    let number = number.checked_mul(10_i128.checked_pow(missing)?)?;
    let limit = 10_i128.checked_pow(u32::from(precision))?;
    (number < limit).then_some(if is_negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_exact_or_refused() {
        for (text, number) in [
            ("-12345678901234.1234567", Some(-123_456_789_012_341_234_567)),
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("9.50", Some(95_000_000)),
            ("9.500000000000", Some(95_000_000)),
            (".5", Some(5_000_000)),
            ("5.", Some(50_000_000)),
            ("0009", Some(90_000_000)),
            ("0.00000001", None),
            ("1e3", None),
            ("1,5", None),
            (".", None),
            ("-", None),
            ("", None),
            ("+1", None),
            ("--1", None),
            ("1.2.3", None),
            ("1.-2", None),
            ("\u{661}", None),
            (
                "9999999999999999999999999999999.9999999",
                Some(99_999_999_999_999_999_999_999_999_999_999_999_999),
            ),
            ("10000000000000000000000000000000", None),
            ("999999999999999999999999999999999999999999999999999999999", None),
        ] {
            assert_eq!(parse(text, 38, 7), number, "{text}");
        }
        assert_eq!((parse("99.99", 4, 2), parse("100", 4, 2), parse("1", 38, 38)), (Some(9_999), None, None));
        assert_eq!(parse("0.1", 38, 38), Some(10_i128.pow(37)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(number in -10_i128.pow(37)..10_i128.pow(37), scale in 0_u8..=37) {
            let (sign, digits) = (if number < 0 { "-" } else { "" }, format!("{:038}", number.abs()));
            let (whole, fraction) = digits.split_at(38 - usize::from(scale));
            prop_assert_eq!(parse(&format!("{sign}{whole}.{fraction}"), 38, scale), Some(number));
        }

        #[test]
        fn no_text_is_read_as_a_number_that_it_is_not(text in "[-+0-9.eE ,]{0,12}") {
            if let Some(number) = parse(&text, 38, 7) {
                let float: f64 = text.parse().unwrap();
                #[expect(clippy::cast_precision_loss, reason = "twelve characters")]
                let read = number as f64 / 1e7;
                prop_assert!((float - read).abs() <= 1e-6 * float.abs().max(1.0));
            }
        }
    }
}
