//! Conditions on text: the service finds at least what SQL finds, because it compares without case.

use super::literal::Literal;
use super::{Pushed, TestedColumn, either};
use crate::column_kind::ColumnKind;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Like;
use datafusion::scalar::ScalarValue;
use snow_client::SysId;

pub(super) fn equal(column: &TestedColumn, text: &str) -> Option<Pushed> {
    plain(text).map(|text| Pushed::inexact(column.field().eq(text)))
}

/// A key is compared exactly, if it looks like one.
pub(super) fn same_key(column: &TestedColumn, text: &str) -> Option<Pushed> {
    if is_key(text) {
        return Some(column.exact(column.field().eq(text.to_owned())));
    }
    // A reference may be compared with what it shows, if the text is no key.
    if column.name == "sys_id" { equal(column, text) } else { None }
}

pub(super) fn keys(column: &TestedColumn, literals: &[Literal]) -> Option<Pushed> {
    let text = |literal: &Literal| match literal {
        Literal::Text(text) => Some(text.clone()),
        _ => None,
    };
    let texts: Vec<String> = literals.iter().map(text).collect::<Option<_>>()?;
    if texts.iter().all(|text| is_key(text)) {
        return Some(column.exact(column.field().is_in(texts)));
    }
    let each = texts.iter().map(|text| same_key(column, text));
    each.collect::<Option<Vec<_>>>()?.into_iter().map(Some).reduce(|all, next| either(all?, next?))?
}

fn is_key(text: &str) -> bool {
    text.parse::<SysId>().is_ok()
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && text.len() == 32
}

/// `LIKE` with wildcards at its ends only.
pub(super) fn like(column: &TestedColumn, like: &Like) -> Option<Pushed> {
    let Expr::Literal(pattern, _) = &*like.pattern else { return None };
    let (ScalarValue::Utf8(pattern) | ScalarValue::Utf8View(pattern) | ScalarValue::LargeUtf8(pattern)) =
        pattern
    else {
        return None;
    };
    // Whether the service ignores the case of all letters that ILIKE does is not known.
    let is_plain = !like.negated && !like.case_insensitive && like.escape_char.is_none();
    if column.kind != ColumnKind::Text || !is_plain {
        return None;
    }
    let pattern = pattern.as_deref()?;
    let (open_start, open_end) = (pattern.starts_with('%'), pattern.ends_with('%'));
    let text = plain(pattern.trim_matches('%')).filter(|text| !text.contains(['%', '_', '\\']))?;
    let field = column.field();
    Some(Pushed::inexact(match (open_start, open_end) {
        (false, false) => field.eq(text),
        (true, false) => field.ends_with(text),
        (false, true) => field.starts_with(text),
        (true, true) => field.contains(text),
    }))
}

/// Text that surely means itself in a query. Blanks around it may be trimmed, and `NULL` may stand for no value.
fn plain(text: &str) -> Option<String> {
    let is_plain = !text.is_empty() && text.trim() == text && !text.eq_ignore_ascii_case("null");
    is_plain.then(|| text.to_owned())
}
