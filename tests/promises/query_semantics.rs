//! A query selects the records that its expression describes: for random trees and rows, a naive evaluation of the tree agrees with the
//! simulator's evaluation of the encoded text, which shares no code with the encoder.
//!
//! `SNOW_QUERY_CASES` sets the number of random trees; `cargo xtask queries` runs a million.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use snow_client::query::{Query, related_list};
use snow_client::{DateTime, field};
use snow_sim::{ColumnType, Simulator, Table};
use std::cell::RefCell;
use tokio::runtime::Runtime;

const NAMES: [&str; 9] = ["", "a", "B", "ab", "b a", "10", "=1", "a,b", "IN x@y"];
const SIZES: [Option<i64>; 5] = [None, Some(0), Some(2), Some(10), Some(-3)];
const FLAGS: [&str; 3] = ["", "true", "false"];
const TIMES: [Option<i64>; 4] = [None, Some(0), Some(1_782_466_200), Some(1_782_466_201)];
const KINDS: [&str; 3] = ["", "red", "blue"];

/// One row: indexes into the values above, and the kinds of its children.
#[derive(Clone, Debug)]
struct Row {
    name: usize,
    size: usize,
    other: usize,
    flag: usize,
    time: usize,
    children: Vec<usize>,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let children = prop::collection::vec(0..KINDS.len(), 0..4);
    let row =
        (0..NAMES.len(), 0..SIZES.len(), 0..SIZES.len(), 0..FLAGS.len(), 0..TIMES.len(), children).prop_map(
            |(name, size, other, flag, time, children)| Row { name, size, other, flag, time, children },
        );
    prop::collection::vec(row, 40..80)
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Lt,
    Le,
    Gt,
    Ge,
}

impl Order {
    fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        match self {
            Self::Lt => a < b,
            Self::Le => a <= b,
            Self::Gt => a > b,
            Self::Ge => a >= b,
        }
    }
}

#[derive(Clone, Debug)]
enum Leaf {
    NameIs(bool, &'static str),
    NameHolds(bool, &'static str),
    NameStarts(&'static str),
    NameEnds(&'static str),
    NameIn(bool, Vec<&'static str>),
    SizeIs(bool, i64),
    Size(Order, i64),
    SizeBetween(i64, i64),
    SizeIn(bool, Vec<i64>),
    Flag(bool, bool),
    Time(Order, i64),
    Empty(bool, &'static str),
    SizeSame(bool),
    SizeOther(Order),
    Children(Order, u32, Option<&'static str>, Text),
}

impl Leaf {
    fn query(&self) -> Query<'static> {
        let (name, size, time) = (field("u_name"), field("u_size"), field("u_time"));
        match self.clone() {
            Self::NameIs(true, value) => name.eq(value),
            Self::NameIs(false, value) => name.ne(value),
            Self::NameHolds(true, text) => name.contains(text),
            Self::NameHolds(false, text) => name.not_contains(text),
            Self::NameStarts(text) => name.starts_with(text),
            Self::NameEnds(text) => name.ends_with(text),
            Self::NameIn(true, values) => name.is_in(values),
            Self::NameIn(false, values) => name.not_in(values),
            Self::SizeIs(true, value) => size.eq(value),
            Self::SizeIs(false, value) => size.ne(value),
            Self::Size(Order::Lt, value) => size.lt(value),
            Self::Size(Order::Le, value) => size.le(value),
            Self::Size(Order::Gt, value) => size.gt(value),
            Self::Size(Order::Ge, value) => size.ge(value),
            Self::SizeBetween(from, to) => size.between(from, to),
            Self::SizeIn(true, values) => size.is_in(values),
            Self::SizeIn(false, values) => size.not_in(values),
            Self::Flag(true, value) => field("u_flag").eq(value),
            Self::Flag(false, value) => field("u_flag").ne(value),
            Self::Time(Order::Lt, value) => time.lt(DateTime::from_unix(value)),
            Self::Time(Order::Le, value) => time.le(DateTime::from_unix(value)),
            Self::Time(Order::Gt, value) => time.gt(DateTime::from_unix(value)),
            Self::Time(Order::Ge, value) => time.ge(DateTime::from_unix(value)),
            Self::Empty(true, column) => field(column).is_empty(),
            Self::Empty(false, column) => field(column).is_not_empty(),
            Self::SizeSame(true) => size.same_as("u_other"),
            Self::SizeSame(false) => size.not_same_as("u_other"),
            Self::SizeOther(Order::Lt) => size.lt_field("u_other"),
            Self::SizeOther(Order::Le) => size.le_field("u_other"),
            Self::SizeOther(Order::Gt) => size.gt_field("u_other"),
            Self::SizeOther(Order::Ge) => size.ge_field("u_other"),
            Self::Children(order, count, kind, text) => {
                let list = related_list("u_child", "u_parent");
                let list = match kind {
                    Some(kind) => list.matching(text.of(field("u_kind").eq(kind))),
                    None => list,
                };
                match order {
                    Order::Ge => list.at_least(count),
                    Order::Le => list.at_most(count),
                    // There is no other in the interface: one is made of the two.
                    Order::Gt => list.at_most(count).not(),
                    Order::Lt => list.at_least(count).not(),
                }
            }
        }
    }

    /// In the plainest words. A negative test finds rows without a value; text is compared without regard to case.
    fn holds(&self, row: &Row) -> bool {
        let name = NAMES[row.name].to_lowercase();
        let (size, other) = (SIZES[row.size], SIZES[row.other]);
        let is = |value: &&str| name == value.to_lowercase();
        match self {
            Self::NameIs(wanted, value) => is(value) == *wanted,
            Self::NameHolds(wanted, text) => name.contains(&text.to_lowercase()) == *wanted,
            Self::NameStarts(text) => name.starts_with(&text.to_lowercase()),
            Self::NameEnds(text) => name.ends_with(&text.to_lowercase()),
            Self::NameIn(wanted, values) => values.iter().any(is) == *wanted,
            Self::SizeIs(wanted, value) => (size == Some(*value)) == *wanted,
            Self::Size(order, value) => size.is_some_and(|size| order.holds(size, *value)),
            Self::SizeBetween(from, to) => size.is_some_and(|size| (*from..=*to).contains(&size)),
            Self::SizeIn(wanted, values) => size.is_some_and(|size| values.contains(&size)) == *wanted,
            Self::Flag(is, value) => (FLAGS[row.flag] == "true") == (is == value),
            Self::Time(order, value) => TIMES[row.time].is_some_and(|time| order.holds(time, *value)),
            Self::Empty(wanted, "u_name") => name.is_empty() == *wanted,
            Self::Empty(wanted, "u_size") => size.is_none() == *wanted,
            Self::Empty(wanted, "u_flag") => FLAGS[row.flag].is_empty() == *wanted,
            Self::Empty(wanted, _) => TIMES[row.time].is_none() == *wanted,
            Self::SizeSame(wanted) => (size == other) == *wanted,
            Self::SizeOther(order) => size.zip(other).is_some_and(|(size, other)| order.holds(size, other)),
            Self::Children(order, count, kind, _) => {
                let fits = |child: &&usize| kind.is_none_or(|kind| KINDS[**child] == kind);
                order.holds(row.children.iter().filter(fits).count(), *count as usize)
            }
        }
    }

    /// Whether the language has no word for its opposite.
    fn has_no_opposite(&self) -> bool {
        matches!(self, Self::NameStarts(_) | Self::NameEnds(_))
    }
}

/// What becomes of a query on its way into another: it selects the same.
#[derive(Clone, Copy, Debug)]
enum Text {
    Untouched,
    Owned,
    OrderedAndNot,
    Raw,
    RawBorrowed,
    RawOwned,
    RawOwnedTwice,
    RawParsed,
    RawWithoutOrder,
    RawInAll,
    RawInAny,
    Parsed,
    ParsedOwned,
}

const TEXTS: &[Text] = &[
    Text::Untouched,
    Text::Owned,
    Text::OrderedAndNot,
    Text::Raw,
    Text::RawBorrowed,
    Text::RawOwned,
    Text::RawOwnedTwice,
    Text::RawParsed,
    Text::RawWithoutOrder,
    Text::RawInAll,
    Text::RawInAny,
    Text::Parsed,
    Text::ParsedOwned,
];

impl Text {
    fn of(self, query: Query<'static>) -> Query<'static> {
        // What cannot be sent has no text.
        let Ok(text) = query.encode() else { return query };
        match self {
            Self::Untouched => query,
            Self::Owned => query.into_owned(),
            Self::OrderedAndNot => query.order_by("u_name").without_order(),
            Self::Raw => Query::raw(text),
            Self::RawBorrowed => Query::raw(kept(text)),
            Self::RawOwned => Query::raw(kept(text)).into_owned(),
            Self::RawOwnedTwice => Query::raw(text).into_owned().into_owned().escape_carets(),
            Self::RawParsed => Query::raw(text).parsed(),
            Self::RawWithoutOrder => Query::raw(text).into_owned().without_order(),
            Self::RawInAll => Query::all([Query::new(), Query::raw(text).into_owned()]),
            Self::RawInAny => Query::any([Query::raw(text).into_owned()]),
            Self::Parsed => Query::parse(kept(text)).unwrap(),
            Self::ParsedOwned => Query::parse(&text).unwrap().into_owned(),
        }
    }

    /// Whether it is read the service's way: a test that also finds rows without a value says so by a second test.
    fn is_text(self) -> bool {
        !matches!(self, Self::Untouched | Self::Owned | Self::OrderedAndNot)
    }
}

/// Text that lives as long as the test, for queries that borrow it.
fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// The ways to write one and the same thing.
#[derive(Clone, Copy, Debug)]
enum Way {
    List,
    Method,
    Operator,
}

#[derive(Clone, Debug)]
enum Tree {
    Leaf(Leaf),
    All(Way, Vec<Tree>),
    Any(Way, Vec<Tree>),
    Not(Way, Box<Tree>),
    /// Sorted by something: that says nothing about which rows.
    Ordered(Box<Tree>),
    /// The same, taken through its text.
    Text(Text, Box<Tree>),
}

impl Tree {
    fn query(&self) -> Query<'static> {
        let join = |trees: &[Tree], both: fn(Query<'static>, Query<'static>) -> Query<'static>| {
            trees.iter().map(Self::query).reduce(both).unwrap()
        };
        match self {
            Self::Leaf(leaf) => leaf.query(),
            Self::All(Way::List, trees) => Query::all(trees.iter().map(Self::query)),
            Self::All(Way::Method, trees) => join(trees, Query::and),
            Self::All(Way::Operator, trees) => join(trees, |left, right| left & right),
            Self::Any(Way::List, trees) => Query::any(trees.iter().map(Self::query)),
            Self::Any(Way::Method, trees) => join(trees, Query::or),
            Self::Any(Way::Operator, trees) => join(trees, |left, right| left | right),
            Self::Not(Way::Operator, tree) => !tree.query(),
            Self::Not(_, tree) => tree.query().not(),
            Self::Ordered(tree) => tree.query().order_by_desc("u_size"),
            Self::Text(text, tree) => text.of(tree.query()),
        }
    }

    fn holds(&self, row: &Row) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.holds(row),
            Self::All(_, trees) => trees.iter().all(|tree| tree.holds(row)),
            Self::Any(_, trees) => trees.iter().any(|tree| tree.holds(row)),
            Self::Not(_, tree) => !tree.holds(row),
            Self::Ordered(tree) | Self::Text(_, tree) => tree.holds(row),
        }
    }

    /// Whether the opposite of something is asked for that has none.
    fn asks_too_much(&self, negated: bool) -> bool {
        match self {
            Self::Leaf(leaf) => negated && leaf.has_no_opposite(),
            Self::All(_, trees) | Self::Any(_, trees) => trees.iter().any(|tree| tree.asks_too_much(negated)),
            Self::Not(_, tree) => tree.asks_too_much(!negated),
            Self::Ordered(tree) => tree.asks_too_much(negated),
            // What was written as text is read the service's way: a test without a value is not there any more to be undone.
            Self::Text(text, _) if negated && text.is_text() => true,
            Self::Text(_, tree) => tree.asks_too_much(negated),
        }
    }
}

fn order() -> impl Strategy<Value = Order> {
    prop::sample::select(&[Order::Lt, Order::Le, Order::Gt, Order::Ge][..])
}

fn leaf() -> impl Strategy<Value = Leaf> {
    // The first is none: is_empty() asks for that.
    let name = || prop::sample::select(&NAMES[1..]);
    let text = || prop::sample::select(&["a", "B", "b a", "1", ",", "@"][..]);
    let listed = || prop::sample::select(&["a", "AB", "10", "=1", "zz"][..]);
    let size = || -4..12_i64;
    let time = prop::sample::select(&[0_i64, 1_782_466_200, 1_782_466_201, -1][..]);
    let column = prop::sample::select(&["u_name", "u_size", "u_flag", "u_time"][..]);
    let kind = prop::sample::select(&[None, Some("red"), Some("blue")][..]);
    prop_oneof![
        (any::<bool>(), name()).prop_map(|(is, value)| Leaf::NameIs(is, value)),
        (any::<bool>(), text()).prop_map(|(is, value)| Leaf::NameHolds(is, value)),
        text().prop_map(Leaf::NameStarts),
        text().prop_map(Leaf::NameEnds),
        (any::<bool>(), prop::collection::vec(listed(), 1..4))
            .prop_map(|(is, values)| Leaf::NameIn(is, values)),
        (any::<bool>(), size()).prop_map(|(is, value)| Leaf::SizeIs(is, value)),
        (order(), size()).prop_map(|(order, value)| Leaf::Size(order, value)),
        (size(), size()).prop_map(|(from, to)| Leaf::SizeBetween(from, to)),
        (any::<bool>(), prop::collection::vec(size(), 1..4))
            .prop_map(|(is, values)| Leaf::SizeIn(is, values)),
        (any::<bool>(), any::<bool>()).prop_map(|(is, value)| Leaf::Flag(is, value)),
        (order(), time).prop_map(|(order, value)| Leaf::Time(order, value)),
        (any::<bool>(), column).prop_map(|(is, column)| Leaf::Empty(is, column)),
        any::<bool>().prop_map(Leaf::SizeSame),
        order().prop_map(Leaf::SizeOther),
        (order(), 0..4_u32, kind, prop::sample::select(TEXTS))
            .prop_map(|(order, count, kind, text)| Leaf::Children(order, count, kind, text)),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    leaf().prop_map(Tree::Leaf).prop_recursive(5, 16, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 1..4);
        let one = || inner.clone().prop_map(Box::new);
        let way = prop::sample::select(&[Way::List, Way::Method, Way::Operator][..]);
        prop_oneof![
            4 => (way.clone(), several()).prop_map(|(way, trees)| Tree::All(way, trees)),
            4 => (way.clone(), several()).prop_map(|(way, trees)| Tree::Any(way, trees)),
            2 => (way, one()).prop_map(|(way, tree)| Tree::Not(way, tree)),
            1 => one().prop_map(Tree::Ordered),
            3 => (prop::sample::select(TEXTS), one()).prop_map(|(text, tree)| Tree::Text(text, tree)),
        ]
    })
}

fn simulator(rows: &[Row]) -> Simulator {
    let thing = Table::new("u_thing", "Thing")
        .column("u_name", ColumnType::Text)
        .column("u_size", ColumnType::Integer)
        .column("u_other", ColumnType::Integer)
        .column("u_flag", ColumnType::Boolean)
        .column("u_time", ColumnType::DateTime);
    let child = Table::new("u_child", "Child")
        .column("u_kind", ColumnType::Text)
        .column("u_parent", ColumnType::Reference("u_thing".into()));
    let mut builder =
        Simulator::builder().user("admin", "secret").without_demo_data().table(thing).table(child);
    for (at, row) in rows.iter().enumerate() {
        let number = |value: Option<i64>| value.map(|number| number.to_string()).unwrap_or_default();
        let time = TIMES[row.time].map(|time| DateTime::from_unix(time).to_string()).unwrap_or_default();
        let id = format!("{at:032}");
        let (size, other) = (number(SIZES[row.size]), number(SIZES[row.other]));
        builder = builder.row(
            "u_thing",
            [
                ("sys_id", id.as_str()),
                ("u_name", NAMES[row.name]),
                ("u_size", &size),
                ("u_other", &other),
                ("u_flag", FLAGS[row.flag]),
                ("u_time", &time),
            ],
        );
        for kind in &row.children {
            builder = builder.row("u_child", [("u_parent", id.as_str()), ("u_kind", KINDS[*kind])]);
        }
    }
    builder.build().unwrap()
}

fn cases() -> u32 {
    std::env::var("SNOW_QUERY_CASES").map_or(1_500, |cases| cases.parse().expect("a number of cases"))
}

/// As many trees as meet the same rows.
const BATCH: u32 = 250;

fn runner(cases: u32, dice: TestRng) -> TestRunner {
    let config =
        Config { cases, failure_persistence: None, max_global_rejects: u32::MAX, ..Config::default() };
    TestRunner::new_with_rng(config, dice)
}

/// What came of the trees.
#[derive(Default)]
struct Tally {
    trees: u32,
    /// For an opposite that has no word.
    refused: u32,
    /// Written in more than one group.
    grouped: u32,
}

/// A run with a fixed seed can be repeated; with many cases, no two are the same.
#[test]
fn any_tree_selects_what_it_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut dice = runner(0, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let tally = RefCell::new(Tally::default());
    while tally.borrow().trees < cases() {
        let rows = rows().new_tree(&mut dice).unwrap().current();
        let simulator = simulator(&rows);
        let check = |tree| check(&tree, &rows, &simulator, &runtime, &tally);
        let count = BATCH.min(cases() - tally.borrow().trees);
        runner(count, dice.new_rng()).run(&tree(), check).unwrap();
    }
    let Tally { trees, refused, grouped } = tally.into_inner();
    println!(
        "{trees} trees: {refused} refused for an opposite that has no word, {grouped} in more than one group"
    );
    assert!(refused < trees / 2 && grouped > trees / 20, "{refused} refused, {grouped} with groups");
}

fn check(
    tree: &Tree,
    rows: &[Row],
    simulator: &Simulator,
    runtime: &Runtime,
    tally: &RefCell<Tally>,
) -> Result<(), TestCaseError> {
    let mut tally = tally.borrow_mut();
    tally.trees += 1;
    let query = tree.query();
    let text = match query.encode() {
        Ok(text) => text,
        Err(why) => {
            prop_assert!(tree.asks_too_much(false), "{tree:?}: {why}");
            tally.refused += 1;
            return Ok(());
        }
    };
    let expected: Vec<usize> =
        rows.iter().enumerate().filter(|(_, row)| tree.holds(row)).map(|(at, _)| at).collect();
    // Either answer to what is unsettled about rows without a value.
    for negatives_match_empty in [false, true] {
        simulator.settings(|settings| settings.negatives_match_empty = negatives_match_empty);
        prop_assert_eq!(&runtime.block_on(crate::selected(simulator, &query)), &expected, "{}", text);
    }
    let again = Query::parse(&text).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
    prop_assert_eq!(&again.encode().unwrap(), &text);
    tally.grouped += u32::from(text.contains("^NQ"));
    simulator.take_journal();
    Ok(())
}
