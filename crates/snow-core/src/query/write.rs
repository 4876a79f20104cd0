//! A query as text, plain or percent-encoded, with everything checked that goes into it.

use super::check::{Place, check, check_field, is_field, odd, odd_character};
use super::condition::{Apart, Condition, Test};
use super::lower::{self, Clause, Literal};
use super::operator::Unary;
use super::related::{Join, RelatedList, Whole};
use super::value::{Content, Value};
use super::{Expr, Query, Side};
use crate::{Error, Kind, percent};
use std::fmt::{self, Write as _};

/// Where a query goes.
pub(super) struct Writer<'o> {
    out: &'o mut String,
    url: bool,
}

impl<'o> Writer<'o> {
    pub(super) fn plain(out: &'o mut String) -> Self {
        Self { out, url: false }
    }

    pub(super) fn url(out: &'o mut String) -> Self {
        Self { out, url: true }
    }

    /// Text that may hold anything.
    fn push(&mut self, text: &str) {
        if self.url { percent::push_query(self.out, text) } else { self.out.push_str(text) }
    }

    /// Text that needs no encoding.
    fn push_plain(&mut self, text: &str) {
        self.out.push_str(text);
    }
}

impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

/// What separates the next condition from the one before.
#[derive(Clone, Copy)]
enum Lead {
    First,
    And,
    Or,
    NewGroup,
}

pub(super) fn query(query: &Query<'_>, mut writer: Writer<'_>) -> Result<(), Error> {
    if let [Expr::Raw(text)] = &query.terms[..] {
        writer.push(text);
        return Ok(());
    }
    terms(query, &mut writer, Lead::First)
}

/// Conditions and orders.
fn terms(query: &Query<'_>, writer: &mut Writer<'_>, lead: Lead) -> Result<(), Error> {
    let start = writer.out.len();
    if plain(&query.terms, writer, lead)? {
        return Ok(());
    }
    writer.out.truncate(start);
    let lead = lowered(query, writer, lead)?;
    orders(&query.terms, writer, lead).map(drop)
}

/// Writes terms that can be written as they stand, orders last: most can, and nothing has to be built for them. Says
/// whether they all can.
fn plain(terms: &[Expr<'_>], writer: &mut Writer<'_>, mut lead: Lead) -> Result<bool, Error> {
    let mut unordered = terms.len();
    for (at, term) in terms.iter().enumerate() {
        match term {
            Expr::Condition(one) => condition(one, writer, lead)?,
            Expr::Whole(one) => whole(one, writer, lead)?,
            Expr::Any(inner) => {
                for (at, one) in inner.iter().enumerate() {
                    let Expr::Condition(one) = one else { return Ok(false) };
                    alternative(one, writer, if at == 0 { lead } else { Lead::Or })?;
                }
            }
            Expr::Order { .. } => {
                unordered = unordered.min(at);
                continue;
            }
            Expr::All(_) | Expr::Not(_) | Expr::Raw(_) | Expr::Refused(_) => return Ok(false),
        }
        lead = Lead::And;
    }
    for term in terms.get(unordered..).unwrap_or_default() {
        if let Expr::Order { field, descending } = term {
            order(field, *descending, writer, lead)?;
            lead = Lead::And;
        }
    }
    Ok(true)
}

/// Writes conditions in any tree; says how what comes next begins.
fn lowered(query: &Query<'_>, writer: &mut Writer<'_>, mut lead: Lead) -> Result<Lead, Error> {
    for (at, group) in lower::groups(query)?.iter().enumerate() {
        lead = if at > 0 { Lead::NewGroup } else { lead };
        for clause in group {
            alternatives(clause, writer, lead)?;
            lead = Lead::And;
        }
    }
    Ok(lead)
}

fn alternatives(clause: &Clause<'_, '_>, writer: &mut Writer<'_>, lead: Lead) -> Result<(), Error> {
    for (at, one) in clause.iter().enumerate() {
        let lead = if at == 0 { lead } else { Lead::Or };
        match one {
            Literal::Condition(one) => alternative(one, writer, lead)?,
            Literal::Whole(one) => whole(one, writer, lead)?,
        }
    }
    Ok(())
}

/// Orders hold for the whole query, wherever in it they were given.
fn orders(terms: &[Expr<'_>], writer: &mut Writer<'_>, mut lead: Lead) -> Result<Lead, Error> {
    for term in terms {
        match term {
            Expr::Order { field, descending } => {
                order(field, *descending, writer, lead)?;
                lead = Lead::And;
            }
            Expr::All(inner) | Expr::Any(inner) => lead = orders(inner, writer, lead)?,
            Expr::Not(inner) => lead = orders(std::slice::from_ref(inner), writer, lead)?,
            _ => {}
        }
    }
    Ok(lead)
}

fn order(field: &str, descending: bool, writer: &mut Writer<'_>, lead: Lead) -> Result<(), Error> {
    begin(writer, lead);
    if descending {
        writer.push_plain("ORDERBYDESC")
    } else {
        writer.push_plain("ORDERBY")
    }
    name(field, "order", writer)
}

#[inline(always)]
fn begin(writer: &mut Writer<'_>, lead: Lead) {
    // A call for each, so that each is a copy of a known length.
    match (lead, writer.url) {
        (Lead::First, _) => {}
        (Lead::And, false) => writer.push_plain("^"),
        (Lead::And, true) => writer.push_plain("%5E"),
        (Lead::Or, false) => writer.push_plain("^OR"),
        (Lead::Or, true) => writer.push_plain("%5EOR"),
        (Lead::NewGroup, false) => writer.push_plain("^NQ"),
        (Lead::NewGroup, true) => writer.push_plain("%5ENQ"),
    }
}

/// The same as [`condition`], by a call: for where there are fewer.
fn alternative(one: &Condition<'_>, writer: &mut Writer<'_>, lead: Lead) -> Result<(), Error> {
    condition(one, writer, lead)
}

/// What most queries are made of is written in here without a call.
#[inline(always)]
fn condition(condition: &Condition<'_>, writer: &mut Writer<'_>, lead: Lead) -> Result<(), Error> {
    begin(writer, lead);
    name(&condition.field, "query", writer)?;
    match &condition.test {
        Test::Compare(comparison, one) => {
            writer.push_plain(if writer.url { comparison.url_word() } else { comparison.word() });
            let place = Place { field: &condition.field, word: comparison.word(), separator: None };
            match &one.0 {
                Content::Text(one) => text(one, place, writer)?,
                _ => value(one, place, writer)?,
            }
        }
        _ => test(condition, writer)?,
    }
    if condition.or_empty {
        begin(writer, Lead::Or);
        writer.push_plain(&condition.field);
        writer.push_plain(Unary::Empty.word());
    }
    Ok(())
}

/// The word of a test and what stands behind it.
fn test(condition: &Condition<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    let word = condition.test.word();
    writer.push(word);
    let place = Place { field: &condition.field, word, separator: None };
    match &condition.test {
        Test::Compare(_, one) => value(one, place, writer),
        Test::In { values, .. } => list(values, Place { separator: Some(','), ..place }, writer),
        Test::Between(edges) => {
            let place = Place { separator: Some('@'), ..place };
            let [from, to] = &**edges;
            value(from, place, writer)?;
            writer.push("@");
            value(to, Place { word: "", ..place }, writer)
        }
        Test::Unary(_) => Ok(()),
        Test::Relate { other, by_day, .. } => {
            name(other, "query", writer)?;
            writer.push(if *by_day { "@day" } else { "" });
            Ok(())
        }
        Test::Apart(apart) => self::apart(apart, place, writer),
        Test::On { text, .. } | Test::DatePart(text) => {
            writer.push(text);
            Ok(())
        }
        Test::Relative(_, time) => {
            let unit = time
                .unit
                .relative()
                .ok_or_else(|| place.refuse("counts weeks, which the service cannot: count days"))?;
            let side = if time.ahead { "ahead" } else { "ago" };
            written(write!(writer, "@{unit}@{side}@{}", time.count))
        }
    }
}

/// A writer into memory does not fail.
fn written(result: fmt::Result) -> Result<(), Error> {
    result.map_err(|e| Error::new(Kind::InvalidInput, "the query cannot be written").with_source(e))
}

fn apart(apart: &Apart<'_>, place: Place<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    let unit = apart.unit.between_fields();
    let unit = unit.ok_or_else(|| {
        place.refuse("counts in a unit that two fields are not compared by: use minutes to weeks")
    })?;
    name(&apart.other, "query", writer)?;
    let side = match apart.side {
        Side::Before => "before",
        Side::After => "after",
    };
    written(write!(writer, "@{unit}@{side}@{}", apart.count))
}

fn list(values: &[Value<'_>], place: Place<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    if values.is_empty() {
        return Err(place.refuse("has no values: the list is empty"));
    }
    for (at, one) in values.iter().enumerate() {
        if matches!(&one.0, Content::Boolean(_)) {
            return Err(place.refuse("lists a boolean: use eq(), which also minds rows without a value"));
        }
        if at > 0 {
            writer.push_plain(",");
        }
        value(one, place, writer)?;
    }
    Ok(())
}

/// Whether a value can stand at its place.
pub(super) fn check_value(value: &Value<'_>, place: Place<'_>) -> Result<(), Error> {
    self::value(value, place, &mut Writer::plain(&mut String::new()))
}

/// Appends a percent-encoded value outside a query, as checked as in one.
pub(crate) fn encode_value(value: &Value<'_>, field: &str, out: &mut String) -> Result<(), Error> {
    self::value(value, Place { field, word: "=", separator: None }, &mut Writer::url(out))
}

/// A value of a list as it is written.
pub(super) fn plain_value(value: &Value<'_>) -> Result<String, Error> {
    let mut out = String::new();
    self::value(value, Place { field: "", word: "", separator: None }, &mut Writer::plain(&mut out))?;
    Ok(out)
}

/// How many bytes a value of a list takes in a URL.
pub(super) fn url_len(value: &Value<'_>) -> Result<usize, Error> {
    let mut out = String::new();
    self::value(value, Place { field: "", word: "", separator: None }, &mut Writer::url(&mut out))?;
    Ok(out.len())
}

/// A value that is text, checked.
#[inline(always)]
fn text(text: &str, place: Place<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    if check(text, place, false)? && writer.url {
        percent::push_query(writer.out, text);
    } else {
        writer.push_plain(text);
    }
    Ok(())
}

fn value(value: &Value<'_>, place: Place<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    match &value.0 {
        Content::Text(text) => self::text(text, place, writer),
        Content::Escaped(text) => {
            check(text, place, true)?;
            writer.push(&text.replace('^', "^^"));
            Ok(())
        }
        Content::Script(code) => script(code, place, writer),
        Content::Integer(number) => {
            writer.push_plain(itoa::Buffer::new().format(*number));
            Ok(())
        }
        Content::Unsigned(number) => {
            writer.push_plain(itoa::Buffer::new().format(*number));
            Ok(())
        }
        Content::Decimal(number) if number.is_finite() => written(write!(writer, "{number}")),
        Content::Decimal(_) => Err(place.refuse("compares with a number that is infinite or none")),
        Content::Boolean(boolean) if place.word == "=" => {
            writer.push_plain(if *boolean { "true" } else { "false" });
            Ok(())
        }
        Content::Boolean(_) => Err(place.refuse("compares a boolean by more than eq() and ne()")),
        Content::Date(date) => written(write!(writer, "{date}")),
        Content::DateTime(time) if time.date().is_some() => written(write!(writer, "{time}")),
        Content::DateTime(_) => Err(place.refuse("compares with a time outside the years 1 to 9999")),
        Content::Relative(_) => {
            Err(place
                .refuse("uses a time relative to now, which goes with eq(), lt(), le(), gt() and ge() only"))
        }
    }
}

fn script(code: &str, place: Place<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    if code.trim().is_empty() {
        return Err(place.refuse("has a script without code"));
    }
    if let Some(odd) = odd(code, place.separator, false) {
        return Err(place.refuse(odd_character(odd)));
    }
    writer.push("javascript:");
    writer.push(code);
    Ok(())
}

/// A field's name, checked.
#[inline(always)]
fn name(name: &str, place: &str, writer: &mut Writer<'_>) -> Result<(), Error> {
    if !is_field(name) {
        return Err(odd_name(name, place));
    }
    writer.push_plain(name);
    Ok(())
}

#[cold]
fn odd_name(name: &str, place: &str) -> Error {
    let why = check_field(name).err().unwrap_or_default();
    Error::new(Kind::InvalidInput, format!("the field {name:?} of the {place} {why}"))
}

fn whole(whole: &Whole<'_>, writer: &mut Writer<'_>, lead: Lead) -> Result<(), Error> {
    begin(writer, lead);
    match whole {
        Whole::Related { list, sign, count } => related(list, sign.word(), *count, writer),
        Whole::Join(join) => self::join(join, writer),
        Whole::Text(words) => search(words, "123TEXTQUERY321", writer),
        Whole::TextIndexGroup(group) => search(group, "123TEXTINDEXGROUP321", writer),
    }
}

fn search(words: &Value<'_>, word: &str, writer: &mut Writer<'_>) -> Result<(), Error> {
    writer.push_plain(word);
    writer.push("=");
    value(words, Place { field: word, word: "=", separator: None }, writer)
}

fn related(list: &RelatedList<'_>, sign: &str, count: u32, writer: &mut Writer<'_>) -> Result<(), Error> {
    inner(&list.matching, "a related list")?;
    if list.table.contains('.') {
        let why = format!(
            "a related list names the table {:?}: write the table alone, and a path to this one in the field",
            list.table
        );
        return Err(Error::new(Kind::InvalidInput, why));
    }
    writer.push_plain("RLQUERY");
    name(&list.table, "related list", writer)?;
    writer.push_plain(".");
    name(&list.field, "related list", writer)?;
    written(write!(writer, ",{sign}{count}"))?;
    terms(&list.matching, writer, Lead::And)?;
    begin(writer, Lead::And);
    writer.push_plain("ENDRLQUERY");
    Ok(())
}

/// A join's query ends at the first caret: it is one condition.
fn join(join: &Join<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    inner(&join.matching, "a join")?;
    if let Some(side) = [&join.left, &join.right].into_iter().find(|side| !side.contains('.')) {
        let why = format!("a join names {side:?}: write the table and its field, \"incident.caller_id\"");
        return Err(Error::new(Kind::InvalidInput, why));
    }
    writer.push_plain("JOIN");
    name(&join.left, "join", writer)?;
    writer.push("=");
    name(&join.right, "join", writer)?;
    let groups = lower::groups(&join.matching)?;
    match &groups[..] {
        [group] if group.is_empty() => Ok(()),
        [group] => match &group[..] {
            [clause] if matches!(&clause[..], [Literal::Condition(one)] if !one.or_empty) => {
                writer.push("!");
                alternatives(clause, writer, Lead::First)
            }
            _ => Err(more_than_one()),
        },
        _ => Err(more_than_one()),
    }
}

fn more_than_one() -> Error {
    let why = "a join matches by one condition only, without an \"or empty\": put the others on fields of the table itself";
    Error::new(Kind::InvalidInput, why)
}

/// A query inside another has neither an order nor another one inside.
fn inner(query: &Query<'_>, what: &str) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::new(Kind::InvalidInput, format!("the query inside {what} {why}")));
    fn any(terms: &[Expr<'_>], wanted: fn(&Expr<'_>) -> bool) -> bool {
        terms.iter().any(|term| match term {
            Expr::All(inner) | Expr::Any(inner) => any(inner, wanted),
            Expr::Not(inner) => any(std::slice::from_ref(inner), wanted),
            term => wanted(term),
        })
    }
    if any(&query.terms, |term| matches!(term, Expr::Order { .. })) {
        return refuse("has an order, which means nothing there: order the query around it");
    }
    if any(&query.terms, |term| matches!(term, Expr::Whole(_))) {
        return refuse("has a related list, a join or a text search in it, which cannot be nested");
    }
    Ok(())
}
