//! Writes and checks the values of a query.

use super::{Writer, check_written};
use crate::Error;
use crate::query::value::{Value, ValueKind};
use crate::query::value_check::{ValueContext, check_text, find_invalid_char, invalid_char_message};
use std::fmt::{self, Write as _};

/// Checks that a value is allowed at its position.
pub(in crate::query) fn check_value(value: &Value<'_>, context: ValueContext<'_>) -> Result<(), Error> {
    write_value(value, context, &mut Writer::plain(&mut String::new()))
}

/// Appends a percent-encoded value outside a query, as checked as in one.
pub(crate) fn encode_value(value: &Value<'_>, field: &str, out: &mut String) -> Result<(), Error> {
    write_value(value, ValueContext { field, word: "=", separator: None }, &mut Writer::url(out))
}

/// Returns a value of a list as it is written.
pub(in crate::query) fn plain_value(value: &Value<'_>) -> Result<String, Error> {
    let mut out = String::new();
    write_value(value, ValueContext { field: "", word: "", separator: None }, &mut Writer::plain(&mut out))?;
    Ok(out)
}

/// Returns how many bytes a value of a list takes in a URL.
pub(in crate::query) fn encoded_len(value: &Value<'_>) -> Result<usize, Error> {
    let mut out = String::new();
    write_value(value, ValueContext { field: "", word: "", separator: None }, &mut Writer::url(&mut out))?;
    Ok(out.len())
}

/// Returns a value as text, checked.
fn write_text(text: &str, context: ValueContext<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    check_text(text, context, false)?;
    writer.push(text);
    Ok(())
}

pub(super) fn write_value(
    value: &Value<'_>,
    context: ValueContext<'_>,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    match &value.0 {
        ValueKind::Text(text) => write_text(text, context, writer),
        ValueKind::Escaped(text) => {
            check_text(text, context, true)?;
            writer.push(&text.replace('^', "^^"));
            Ok(())
        }
        ValueKind::Script(code) => write_script(code, context, writer),
        ValueKind::Integer(number) => {
            writer.push_plain(itoa::Buffer::new().format(*number));
            Ok(())
        }
        ValueKind::Unsigned(number) => {
            writer.push_plain(itoa::Buffer::new().format(*number));
            Ok(())
        }
        // Adding nothing makes a negative zero a plain one.
        ValueKind::Single(number) => write_float(number + 0.0, number.is_finite(), context, writer),
        ValueKind::Decimal(number) => write_float(number + 0.0, number.is_finite(), context, writer),
        ValueKind::Boolean(boolean) if context.word == "=" => {
            writer.push_plain(if *boolean { "true" } else { "false" });
            Ok(())
        }
        ValueKind::Boolean(_) => {
            Err(context.refuse("compares a boolean with another operator than eq() and ne()"))
        }
        ValueKind::Date(date) => check_written(write!(writer, "{date}")),
        ValueKind::DateTime(time) if time.date().is_some() => check_written(write!(writer, "{time}")),
        ValueKind::DateTime(_) => Err(context.refuse("compares with a time outside the years 1 to 9999")),
        ValueKind::Relative(_) => Err(context
            .refuse("uses a time relative to now, which goes with eq(), lt(), le(), gt() and ge() only")),
    }
}

/// Returns the shortest text that is parsed to the same number.
fn write_float(
    number: impl fmt::Display,
    is_finite: bool,
    context: ValueContext<'_>,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    if !is_finite {
        return Err(context.refuse("compares with infinity or with NaN, which is not a number"));
    }
    check_written(write!(writer, "{number}"))
}

fn write_script(code: &str, context: ValueContext<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    if code.trim().is_empty() {
        return Err(context.refuse("has a script without code"));
    }
    if let Some(odd) = find_invalid_char(code, context.separator, false) {
        return Err(context.refuse(invalid_char_message(odd)));
    }
    writer.push("javascript:");
    writer.push(code);
    Ok(())
}
