//! How random queries are made: of the conditions that the facts explain for each type, and of fields that there are not.

use super::condition::{Around, Condition, Join, Op, Order, Query};
use super::dictionary::{Column, Kind, Table};
use super::random_draft::{DAYS, TEXTS, TIMES};
use super::world::{CITIES, COUNTRIES};
use proptest::prelude::*;
use proptest::sample::select;

const NUMBERS: &[&str] = &["1", "2", "3", "10", "-4", "0", "7", "10.5"];
const IDS: &[&str] = &[
    CITIES[0].0,
    CITIES[2].0,
    COUNTRIES[1].0,
    "e0000000000000000000000000000000",
    "e0000000000000000000000000000006",
    "nowhere",
];

/// Paths of fields that are not columns of the table itself, and names of none.
pub(crate) fn odd_fields() -> Vec<&'static str> {
    vec![
        "nope",
        "U_NAME",
        "u_city.u_name",
        "u_city.u_country",
        "u_city.u_country.u_name",
        "u_city.nope",
        "u_name.x",
    ]
}

pub(crate) fn queries(of: &'static Table) -> BoxedStrategy<Query> {
    let join = prop_oneof![4 => Just(Join::And), 3 => Just(Join::Or), 1 => Just(Join::NewQuery)];
    let terms = prop::collection::vec((join, conditions(of)), 0..5);
    let around = select(vec![
        Around::Nothing,
        Around::Nothing,
        Around::Nothing,
        Around::CaretInFront,
        Around::CaretBehind,
        Around::EndMarker,
        Around::Grouping,
    ]);
    let fields: Vec<&str> = of
        .columns()
        .iter()
        .filter(|column| !matches!(column.kind, Kind::Journal | Kind::List(_) | Kind::Duration))
        .map(|column| column.name)
        .chain(["nope"])
        .collect();
    let order = (select(fields), any::<bool>()).prop_map(|(field, descending)| Order { field, descending });
    // Most lists are in an order that leaves nothing open.
    (terms, prop::collection::vec(order, 0..3), around, prop::bool::weighted(0.8))
        .prop_map(|(terms, mut order, around, total)| {
            if total {
                order.push(Order { field: "sys_id", descending: false });
            }
            Query { terms, order, around }
        })
        .boxed()
}

fn conditions(of: &'static Table) -> BoxedStrategy<Condition> {
    let mut known: Vec<BoxedStrategy<Condition>> =
        of.columns().into_iter().filter_map(|column| condition(column.name, column)).collect();
    if of.name == "u_order" {
        let city = |name: &str| super::dictionary::table("u_city").and_then(|city| city.column(name));
        known.extend(city("u_name").and_then(|column| condition("u_city.u_name", column)));
        known.extend(city("u_size").and_then(|column| condition("u_city.u_size", column)));
        known.extend(city("u_name").and_then(|column| condition("u_city.u_country.u_name", column)));
        let two = select(vec![Op::Same, Op::NotSame, Op::MoreThanField, Op::LessThanField]);
        known.push(two.prop_map(|op| Condition { field: "u_pieces", op, values: vec!["u_more"] }).boxed());
    }
    let unknown = (select(odd_fields()), select(TEXTS))
        .prop_map(|(field, value)| Condition { field, op: Op::Is, values: vec![value] })
        .prop_filter("known in this table", move |condition| {
            !condition.field.starts_with("u_city")
                || condition.field.ends_with("nope")
                || of.name != "u_order"
        });
    prop_oneof![9 => prop::strategy::Union::new(known), 1 => unknown].boxed()
}

/// A condition on a column, of those that the facts explain for its type.
fn condition(field: &'static str, column: &'static Column) -> Option<BoxedStrategy<Condition>> {
    use Op::{
        Anything, AtLeast, AtMost, Between, Empty, EmptyString, Ends, In, InstanceOf, Is, IsNot, Less, Like,
        More, NotEmpty, NotIn, NotInTight, NotLike, Starts,
    };
    let number =
        || vec![Is, IsNot, In, NotIn, NotInTight, Less, AtMost, More, AtLeast, Between, Empty, NotEmpty];
    let (ops, values) = match column.kind {
        Kind::Text | Kind::Cut(_) => {
            let words = vec![Like, NotLike, Starts, Ends, EmptyString, Anything];
            (words.into_iter().chain(number()).collect(), TEXTS)
        }
        Kind::Integer | Kind::Decimal => (number(), NUMBERS),
        Kind::Choice(true, _) => (number(), &["1", "2", "3", "99", "101", "-5"][..]),
        Kind::Choice(false, _) => {
            (vec![Is, IsNot, In, NotIn, Empty, NotEmpty], &["red", "blue", "green", "Deep blue"][..])
        }
        Kind::Boolean => (vec![Is, IsNot, Empty, NotEmpty], &["true", "false"][..]),
        Kind::DateTime => (vec![Is, Less, AtMost, More, AtLeast, Between, Empty, NotEmpty], TIMES),
        Kind::Date => (vec![Is, Less, AtMost, More, AtLeast, Between, Empty, NotEmpty], DAYS),
        Kind::Duration | Kind::List(_) => (vec![Empty, NotEmpty], TEXTS),
        Kind::Reference(_) => {
            let by_name =
                (select(vec![Like, NotLike, Starts, Ends]), select(&["Rome", "erl", "ITA", "x"][..]))
                    .prop_map(move |(op, value)| Condition { field, op, values: vec![value] });
            let by_id = of_values(field, vec![Is, IsNot, In, NotIn, Empty, NotEmpty], IDS);
            return Some(prop_oneof![by_name, by_id].boxed());
        }
        Kind::Id => (vec![Is, IsNot, In, NotIn, Less, AtMost, More, AtLeast], IDS),
        Kind::Class => (vec![Is, InstanceOf], &["u_animal", "u_dog", "no_such_class"][..]),
        Kind::Journal => return None,
    };
    let plain = of_values(field, ops, values);
    Some(match column.kind {
        Kind::Integer => {
            let odd = select(vec![(Is, "=1"), (Is, "many"), (More, "many"), (Is, "")])
                .prop_map(move |(op, value)| Condition { field, op, values: vec![value] });
            prop_oneof![6 => plain, 1 => odd].boxed()
        }
        Kind::DateTime => {
            let day = (select(vec![More, AtLeast, Less]), select(DAYS))
                .prop_map(move |(op, value)| Condition { field, op, values: vec![value] });
            prop_oneof![4 => plain, 1 => day].boxed()
        }
        _ => plain,
    })
}

fn of_values(field: &'static str, ops: Vec<Op>, values: &'static [&'static str]) -> BoxedStrategy<Condition> {
    (select(ops), prop::collection::vec(select(values), 3))
        .prop_map(move |(op, mut values)| {
            values.truncate(match op {
                Op::In | Op::NotIn | Op::NotInTight => 3,
                Op::Between => 2,
                Op::Empty | Op::NotEmpty | Op::EmptyString | Op::Anything => 0,
                _ => 1,
            });
            Condition { field, op, values }
        })
        .boxed()
}
