//! A filter selects the same records however it is given and whatever is done with them, as an independent evaluator confirms. A call
//! that cannot honor a filter refuses it before anything is sent.

use crate::property::check;
use proptest::prelude::*;
use serde_json::json;
use snow_client::query::Query;
use snow_client::{
    Client, Error, ErrorKind, Record, batch::ApiCall, bulk::BulkWrite, field, stream::RecordStream,
    table::ListRecords,
};
use snow_sim::{ColumnType, Simulator, Table};
use std::collections::BTreeSet;
use std::fmt;

/// Every record has one.
const KINDS: [&str; 3] = ["red", "blue", "green"];
const NAMES: [&str; 4] = ["", "ada", "bob", "x1"];
const SIZES: [&str; 5] = ["", "0", "2", "10", "-3"];
const TIMES: [&str; 4] = ["", "2026-01-01 00:00:00", "2026-01-01 00:00:01", "2026-06-26 09:30:00"];

/// A record, by column.
#[derive(Clone, Debug)]
struct Thing([&'static str; 4]);

/// A column, by its place in a [`Thing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column(usize);

const KIND: Column = Column(0);
const NAME: Column = Column(1);
const SIZE: Column = Column(2);
const TIME: Column = Column(3);

impl Column {
    fn name(self) -> &'static str {
        ["u_kind", "u_name", "u_size", "u_time"][self.0]
    }
}

#[derive(Clone, Debug)]
enum Test {
    Eq(&'static str),
    /// Of a column that is never empty: what the service makes of the empty ones is unsettled (facts 2.4).
    Ne(&'static str),
    Lt(&'static str),
    Gt(&'static str),
    In(Vec<&'static str>),
    Empty,
}

#[derive(Clone, Debug)]
struct Condition(Column, Test);

impl Condition {
    /// As the service's documentation writes it (facts 2.1).
    fn text(&self) -> String {
        let Self(column, test) = self;
        let test = match test {
            Test::Eq(value) => format!("={value}"),
            Test::Ne(value) => format!("!={value}"),
            Test::Lt(value) => format!("<{value}"),
            Test::Gt(value) => format!(">{value}"),
            Test::In(values) => format!("IN{}", values.join(",")),
            Test::Empty => "ISEMPTY".to_owned(),
        };
        format!("{}{test}", column.name())
    }

    fn query(&self) -> Query<'static> {
        let Self(column, test) = self;
        let field = field(column.name());
        match test.clone() {
            Test::Eq(value) => field.eq(value),
            Test::Ne(value) => field.ne(value),
            Test::Lt(value) => field.lt(value),
            Test::Gt(value) => field.gt(value),
            Test::In(values) => field.is_in(values),
            Test::Empty => field.is_empty(),
        }
    }

    /// A record without a value is found by `ISEMPTY` alone; numbers compare as numbers, times as their text sorts.
    fn holds(&self, thing: &Thing) -> bool {
        let Self(column, test) = self;
        let stored = thing.0[column.0];
        let less = |left: &str, right: &str| match *column {
            SIZE => left.parse::<i64>().unwrap() < right.parse().unwrap(),
            _ => left < right,
        };
        match test {
            Test::Empty => stored.is_empty(),
            _ if stored.is_empty() => false,
            Test::Eq(value) => stored == *value,
            Test::Ne(value) => stored != *value,
            Test::Lt(value) => less(stored, value),
            Test::Gt(value) => less(value, stored),
            Test::In(values) => values.contains(&stored),
        }
    }
}

/// Any of the groups; all terms of a group; any alternative of a term (facts 2.2).
#[derive(Clone, Debug)]
struct Filter(Vec<Vec<Vec<Condition>>>);

impl Filter {
    fn text(&self) -> String {
        let join = |texts: Vec<String>, by: &str| texts.join(by);
        let term = |term: &Vec<Condition>| join(term.iter().map(Condition::text).collect(), "^OR");
        let group = |group: &Vec<Vec<Condition>>| join(group.iter().map(term).collect(), "^");
        join(self.0.iter().map(group).collect(), "^NQ")
    }

    fn query(&self) -> Query<'static> {
        let term = |term: &Vec<Condition>| Query::any(term.iter().map(Condition::query));
        Query::any(self.0.iter().map(|group| Query::all(group.iter().map(term))))
    }

    fn holds(&self, thing: &Thing) -> bool {
        let term = |term: &Vec<Condition>| term.iter().any(|condition| condition.holds(thing));
        self.0.iter().any(|group| group.iter().all(term))
    }
}

/// A way to say a filter as a query.
#[derive(Clone, Copy, Debug)]
enum Door {
    Combinators,
    Parse,
    Raw,
    /// Raw text, and a condition more.
    RawAnd,
    /// The same, the raw text owned.
    OwnedRawAnd,
    AndRaw,
    RawOr,
    ParseAnd,
    /// Sorted, which says nothing about which records.
    Ordered,
    OrderedRaw,
}

impl Door {
    const ALL: [Self; 10] = [
        Self::Combinators,
        Self::Parse,
        Self::Raw,
        Self::RawAnd,
        Self::OwnedRawAnd,
        Self::AndRaw,
        Self::RawOr,
        Self::ParseAnd,
        Self::Ordered,
        Self::OrderedRaw,
    ];

    fn query(self, filter: &Filter, more: &Condition) -> Query<'static> {
        let (text, more) = (filter.text(), more.query());
        match self {
            Self::Combinators => filter.query(),
            Self::Parse => Query::parse(&text).unwrap().into_owned(),
            Self::Raw => Query::raw(text),
            Self::RawAnd => Query::raw(&text).and(more).into_owned(),
            Self::OwnedRawAnd => Query::raw(&text).into_owned().and(more),
            Self::AndRaw => more.and(Query::raw(text)),
            Self::RawOr => Query::raw(text).or(more),
            Self::ParseAnd => Query::parse(&text).unwrap().into_owned().and(more),
            Self::Ordered => filter.query().order_by_desc("u_size"),
            Self::OrderedRaw => Query::raw(format!("{text}^ORDERBYu_name")),
        }
    }

    fn holds(self, filter: &Filter, more: &Condition, thing: &Thing) -> bool {
        match self {
            Self::RawAnd | Self::OwnedRawAnd | Self::AndRaw | Self::ParseAnd => {
                filter.holds(thing) && more.holds(thing)
            }
            Self::RawOr => filter.holds(thing) || more.holds(thing),
            _ => filter.holds(thing),
        }
    }
}

/// What is done with the records of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Terminal {
    Page,
    ThroughBatch,
    BatchItem,
    Count,
    All,
    First,
    One,
    Stream,
    Parallel,
    Unordered,
    ByOffset,
    UpdateEach,
    DeleteEach,
}

impl Terminal {
    const ALL: [Self; 13] = [
        Self::Page,
        Self::ThroughBatch,
        Self::BatchItem,
        Self::Count,
        Self::All,
        Self::First,
        Self::One,
        Self::Stream,
        Self::Parallel,
        Self::Unordered,
        Self::ByOffset,
        Self::UpdateEach,
        Self::DeleteEach,
    ];

    /// Whether it takes one request, which the service answers whole.
    fn is_one_page(self) -> bool {
        matches!(self, Self::Page | Self::ThroughBatch | Self::BatchItem | Self::Count)
    }

    /// Whether it needs records in the order of their `sys_id`.
    fn is_parallel(self) -> bool {
        matches!(self, Self::Parallel | Self::Unordered)
    }
}

/// What a terminal came to.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    /// These records, each once.
    Records(Vec<usize>),
    Count(u64),
    First(Option<usize>),
    One(Result<usize, ErrorKind>),
    Written(BTreeSet<usize>),
}

struct World {
    simulator: Simulator,
    client: Client,
    things: Vec<Thing>,
    /// Tells a write from earlier ones.
    token: u32,
}

fn sys_id(at: usize) -> String {
    format!("{:08x}{at:024}", u32::try_from(at).unwrap().wrapping_mul(0x9e37_79b1))
}

fn place(id: &str) -> usize {
    id[8..].parse().unwrap()
}

fn row<'a>(id: &'a str, thing: &'a Thing) -> Vec<(&'a str, &'a str)> {
    let columns = [KIND, NAME, SIZE, TIME].map(|column| (column.name(), thing.0[column.0]));
    columns.into_iter().chain([("sys_id", id)]).collect()
}

fn places(records: impl IntoIterator<Item = Record>) -> Vec<usize> {
    let mut places: Vec<usize> =
        records.into_iter().map(|record| place(&record.value("sys_id").unwrap())).collect();
    places.sort_unstable();
    places
}

/// All rows of a stream; the report tells the same of them. `limited`: whether more may match.
async fn rows(mut rows: RecordStream<Record>, limited: bool) -> Result<Came, Error> {
    let mut all = Vec::new();
    while let Some(row) = rows.next().await {
        all.push(row?);
    }
    let report = rows.report();
    assert!((report.complete || limited) && report.received == all.len() as u64, "{report:?}");
    Ok(Came::Records(places(all)))
}

async fn written<C: ApiCall>(many: BulkWrite<C>) -> Result<BTreeSet<usize>, Error> {
    let done = many.all().await;
    assert!(
        done.unread.is_none() || done.outcomes.is_empty() && done.untouched.is_empty(),
        "nothing was written"
    );
    let written = done.into_result()?;
    let places: BTreeSet<usize> = written.iter().map(|(id, _)| place(id.as_ref())).collect();
    assert_eq!(places.len(), written.len(), "each once");
    Ok(places)
}

impl World {
    fn new(things: &[Thing]) -> Self {
        let table = Table::new("u_thing", "Thing")
            .column("u_kind", ColumnType::Text)
            .column("u_name", ColumnType::Text)
            .column("u_size", ColumnType::Integer)
            .column("u_time", ColumnType::DateTime)
            .column("u_note", ColumnType::Text);
        let builder = Simulator::builder().user("admin", "secret").without_demo_data().table(table);
        let simulator = builder.build().unwrap();
        for (at, thing) in things.iter().enumerate() {
            simulator.insert("u_thing", row(&sys_id(at), thing)).unwrap();
        }
        Self { client: crate::client(&simulator), simulator, things: things.to_vec(), token: 0 }
    }

    fn list(&self) -> ListRecords<Record> {
        self.client.table("u_thing").list()
    }

    /// How many requests arrived since the last look.
    fn requests(&self) -> usize {
        self.simulator.take_journal().len()
    }

    async fn run(&mut self, terminal: Terminal, list: ListRecords<Record>) -> Result<Came, Error> {
        Ok(match terminal {
            Terminal::Page => Came::Records(places(list.limit(1_000).await?)),
            Terminal::ThroughBatch => Came::Records(places(list.limit(1_000).through_batch().await?)),
            Terminal::BatchItem => {
                let mut batch = self.client.batch();
                let item = batch.add(list.limit(1_000));
                Came::Records(places(batch.send().await.take(&item)?))
            }
            Terminal::Count => Came::Count(list.count().await?),
            Terminal::All => Came::Records(places(list.all().await?)),
            Terminal::First => Came::First(places(list.first_or_none().await?).pop()),
            Terminal::One => match list.one().await {
                Ok(record) => Came::One(Ok(places([record])[0])),
                Err(error) if matches!(error.kind(), ErrorKind::NoResults | ErrorKind::MultipleResults) => {
                    Came::One(Err(error.kind()))
                }
                Err(error) => return Err(error),
            },
            Terminal::Stream => rows(list.stream().page_size(3), false).await?,
            Terminal::Parallel => rows(list.stream().page_size(3).parallel(3), false).await?,
            Terminal::Unordered => {
                rows(list.stream().page_size(3).parallel(3).unordered(true), false).await?
            }
            Terminal::ByOffset => rows(list.stream().page_size(3).by_offset(true), false).await?,
            Terminal::UpdateEach => Came::Written(self.update(list).await?),
            Terminal::DeleteEach => Came::Written(self.delete(list).await?),
        })
    }

    async fn update(&mut self, list: ListRecords<Record>) -> Result<BTreeSet<usize>, Error> {
        self.token += 1;
        let token = self.token.to_string();
        let told = written(list.update_all(&json!({ "u_note": token }))).await;
        let noted = |at: &usize| self.simulator.stored("u_thing", &sys_id(*at), "u_note").unwrap() == token;
        let found: BTreeSet<usize> = (0..self.things.len()).filter(noted).collect();
        assert_eq!(told.as_ref().cloned().unwrap_or_default(), found, "it tells what it did");
        told
    }

    /// What is gone is made again.
    async fn delete(&mut self, list: ListRecords<Record>) -> Result<BTreeSet<usize>, Error> {
        let told = written(list.delete_all()).await;
        let gone = |at: &usize| self.simulator.stored("u_thing", &sys_id(*at), "u_kind").is_none();
        let gone: BTreeSet<usize> = (0..self.things.len()).filter(gone).collect();
        for at in &gone {
            self.simulator.insert("u_thing", row(&sys_id(*at), &self.things[*at])).unwrap();
        }
        assert_eq!(told.as_ref().cloned().unwrap_or_default(), gone, "it tells what it did");
        told
    }

    /// What a terminal has to come to if these are the records.
    fn expected(&self, terminal: Terminal, records: &[usize], ordered: bool) -> Came {
        match terminal {
            Terminal::Count => Came::Count(records.len() as u64),
            Terminal::First if ordered => unreachable!("which is the first is compared by itself"),
            Terminal::First => Came::First(records.iter().copied().min_by_key(|at| sys_id(*at))),
            Terminal::One => Came::One(match records {
                [] => Err(ErrorKind::NoResults),
                [one] => Ok(*one),
                _ => Err(ErrorKind::MultipleResults),
            }),
            Terminal::UpdateEach | Terminal::DeleteEach => Came::Written(records.iter().copied().collect()),
            _ => Came::Records(records.to_vec()),
        }
    }

    fn select(&self, holds: impl Fn(&Thing) -> bool) -> Vec<usize> {
        self.things.iter().enumerate().filter(|(_, thing)| holds(thing)).map(|(at, _)| at).collect()
    }

    /// The door leads every terminal to the same records.
    async fn agrees(&mut self, door: Door, filter: &Filter, more: &Condition) -> Result<(), TestCaseError> {
        let records = self.select(|thing| door.holds(filter, more, thing));
        let ordered = matches!(door, Door::Ordered | Door::OrderedRaw);
        for terminal in Terminal::ALL {
            if ordered && terminal.is_parallel() {
                continue; // refused, which another test shows
            }
            let query = door.query(filter, more);
            let came = self.run(terminal, self.list().query(&query)).await;
            let what = format!("{door:?} {terminal:?} {query:?} {}", filter.text());
            let came = came.map_err(|error| TestCaseError::fail(format!("{what}: {error}")))?;
            match (terminal, &came) {
                (Terminal::First, Came::First(first)) if ordered => {
                    prop_assert_eq!(first.is_none(), records.is_empty(), "{}", what);
                    prop_assert!(first.is_none_or(|at| records.contains(&at)), "{}", what);
                }
                _ => prop_assert_eq!(came, self.expected(terminal, &records, ordered), "{}", what),
            }
        }
        let query = door.query(filter, more);
        let counted = self.client.aggregate("u_thing").query(&query).count();
        let groups = self.client.aggregate("u_thing").query(&query).count().group_by(["u_kind"]);
        let mut batch = self.client.batch();
        let (one, many) = (batch.add(counted), batch.add(groups));
        let mut answers = batch.send().await;
        prop_assert_eq!(answers.take(&one).unwrap().count().unwrap(), records.len() as u64, "{:?}", door);
        let groups = answers.take(&many).unwrap();
        for kind in KINDS {
            let group = groups.iter().find(|group| group.value("u_kind").unwrap() == kind);
            let counted = group.map_or(0, |group| group.count().unwrap());
            let here = records.iter().filter(|at| self.things[**at].0[KIND.0] == kind).count();
            prop_assert_eq!(counted, here as u64, "{:?} {}", door, kind);
        }
        Ok(())
    }

    /// The terminal refuses the list, and nothing has been sent.
    async fn refuses(
        &mut self,
        terminal: Terminal,
        list: ListRecords<Record>,
        what: impl fmt::Debug,
    ) -> Result<(), TestCaseError> {
        self.requests();
        let came = self.run(terminal, list).await;
        prop_assert_eq!(
            came.map_err(|error| error.kind()),
            Err(ErrorKind::InvalidInput),
            "{:?} {:?}",
            terminal,
            what
        );
        prop_assert_eq!(self.requests(), 0, "{:?} {:?}", terminal, what);
        Ok(())
    }
}

/// Filters by a `<field>=<value>` pair, which the service takes in place of a query (facts 1.2).
fn pair(list: ListRecords<Record>, column: Column, value: &str) -> ListRecords<Record> {
    list.filter(column.name(), value)
}

fn things() -> impl Strategy<Value = Vec<Thing>> {
    let of = |values: &'static [&'static str]| prop::sample::select(values);
    let thing = (of(&KINDS), of(&NAMES), of(&SIZES), of(&TIMES));
    prop::collection::vec(thing.prop_map(|(kind, name, size, time)| Thing([kind, name, size, time])), 4..20)
}

fn values(column: Column) -> &'static [&'static str] {
    match column {
        KIND => &KINDS,
        NAME => &NAMES[1..],
        SIZE => &SIZES[1..],
        _ => &TIMES[1..],
    }
}

fn equality() -> impl Strategy<Value = (Column, &'static str)> {
    let column = prop::sample::select(&[KIND, NAME, SIZE, TIME][..]);
    column.prop_flat_map(|column| (Just(column), prop::sample::select(values(column))))
}

fn condition() -> impl Strategy<Value = Condition> {
    let value = equality;
    let several = equality().prop_flat_map(|(column, _)| {
        (Just(column), prop::collection::vec(prop::sample::select(values(column)), 1..4))
    });
    let ranged = prop::sample::select(&[SIZE, TIME][..])
        .prop_flat_map(|column| (Just(column), prop::sample::select(values(column))));
    prop_oneof![
        3 => value().prop_map(|(column, value)| Condition(column, Test::Eq(value))),
        1 => prop::sample::select(&KINDS[..]).prop_map(|value| Condition(KIND, Test::Ne(value))),
        1 => ranged.clone().prop_map(|(column, value)| Condition(column, Test::Lt(value))),
        1 => ranged.prop_map(|(column, value)| Condition(column, Test::Gt(value))),
        1 => several.prop_map(|(column, values)| Condition(column, Test::In(values))),
        1 => value().prop_map(|(column, _)| Condition(column, Test::Empty)),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let term = prop::collection::vec(condition(), 1..3);
    let group = prop::collection::vec(term, 1..3);
    prop::collection::vec(group, 1..3).prop_map(Filter)
}

#[test]
fn a_filter_selects_the_same_records_through_every_door_and_for_every_terminal() {
    check(30, (things(), filter(), condition()), async |(things, filter, more)| {
        let mut world = World::new(&things);
        for door in Door::ALL {
            world.agrees(door, &filter, &more).await?;
        }
        Ok(())
    });
}

#[test]
fn pairs_select_for_one_page_and_a_count_and_nothing_else_takes_them() {
    check(60, (things(), equality(), equality()), async |(things, first, second)| {
        let mut world = World::new(&things);
        let pairs = if first.0 == second.0 { vec![first] } else { vec![first, second] };
        let holds = |thing: &Thing| pairs.iter().all(|(column, value)| thing.0[column.0] == *value);
        let records = world.select(holds);
        for terminal in Terminal::ALL {
            let list = pairs.iter().fold(world.list(), |list, (column, value)| pair(list, *column, value));
            if terminal.is_one_page() {
                let came = world.run(terminal, list).await.unwrap();
                prop_assert_eq!(
                    came,
                    world.expected(terminal, &records, false),
                    "{:?} {:?}",
                    terminal,
                    pairs
                );
            } else {
                world.refuses(terminal, list, &pairs).await?;
            }
        }
        Ok(())
    });
}

#[test]
fn what_would_select_otherwise_than_it_says_is_refused_before_anything_is_sent() {
    check(60, (things(), filter(), equality()), async |(things, filter, (column, value))| {
        let mut world = World::new(&things);
        let (query, text) = (filter.query(), filter.text());
        for terminal in Terminal::ALL {
            let list = || world.list();
            let refused = [
                ("a query by name", list().param("sysparm_query", &text)),
                ("a query by name over another", list().query(&query).param("sysparm_query", &text)),
                ("in capitals", list().query(&query).param("SYSPARM_QUERY", &text)),
                ("a pair by name", list().param(column.name(), value)),
                ("a pair by name over a query", list().query(&query).param(column.name(), value)),
                ("a limit by name", list().query(&query).param("sysparm_limit", "1")),
                ("an offset by name", list().query(&query).param("sysparm_offset", "x")),
                ("fields by name", list().query(&query).param("sysparm_fields", "u_kind")),
                ("another domain by name", list().query(&query).param("sysparm_query_no_domain", "true")),
                ("a query and a pair", pair(list().query(&query), column, value)),
                ("a pair and a query", pair(list(), column, value).query(&query)),
                ("a pair without a value", pair(list(), column, "")),
                ("two pairs for one field", pair(pair(list(), column, value), column, value)),
            ];
            for (what, list) in refused {
                world.refuses(terminal, list, (what, &text)).await?;
            }
        }
        for (name, value) in [("sysparm_query", text.as_str()), (column.name(), value)] {
            let (table, id) = (world.client.table("u_thing"), sys_id(0));
            let kinds = [
                world.client.aggregate("u_thing").count().param(name, value).await.map(drop),
                table.get(&id).param(name, value).await.map(drop),
                table.update(&id, &json!({ "u_note": "x" })).param(name, value).await.map(drop),
                table.delete(&id).param(name, value).await,
            ];
            for refused in kinds {
                prop_assert_eq!(
                    refused.map_err(|error| error.kind()),
                    Err(ErrorKind::InvalidInput),
                    "{}",
                    name
                );
            }
        }
        prop_assert_eq!(world.requests(), 0);
        Ok(())
    });
}

/// What a window does to the records of a list, by terminal. In an order the first ones are those of the service's order, and
/// without one those with the least `sys_id`s.
#[test]
fn a_limit_and_an_offset_mean_the_same_for_every_terminal() {
    let cases = (things(), filter(), 1..8_u32, prop::option::of(0..6_u32), any::<bool>());
    check(60, cases, async |(things, filter, limit, offset, ordered)| {
        let mut world = World::new(&things);
        let mut records = world.select(|thing| filter.holds(thing));
        records.sort_by_key(|at| sys_id(*at));
        let skipped = usize::try_from(offset.unwrap_or(0)).unwrap();
        let window: Vec<usize> =
            records.iter().copied().skip(skipped).take(usize::try_from(limit).unwrap()).collect();
        let query = if ordered { filter.query().order_by("sys_id") } else { filter.query() };
        let list = |world: &World| {
            let list = world.list().query(&query).limit(limit);
            offset.into_iter().fold(list, ListRecords::offset)
        };
        let mut sorted = window.clone();
        sorted.sort_unstable();
        // A page without an order is whatever the service sends first: how many is all that is certain.
        let page = places(list(&world).await.unwrap());
        prop_assert!(if ordered { page == sorted } else { page.len() == sorted.len() }, "{:?}", page);
        prop_assert_eq!(list(&world).count().await.unwrap(), records.len() as u64, "all that match");
        prop_assert_eq!(places(list(&world).all().await.unwrap()), sorted.clone());
        let streamed = rows(list(&world).stream().page_size(2), true).await.unwrap();
        prop_assert_eq!(streamed, Came::Records(sorted.clone()));
        for terminal in [Terminal::UpdateEach, Terminal::DeleteEach] {
            let list = list(&world);
            if offset.is_some() {
                world.refuses(terminal, list, "an offset").await?;
            } else {
                let came = world.run(terminal, list).await.unwrap();
                prop_assert_eq!(came, Came::Written(window.iter().copied().collect()));
            }
        }
        Ok(())
    });
}

/// Where the service looks, and what has no method, go with every request that asks which records there are.
#[test]
fn the_scope_reaches_every_request_for_the_records() {
    check(25, (things(), filter()), async |(things, filter)| {
        let mut world = World::new(&things);
        for terminal in Terminal::ALL {
            if terminal == Terminal::BatchItem || terminal == Terminal::ThroughBatch {
                continue; // items are no requests of their own
            }
            let list = world.list().query(filter.query()).query_no_domain(true).query_category("replica");
            world.requests();
            world.run(terminal, list.param("sysparm_own", "kept")).await.unwrap();
            let journal = world.simulator.take_journal();
            let reads: Vec<_> = journal.iter().filter(|entry| entry.method == http::Method::GET).collect();
            prop_assert!(!reads.is_empty());
            for entry in reads {
                for wanted in
                    ["sysparm_query_no_domain=true", "sysparm_query_category=replica", "sysparm_own=kept"]
                {
                    prop_assert!(
                        entry.query.split('&').any(|pair| pair == wanted),
                        "{:?} {}",
                        terminal,
                        entry.query
                    );
                }
            }
        }
        Ok(())
    });
}
