//! Lists of the Table API: which records, in which order, on which page, with which headers (facts 1.2, 1.5, 2 and 9).

use super::condition::{Condition, Op, Query};
use super::dictionary::{Kind, Table};
use super::exchange::{Answer, Compared, HOST, decode, fail, keys_of, same};
use super::instance::{Instance, Record, Who, may_read};
use super::table_case::{Case, flag_guess, is_true};
use super::table_request::Listing;
use super::world::World;
use serde_json::{Value, json};
use snow_sim::Guess;
use std::cmp::Ordering;
use std::collections::BTreeSet;

const NO_RECORDS: &str = "Records matching query not found. Check query parameter or offset parameter";
pub(crate) const NO_RIGHTS: &str = "Insufficient rights to query records";
pub(crate) const NO_READ: &str = "Field(s) present in the query do not have permission to be read";

/// The filters of a list: a query, or names with values. With both, the names are ignored, which is a guess.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter<'a> {
    pub(crate) query: Option<&'a Query>,
    pub(crate) pairs: &'a [(&'static str, &'static str)],
}

impl Filter<'_> {
    pub(crate) fn is_forbidden(&self, instance: &Instance, of: &Table, who: Who) -> bool {
        match self.query {
            Some(query) => query.is_forbidden(instance, of, who),
            None => {
                self.pairs.iter().filter_map(|(name, _)| of.column(name)).any(|column| !may_read(who, column))
            }
        }
    }

    pub(crate) fn selects(&self, instance: &Instance, of: &Table, record: &Record) -> bool {
        if let Some(query) = self.query {
            return query.selects(instance, of, record);
        }
        self.pairs.iter().all(|(name, value)| match instance.walk(of, Some(record), name) {
            // A parameter that is not a field is no filter.
            None => true,
            Some(place) => Condition::pair_holds(place, instance, value),
        })
    }

    /// The guesses that its form alone depends on.
    pub(crate) fn guesses(&self, instance: &Instance, of: &Table) -> BTreeSet<Guess> {
        let mut guesses = BTreeSet::new();
        let Some(query) = self.query else { return guesses };
        if self.pairs.iter().any(|(name, _)| of.column(name).is_some()) {
            guesses.insert(Guess::QueryAndPairs);
        }
        for (_, condition) in &query.terms {
            let Some(place) = instance.walk(of, None, condition.field) else { continue };
            if condition.values.iter().any(|value| value.contains('^')) {
                guesses.insert(Guess::DoubledCaret);
            }
            if condition.op == Op::NotInTight {
                guesses.insert(Guess::NotInWithoutSpace);
            }
            if matches!(condition.op, Op::Same | Op::NotSame) {
                let other = condition.values[0];
                let neither = |record: &&Record| {
                    record.value(condition.field).is_empty() && record.value(other).is_empty()
                };
                guesses
                    .extend(instance.records_of(of.name).iter().any(neither).then_some(Guess::EmptyFields));
            }
            if condition.op == Op::More && place.column.kind == Kind::Integer && condition.values == ["many"]
            {
                guesses.insert(Guess::NumberAgainstText);
            }
        }
        guesses.extend(query.has_an_empty_group(instance, of).then_some(Guess::EmptyGroup));
        guesses
    }

    /// The guesses that the order of these records depends on.
    fn order_guesses(&self, instance: &Instance, of: &Table, rows: &[&Record]) -> BTreeSet<Guess> {
        let mut guesses = BTreeSet::new();
        for order in self.query.iter().flat_map(|query| &query.order) {
            let Some(place) = instance.walk(of, None, order.field) else { continue };
            match place.column.kind {
                Kind::Reference(_) => _ = guesses.insert(Guess::OrderByReference),
                Kind::Choice(..) => _ = guesses.insert(Guess::OrderByChoice),
                _ => {}
            }
            let empty = rows.iter().filter(|record| record.value(order.field).is_empty()).count();
            guesses.extend((empty > 0 && empty < rows.len()).then_some(Guess::OrderOfEmpty));
        }
        guesses
    }
}

/// A limit or an offset, and the guess that it takes to read it.
pub(crate) fn window(text: Option<&str>, zero: Option<Guess>) -> (Option<usize>, Option<Guess>) {
    match text.map(str::parse::<usize>) {
        None => (None, None),
        Some(Ok(0)) => (Some(0), zero),
        Some(Ok(number)) => (Some(number), None),
        Some(Err(_)) => (None, Some(Guess::LimitNotANumber)),
    }
}

pub(crate) fn check(world: &World, case: &Case, of: &Table, listing: &Listing, answer: &Answer) -> Compared {
    let (instance, who) = (&world.instance, case.request.who);
    let filter = Filter { query: listing.query.as_ref(), pairs: &listing.pairs };
    if filter.is_forbidden(instance, of, who) {
        return if listing.head {
            answer.is_empty(403)
        } else {
            answer.is_refusal(403, NO_RIGHTS, Some(json!(NO_READ)))
        };
    }
    let (limit, of_limit) = window(listing.limit, Some(Guess::LimitZero));
    let (offset, of_offset) = window(listing.offset, None);
    let (limit, offset) = (limit.unwrap_or(10_000), offset.unwrap_or(0));
    let mut guesses = filter.guesses(instance, of);
    guesses.extend(of_limit.into_iter().chain(of_offset));
    guesses.extend(is_true(listing.no_count).then_some(Guess::NoCountHeaders));
    guesses.extend(flag_guess(&[listing.no_count]).into_iter().chain(case.look_guess()));
    let (rows, unordered) = sorted(instance, of, filter);
    let end = offset.saturating_add(limit).min(rows.len());
    let page = rows.get(offset.min(end)..end).unwrap_or_default();
    guesses.extend(filter.order_guesses(instance, of, &rows));
    let seen = page.iter().any(|record| instance.may_see(who, record));
    if !seen && !unordered && !page.is_empty() && case.request.version == "v1/" {
        guesses.insert(Guess::HiddenPage);
    }
    answer.depends_on(&guesses)?;
    if unordered && !page.is_empty() && case.request.version == "v1/" && answer.status == 404 {
        // A page of which nobody knows which records are on it: all of them may be hidden.
        return answer.depends_on(&BTreeSet::from([Guess::HiddenPage]));
    }
    if !seen && case.request.version == "v1/" {
        return if listing.head {
            answer.is_empty(404)
        } else {
            answer.is_refusal(404, "No Record found", Some(json!(NO_RECORDS)))
        };
    }
    if of_limit != Some(Guess::LimitZero) {
        check_headers(case, listing, rows.len(), limit, offset, answer)?;
    }
    if listing.head {
        return answer.is_empty(200);
    }
    answer.is(200)?;
    let render = |rows: &[&Record]| -> Vec<Value> {
        let seen = rows.iter().filter(|record| instance.may_see(who, record));
        seen.map(|record| case.shape.record(instance, of.name, record.id())).collect()
    };
    let got = answer.json()?;
    same(
        "keys of the response",
        got.as_object().map(|object| object.keys().cloned().collect()),
        Some(vec!["result".to_owned()]),
    )?;
    let got = got["result"].as_array().cloned().unwrap_or_default();
    if let Some(keys) = case.shape.keys(instance, of.name)
        && !got.is_empty()
    {
        same("keys", keys_of(&answer.body)?, vec![keys; got.len()])?;
    }
    if unordered {
        some_of(&got, &render(&rows), &render(page), page.len() == rows.len())
    } else {
        same("rows", got, render(page))
    }
}

/// The records that match, in order; and whether the order leaves open which of them comes first (facts 9).
pub(crate) fn sorted<'a>(instance: &'a Instance, of: &Table, filter: Filter<'_>) -> (Vec<&'a Record>, bool) {
    let mut rows = instance.records_of(of.name);
    rows.retain(|record| filter.selects(instance, of, record));
    let compare = |left: &Record, right: &Record| match filter.query {
        Some(query) => query.compare(instance, of, left, right),
        None => Ordering::Equal,
    };
    rows.sort_by(|left, right| compare(left, right));
    let unordered = rows.windows(2).any(|pair| compare(pair[0], pair[1]) == Ordering::Equal);
    (rows, unordered)
}

/// Without an order, a page is some of the records: which, the facts do not say.
pub(crate) fn some_of(got: &[Value], all: &[Value], page: &[Value], whole: bool) -> Compared {
    let mut left = all.to_vec();
    for row in got {
        let Some(at) = left.iter().position(|other| other == row) else {
            return fail(format!("no record, or one too often: {row}\n  all: {}", Value::from(all)));
        };
        left.swap_remove(at);
    }
    if whole {
        return if left.is_empty() { Ok(()) } else { fail(format!("missing: {}", Value::from(left))) };
    }
    // How many of a page are hidden depends on which they are.
    if got.len() > page.len() && all.len() == page.len() { fail("too many rows") } else { Ok(()) }
}

fn check_headers(
    case: &Case,
    listing: &Listing,
    total: usize,
    limit: usize,
    offset: usize,
    answer: &Answer,
) -> Compared {
    if is_true(listing.no_count) {
        answer.has_header("x-total-count", None)?;
        return answer.has_header("link", None);
    }
    let count = total.to_string();
    answer.has_header("x-total-count", Some(&*count))?;
    if is_true(listing.no_links) || total <= limit {
        return answer.has_header("link", None);
    }
    let mut expected = vec![("first".to_owned(), 0)];
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let before = number(offset) - number(limit);
    if before >= -1 {
        expected.push(("prev".into(), before));
    }
    if offset + limit < total {
        expected.push(("next".into(), number(offset + limit)));
    }
    expected.push(("last".into(), number((total - 1) / limit * limit)));
    let expected: Vec<(String, Vec<(String, String)>)> = expected
        .into_iter()
        .map(|(relation, offset)| (relation, linked_parameters(case, limit, offset)))
        .collect();
    if answer.headers.is_none() {
        return Ok(());
    }
    same("link", links(case, answer.header("link").unwrap_or_default())?, expected)
}

/// The parameters of the request, with limit and offset at the end.
fn linked_parameters(case: &Case, limit: usize, offset: i64) -> Vec<(String, String)> {
    let of_page = |name: &str| name == "sysparm_limit" || name == "sysparm_offset";
    let mut parameters: Vec<_> =
        case.ask.parameters.iter().filter(|(name, _)| !of_page(name)).cloned().collect();
    parameters.push(("sysparm_limit".into(), limit.to_string()));
    parameters.push(("sysparm_offset".into(), offset.to_string()));
    parameters
}

/// Relations and parameters of a `Link` header. How much of it is percent-encoded is the server's choice (facts 1.5).
fn links(case: &Case, header: &str) -> Compared<Vec<(String, Vec<(String, String)>)>> {
    let mut links = Vec::new();
    for link in header.split(",<") {
        let link = link.trim_start_matches('<');
        let Some((url, relation)) = link.split_once(">;rel=") else {
            return fail(format!("no link: {link:?} in {header:?}"));
        };
        let path = format!("https://{HOST}{}?", case.ask.path);
        let Some(query) = url.strip_prefix(&*path) else {
            return fail(format!("not a link to {path}: {url}"));
        };
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        };
        links.push((relation.trim_matches('"').to_owned(), query.split('&').map(pair).collect()));
    }
    Ok(links)
}
