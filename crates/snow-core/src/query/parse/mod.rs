//! Reads encoded text as a query. It is strict, and its errors name the byte that is not understood.

mod builder;
mod condition;
mod special;
#[cfg(test)]
mod tests;

use super::{Query, url_text};
use crate::{Error, ErrorKind};
use builder::{Connective, QueryBuilder};
use special::parse_related_list;
use std::borrow::Cow;

pub(super) fn parse(text: &str) -> Result<Query<'_>, Error> {
    if let Some(why) = url_text::is_no_query(text) {
        return Err(Error::new(ErrorKind::InvalidInput, format!("the encoded query {why}")));
    }
    parse_terms(text, false).map_err(|error| {
        let at = error.rest.as_ptr() as usize - text.as_ptr() as usize;
        let why = format!("the encoded query cannot be read at byte {at}: {}", error.why);
        Error::new(ErrorKind::InvalidInput, why)
    })
}

/// The position at which parsing failed, and why.
struct ParseError<'a> {
    /// The part of the text that begins there.
    rest: &'a str,
    why: Cow<'static, str>,
}

fn fail<'a, T>(rest: &'a str, why: impl Into<Cow<'static, str>>) -> Result<T, ParseError<'a>> {
    Err(ParseError { rest, why: why.into() })
}

fn parse_terms(text: &str, inner: bool) -> Result<Query<'_>, ParseError<'_>> {
    let mut builder = QueryBuilder::default();
    let pieces = if text.is_empty() { Vec::new() } else { split_at_carets(text) };
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        if piece.is_empty() && at > 0 && at + 1 == pieces.len() {
            break; // a caret at the end is followed by nothing
        }
        let (connective, body) = if at == 0 { (Connective::And, *piece) } else { split_connective(piece) };
        if connective == Connective::NewGroup {
            builder.begin_group(piece)?;
        }
        if inner && ["RLQUERY", "JOIN", "123TEXT", "ORDERBY"].iter().any(|word| body.starts_with(word)) {
            return fail(body, "a query inside another has conditions on fields only");
        }
        if let Some(head) = body.strip_prefix("RLQUERY") {
            let end = pieces[at..].iter().position(|piece| *piece == "ENDRLQUERY").map(|after| at + after);
            let Some(end) = end else { return fail(body, "no ^ENDRLQUERY follows") };
            let matching = match pieces.get(at + 1).filter(|_| end > at + 1) {
                Some(first) => parse_terms(text_between(text, first, pieces[end]), true)?,
                None => Query::new(),
            };
            builder.push_special(body, connective, parse_related_list(head, matching)?)?;
            at = end;
        } else {
            builder.push_term(body, connective)?;
        }
        at += 1;
    }
    if !text.is_empty() {
        builder.end_group(&text[text.len()..])?;
    }
    Ok(builder.into_query())
}

/// Returns the text from the beginning of one piece to the caret before another.
fn text_between<'a>(text: &'a str, first: &str, end: &str) -> &'a str {
    let offset = |piece: &str| piece.as_ptr() as usize - text.as_ptr() as usize;
    &text[offset(first)..offset(end) - 1]
}

/// Splits a text at single carets. Two carets are one caret inside a value (facts 2.3).
fn split_at_carets(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(found) = text[at..].find('^') {
        at += found + 1;
        if text[at..].starts_with('^') {
            at += 1;
        } else {
            pieces.push(&text[start..at - 1]);
            start = at;
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// Splits a piece into its connective and the rest. `ORDERBY` begins like `OR` but is not one.
fn split_connective(piece: &str) -> (Connective, &str) {
    if let Some(body) = piece.strip_prefix("NQ") {
        return (Connective::NewGroup, body);
    }
    match piece.strip_prefix("OR") {
        Some(body) if !piece.starts_with("ORDERBY") => (Connective::Or, body),
        _ => (Connective::And, piece),
    }
}
