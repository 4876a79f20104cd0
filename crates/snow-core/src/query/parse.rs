//! Encoded text to a tree: strict, and it says where it stopped understanding.

use super::check::{self, Place};
use super::condition::{Apart, Condition, Test};
use super::operator::{self, Comparison, Relation, Unary, Word};
use super::range::{Relative, Unit};
use super::related::{Join, RelatedList, Whole};
use super::value::{Content, Value};
use super::write;
use super::{Expr, Query, Side};
use crate::{Error, Kind};
use std::borrow::Cow;

pub(super) fn parse(text: &str) -> Result<Query<'_>, Error> {
    query(text, false).map_err(|stop| {
        let at = stop.rest.as_ptr() as usize - text.as_ptr() as usize;
        let why = format!("the encoded query cannot be read at byte {at}: {}", stop.why);
        Error::new(Kind::InvalidInput, why)
    })
}

/// Where reading stopped, and why.
struct Stop<'a> {
    /// The part of the text that begins there.
    rest: &'a str,
    why: Cow<'static, str>,
}

fn stop<'a, T>(rest: &'a str, why: impl Into<Cow<'static, str>>) -> Result<T, Stop<'a>> {
    Err(Stop { rest, why: why.into() })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    And,
    Or,
    NewGroup,
}

/// Any group, of it all clauses, of each any alternative; and the order.
#[derive(Default)]
struct Read<'a> {
    groups: Vec<Vec<Expr<'a>>>,
    orders: Vec<Expr<'a>>,
    /// Whether the condition before can take an alternative.
    open: bool,
}

fn query(text: &str, inner: bool) -> Result<Query<'_>, Stop<'_>> {
    let mut read = Read { groups: vec![Vec::new()], ..Read::default() };
    let pieces = if text.is_empty() { Vec::new() } else { pieces(text) };
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let (lead, body) = if at == 0 { (Lead::And, *piece) } else { lead(piece) };
        if lead == Lead::NewGroup {
            read.begin_group(piece)?;
        }
        if inner && ["RLQUERY", "JOIN", "123TEXT", "ORDERBY"].iter().any(|word| body.starts_with(word)) {
            return stop(body, "a query inside another has conditions on fields only");
        }
        if let Some(head) = body.strip_prefix("RLQUERY") {
            let end = pieces[at..].iter().position(|piece| *piece == "ENDRLQUERY").map(|after| at + after);
            let Some(end) = end else { return stop(body, "no ^ENDRLQUERY follows") };
            let matching = match pieces.get(at + 1).filter(|_| end > at + 1) {
                Some(first) => query(between(text, first, pieces[end]), true)?,
                None => Query::new(),
            };
            read.whole(body, lead, related(head, matching)?)?;
            at = end;
        } else {
            read.term(body, lead, pieces.get(at + 1).copied())?;
        }
        at += 1;
    }
    if !text.is_empty() {
        read.end_group(&text[text.len()..])?;
    }
    Ok(read.into_query())
}

/// From the beginning of one piece to right before the caret in front of another.
fn between<'a>(text: &'a str, first: &str, end: &str) -> &'a str {
    let offset = |piece: &str| piece.as_ptr() as usize - text.as_ptr() as usize;
    &text[offset(first)..offset(end) - 1]
}

/// Split at carets; two of them are one inside a value (facts 2.3).
fn pieces(text: &str) -> Vec<&str> {
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

/// `ORDERBY` begins like an or, and is none.
fn lead(piece: &str) -> (Lead, &str) {
    if let Some(body) = piece.strip_prefix("NQ") {
        return (Lead::NewGroup, body);
    }
    match piece.strip_prefix("OR") {
        Some(body) if !piece.starts_with("ORDERBY") => (Lead::Or, body),
        _ => (Lead::And, piece),
    }
}

impl<'a> Read<'a> {
    fn begin_group(&mut self, here: &'a str) -> Result<(), Stop<'a>> {
        self.end_group(here)?;
        self.groups.push(Vec::new());
        self.open = false;
        Ok(())
    }

    /// An order alone is a query, but no group among others.
    fn end_group(&self, here: &'a str) -> Result<(), Stop<'a>> {
        let alone = here.is_empty() && self.groups.len() == 1 && !self.orders.is_empty();
        if self.groups.last().is_some_and(Vec::is_empty) && !alone {
            return stop(here, "a condition is missing in front of this");
        }
        Ok(())
    }

    fn term(&mut self, body: &'a str, lead: Lead, next: Option<&str>) -> Result<(), Stop<'a>> {
        let rest = |word: &str| body.strip_prefix(word);
        if body.is_empty() {
            return stop(body, "a condition is missing between two carets, or at an end");
        }
        if body == "EQ" && lead == Lead::And {
            return match next {
                Some(next) if !next.starts_with("NQ") => {
                    stop(body, "EQ marks the end, and something follows")
                }
                _ => Ok(()),
            };
        }
        if let Some(field) = rest("ORDERBYDESC").or_else(|| rest("ORDERBY")) {
            self.open = false;
            if lead == Lead::Or {
                return stop(body, "an order is no alternative to a condition");
            }
            let field = Cow::Borrowed(name(field)?);
            self.orders.push(Expr::Order { field, descending: body.starts_with("ORDERBYDESC") });
            return Ok(());
        }
        if body.starts_with("GROUPBY") {
            return stop(body, "groups are the list view's and change nothing for rows: leave this out");
        }
        if let Some(words) = rest("123TEXTQUERY321=") {
            return self.whole(body, lead, Whole::Text(value(words, "123TEXTQUERY321", "=", None)?));
        }
        if let Some(group) = rest("123TEXTINDEXGROUP321=") {
            return self.whole(
                body,
                lead,
                Whole::TextIndexGroup(value(group, "123TEXTINDEXGROUP321", "=", None)?),
            );
        }
        if let Some(join) = rest("JOIN") {
            return self.whole(body, lead, self::join(join)?);
        }
        self.condition(body, lead, condition(body)?)
    }

    fn condition(&mut self, body: &'a str, lead: Lead, condition: Condition<'a>) -> Result<(), Stop<'a>> {
        let condition = Expr::Condition(condition);
        let group = self.groups.last_mut().filter(|_| lead == Lead::Or);
        match group.and_then(|group| group.last_mut()) {
            Some(_) if !self.open => stop(body, "^OR needs a condition on a field right in front of it"),
            None if lead == Lead::Or => stop(body, "^OR needs a condition in front of it"),
            Some(Expr::Any(alternatives)) => {
                alternatives.push(condition);
                Ok(())
            }
            Some(before) => {
                let first = std::mem::replace(before, Expr::All(Vec::new()));
                *before = Expr::Any(vec![first, condition]);
                Ok(())
            }
            None => {
                self.push(condition);
                self.open = true;
                Ok(())
            }
        }
    }

    fn whole(&mut self, body: &'a str, lead: Lead, whole: Whole<'a>) -> Result<(), Stop<'a>> {
        if lead == Lead::Or {
            return stop(body, "this is not known to work behind ^OR: write ^NQ groups");
        }
        self.push(Expr::Whole(Box::new(whole)));
        self.open = false;
        Ok(())
    }

    fn push(&mut self, expr: Expr<'a>) {
        if let Some(group) = self.groups.last_mut() {
            group.push(expr);
        }
    }

    fn into_query(mut self) -> Query<'a> {
        let mut query = Query::new();
        if self.groups.len() > 1 {
            let group =
                |mut group: Vec<Expr<'a>>| if group.len() == 1 { group.remove(0) } else { Expr::All(group) };
            query.terms.push(Expr::Any(self.groups.into_iter().map(group).collect()));
        } else if let Some(group) = self.groups.pop() {
            group.into_iter().for_each(|expr| query.terms.push(expr));
        }
        query.depth = 4;
        self.orders.into_iter().for_each(|order| query.terms.push(order));
        query
    }
}

/// A whole text as a field's name.
fn name(text: &str) -> Result<&str, Stop<'_>> {
    match check::check_field(text) {
        Ok(()) => Ok(text),
        Err(why) => stop(text, format!("this field {why}")),
    }
}

/// The field's name that a text begins with, and what is behind it.
fn leading_name(text: &str) -> Result<(&str, &str), Stop<'_>> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.');
    let (field, rest) = text.split_at(text.find(|c| !fits(c)).unwrap_or(text.len()));
    if field.is_empty() {
        return stop(text, "expected a field's name: the column's, in lower case, not the label");
    }
    Ok((name(field)?, rest))
}

fn condition(text: &str) -> Result<Condition<'_>, Stop<'_>> {
    let (field, rest) = leading_name(text)?;
    let Some((word, meaning, value)) = operator::split(rest) else {
        return stop(rest, "expected an operator, such as = or LIKE, behind the field");
    };
    let test = match meaning {
        Word::Compare(Comparison::Eq) if value.is_empty() => Test::Unary(Unary::Empty),
        Word::Compare(Comparison::Ne) if value.is_empty() => Test::Unary(Unary::NotEmpty),
        Word::Compare(comparison) => Test::Compare(comparison, self::value(value, field, word, None)?),
        Word::In { not } => Test::In { not, values: list(value, field, word)? },
        Word::Between => edges(value, field, word)?,
        Word::Unary(unary) if value.is_empty() => Test::Unary(unary),
        Word::Unary(_) => return stop(value, format!("nothing goes behind {word}")),
        Word::Relation(relation) => relate(relation, value)?,
        Word::Apart { more } => apart(more, value)?,
        Word::On { not } => Test::On { not, text: labelled(value, 3)? },
        Word::Relative(comparison) => Test::Relative(comparison, relative(value)?),
        Word::DatePart => Test::DatePart(labelled(value, 2)?),
        Word::Refused(why) => return stop(rest, format!("{word} {why}")),
    };
    Ok(Condition { field: Cow::Borrowed(field), test, or_empty: false })
}

/// One value: checked by what writes it, so that whatever was read can be written.
fn value<'a>(text: &'a str, field: &str, word: &str, separator: Option<char>) -> Result<Value<'a>, Stop<'a>> {
    let content = match text.strip_prefix("javascript:") {
        Some(code) => Content::Script(Cow::Borrowed(code)),
        None if text.contains('^') => Content::Escaped(Cow::Owned(text.replace("^^", "^"))),
        None => Content::Text(Cow::Borrowed(text)),
    };
    let value = Value(content);
    match write::check_value(&value, Place { field, word, separator }) {
        Ok(()) => Ok(value),
        Err(why) => stop(text, why.to_string()),
    }
}

fn list<'a>(text: &'a str, field: &str, word: &str) -> Result<Vec<Value<'a>>, Stop<'a>> {
    text.split(',').map(|one| value(one, field, word, Some(','))).collect()
}

fn edges<'a>(text: &'a str, field: &str, word: &str) -> Result<Test<'a>, Stop<'a>> {
    let Some((from, to)) = text.split_once('@') else {
        return stop(text, "expected two values with @ between them");
    };
    let one = |text| value(text, field, word, Some('@'));
    Ok(Test::Between(Box::new([one(from)?, one(to)?])))
}

fn relate(relation: Relation, text: &str) -> Result<Test<'_>, Stop<'_>> {
    let (other, rest) = leading_name(text)?;
    match rest {
        "" | "@day" => Ok(Test::Relate { relation, other: Cow::Borrowed(other), by_day: !rest.is_empty() }),
        _ => stop(rest, "expected nothing, or @day, behind the other field"),
    }
}

/// `f2@day@before@3`
fn apart(more: bool, text: &str) -> Result<Test<'_>, Stop<'_>> {
    let (other, rest) = leading_name(text)?;
    let parts: Vec<&str> = rest.split('@').collect();
    let found = match parts[..] {
        ["", unit, "before", count] => Some((unit, Side::Before, count)),
        ["", unit, "after", count] => Some((unit, Side::After, count)),
        _ => None,
    };
    let found = found
        .and_then(|(unit, side, count)| Some((Unit::of(unit, Unit::between_fields)?, side, number(count)?)));
    match found {
        Some((unit, side, count)) => {
            Ok(Test::Apart(Box::new(Apart { more, count, unit, side, other: Cow::Borrowed(other) })))
        }
        None => stop(rest, "expected @, minute, hour, day or week, @before@ or @after@, and a number"),
    }
}

/// `@hour@ago@1`
fn relative(text: &str) -> Result<Relative, Stop<'_>> {
    let parts: Vec<&str> = text.split('@').collect();
    let found = match parts[..] {
        ["", unit, "ago", count] => Some((unit, false, count)),
        ["", unit, "ahead", count] => Some((unit, true, count)),
        _ => None,
    };
    let found =
        found.and_then(|(unit, ahead, count)| Some((Unit::of(unit, Unit::relative)?, ahead, number(count)?)));
    match found {
        Some((unit, ahead, count)) => Ok(Relative { count, unit, ahead }),
        None => stop(
            text,
            "expected @, minute, hour, dayofweek, month, quarter or year, @ago@ or @ahead@, and a number",
        ),
    }
}

/// A number as this crate writes it.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

/// A label and what it stands for, with @ between.
fn labelled(text: &str, parts: usize) -> Result<Cow<'_, str>, Stop<'_>> {
    if text.split('@').count() != parts || text.split('@').any(str::is_empty) {
        return stop(text, format!("expected {parts} texts with @ between them"));
    }
    if text.contains(|c: char| c == '^' || c.is_control()) {
        return stop(text, "a caret or a control character has no place here");
    }
    Ok(Cow::Borrowed(text))
}

/// `incident.problem_id,>=1`
fn related<'a>(head: &'a str, matching: Query<'a>) -> Result<Whole<'a>, Stop<'a>> {
    let (path, rest) = leading_name(head)?;
    let Some((table, field)) = path.split_once('.') else {
        return stop(path, "expected a table, a dot and a field");
    };
    let sign =
        rest.strip_prefix(',').and_then(operator::split).and_then(|(_, meaning, count)| match meaning {
            Word::Compare(sign) if sign.counts() => Some((sign, number(count)?)),
            _ => None,
        });
    let Some((sign, count)) = sign else {
        return stop(rest, "expected a comma, a sign such as >=, and a number");
    };
    let list = RelatedList { table: Cow::Borrowed(table), field: Cow::Borrowed(field), matching };
    Ok(Whole::Related { list, sign, count })
}

/// `t1.f=t2.f!condition`
fn join(text: &str) -> Result<Whole<'_>, Stop<'_>> {
    let (left, rest) = leading_name(text)?;
    let Some(rest) = rest.strip_prefix('=') else { return stop(rest, "expected = and the other field") };
    let (right, rest) = leading_name(rest)?;
    if !(left.contains('.') && right.contains('.')) {
        return stop(text, "expected a table, a dot and a field on both sides");
    }
    let mut matching = Query::new();
    if !rest.is_empty() {
        let Some(inner) = rest.strip_prefix('!') else {
            return stop(rest, "expected ! and a condition, or the end");
        };
        matching = Query::of(Expr::Condition(condition(inner)?));
    }
    Ok(Whole::Join(Join { left: Cow::Borrowed(left), right: Cow::Borrowed(right), matching }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_pointed_at() {
        for (text, at, why) in [
            ("a=1^Bad=2", 4, "lower case"),
            ("a=1^", 4, "missing"),
            ("^a=1", 0, "missing"),
            ("a", 1, "operator"),
            ("a=1^b~2", 5, "operator"),
            ("aISEMPTYx", 8, "nothing"),
            ("aIN1,,2", 5, "empty"),
            ("aIN1, 2", 5, "blanks"),
            ("aBETWEEN1", 8, "two values"),
            ("aBETWEEN1@2@3", 10, "'@'"),
            ("aSAMEASb@week", 8, "@day"),
            ("aMORETHANb@eon@before@3", 10, "minute"),
            ("aRELATIVEGT@hour@ago@01", 11, "number"),
            ("aONToday", 3, "3 texts"),
            ("a=1^ORORDERBYb", 6, "no alternative"),
            ("ORDERBYa^ORb=1", 11, "condition"),
            ("a=1^NQ^NQb=1", 6, "missing"),
            ("a=1^EQ^b=1", 4, "end"),
            ("a=1^GROUPBYb", 4, "list view"),
            ("RLQUERYt.f,>=1^a=1", 0, "ENDRLQUERY"),
            ("RLQUERYt.f,>=1^RLQUERYt.f,>=1^ENDRLQUERY^ENDRLQUERY", 15, "inside another"),
            ("RLQUERYt.f,1^ENDRLQUERY", 10, "sign"),
            ("a=1^ORRLQUERYt.f,>=1^ENDRLQUERY", 6, "NQ"),
            ("JOINa.b", 7, "="),
            ("aVALCHANGES", 1, "triggers"),
            ("aNOTIN1", 1, "NOT IN"),
            ("a= javascript:x()", 2, "script"),
            ("a..b=1", 0, "dot"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("at byte {at}:")) && error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_understood_comes_back() {
        for text in [
            "",
            "active=true",
            "state!=6^ORstateISEMPTY^numberLIKEINC^ORDERBYDESCnumber",
            "a=1^b=2^NQc=3^d=4^ORe=5",
            "stateNOT IN6,7^priorityBETWEEN1@3",
            "u_code=a^^b",
            "assigned_to=javascript:gs.getUserID()",
            "opened_atONToday@javascript:gs.beginningOfToday()@javascript:gs.endOfToday()",
            "opened_atDATEPARTMonday@javascript:gs.datePart('dayofweek','monday','EE')",
            "sys_updated_onRELATIVEGT@hour@ago@1^opened_atLESSTHANclosed_at@week@after@2",
            "assigned_toSAMEASopened_by^opened_atSAMEASclosed_at@day",
            "RLQUERYincident.problem_id,>=1^active=true^NQpriority=1^impact=2^ENDRLQUERY^state=1",
            "JOINincident.opened_by=sys_user.sys_id!active=true",
            "123TEXTQUERY321=vpn broken",
            "ORDERBYnumber^ORDERBYDESCcategory",
        ] {
            let parsed = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(parsed.encode().unwrap(), text);
        }
        for (spelling, canonical) in [
            ("a*x^b!*y^c%z", "aLIKEx^bNOT LIKEy^cENDSWITHz"),
            ("aCONTAINSx^bNOTLIKEy^cDOES NOT CONTAINz", "aLIKEx^bNOT LIKEy^cNOT LIKEz"),
            ("a=^b!=", "aISEMPTY^bISNOTEMPTY"),
            ("type=normal^EQ", "type=normal"),
            ("a=1^ORDERBYb^c=2^EQ", "a=1^c=2^ORDERBYb"),
        ] {
            assert_eq!(parse(spelling).unwrap().encode().unwrap(), canonical);
        }
    }
}
