//! How random requests of the Table API are made: good ones, and bad ones of every kind.

use super::condition::{Around, Condition, Join, Op, Order, Query};
use super::dictionary::{Column, Kind, TABLES, Table, orders};
use super::instance::Who;
use super::table_request::{
    Action, Listing, Looks, Method, Misplaced, Own, OwnId, TableRequest, Which, Writing,
};
use super::world::{CITIES, COUNTRIES};
use super::writing::{Draft, Form, Input};
use proptest::prelude::*;
use proptest::sample::{Index, select};

pub(crate) const VERSIONS: &[&str] = &["", "v1/", "v2/"];
const TEXTS: &[&str] = &[
    "alpha",
    "ALPHA",
    "Beta",
    "gamma ray",
    "delta^x",
    "a",
    "k-1",
    "é & 100%",
    "x=1+2",
    "Rex",
    "open",
    "one",
];
const NUMBERS: &[&str] = &["1", "2", "3", "10", "-4", "0", "7", "10.5"];
const TIMES: &[&str] =
    &["2026-01-01 00:00:00", "2026-06-26 20:00:00", "2026-06-26 19:40:00", "2031-12-31 23:59:59"];
const DAYS: &[&str] = &["2026-01-01", "2026-06-26", "2026-06-27"];
const IDS: &[&str] = &[
    CITIES[0].0,
    CITIES[2].0,
    COUNTRIES[1].0,
    "e0000000000000000000000000000000",
    "e0000000000000000000000000000006",
    "nowhere",
];
/// Words in place of true and false. What is not `true` in some case is false (facts 1.2 and 13.1).
pub(crate) const FLAGS: &[&str] = &["true", "True", "TRUE", "false", "False"];
/// The same, and words that are neither.
const ODD_FLAGS: &[&str] = &["true", "TRUE", "false", "1", "yes", ""];

pub(crate) fn requests() -> impl Strategy<Value = TableRequest> + Clone {
    let who = prop_oneof![
        9 => Just(Who::Admin), 5 => Just(Who::Reader), 1 => Just(Who::Nobody), 1 => Just(Who::WrongPassword)
    ];
    let table = prop_oneof![12 => tables().prop_map(Some), 1 => Just(None)];
    (who, select(VERSIONS), table).prop_flat_map(|(who, version, table)| {
        let of = table.unwrap_or(orders());
        (actions(of), looks(of)).prop_map(move |(action, looks)| TableRequest {
            who,
            version,
            table,
            action,
            looks,
        })
    })
}

pub(crate) fn tables() -> impl Strategy<Value = &'static Table> + Clone {
    // Orders have columns of every kind.
    // Files are written by an API of their own.
    let some: Vec<&Table> = TABLES.iter().filter(|table| table.name != "sys_attachment").collect();
    prop_oneof![3 => select(some), 2 => Just(orders())]
}

/// Writes by an administrator that other APIs see the outcome of.
pub(crate) fn writes() -> impl Strategy<Value = TableRequest> + Clone {
    tables().prop_flat_map(|of| {
        let how = Writing { displayed: None, quiet: false };
        let created = how.clone();
        let create = drafts(of).prop_map(move |draft| Action::Create {
            draft,
            how: created.clone(),
            own_fields: None,
        });
        let change = (any::<Index>(), drafts(of)).prop_map(move |(at, draft)| Action::Change {
            which: Which::Known(at),
            method: Method::Patch,
            draft,
            how: how.clone(),
        });
        let looks = Looks { fields: of.stock.then(|| vec!["sys_id"]), display: None, exclude_links: None };
        let request = move |action| TableRequest {
            who: Who::Admin,
            version: "",
            table: Some(of),
            action,
            looks: looks.clone(),
        };
        prop_oneof![create, change].prop_map(request)
    })
}

fn which() -> impl Strategy<Value = Which> + Clone {
    prop_oneof![
        8 => any::<Index>().prop_map(Which::Known), 1 => Just(Which::Missing), 1 => Just(Which::NotHexadecimal)
    ]
}

fn actions(of: &'static Table) -> BoxedStrategy<Action> {
    let misplaced = [
        Misplaced::TrailingSlash,
        Misplaced::UnknownVersion,
        Misplaced::TooDeep,
        Misplaced::PostToRecord,
        Misplaced::DeleteTable,
        Misplaced::OtherNamespace,
    ];
    let own = prop_oneof![
        6 => Just(None),
        2 => (own_id(), any::<bool>()).prop_map(|(id, stamps)| Some(Own { id, stamps })),
    ];
    let get = (which(), any::<bool>()).prop_map(|(which, head)| Action::Get { which, head });
    let create = (drafts(of), writing(of), own).prop_map(|(draft, how, own_fields)| Action::Create {
        draft,
        how,
        own_fields,
    });
    let method = select(vec![Method::Put, Method::Patch, Method::Overridden]);
    let change = (which(), method, drafts(of), writing(of))
        .prop_map(|(which, method, draft, how)| Action::Change { which, method, draft, how });
    prop_oneof![
        10 => listings(of).prop_map(Action::List),
        3 => get,
        4 => create,
        5 => change,
        1 => which().prop_map(|which| Action::Delete { which }),
        1 => select(misplaced.to_vec()).prop_map(Action::Misplaced),
        1 => (1..100_000_u32).prop_map(Action::Wait),
    ]
    .boxed()
}

fn own_id() -> impl Strategy<Value = OwnId> {
    prop_oneof![3 => any::<u8>().prop_map(OwnId::New), 1 => any::<Index>().prop_map(OwnId::Taken)]
}

/// Paths of fields that are no columns of the table itself, and names of none.
fn odd_fields() -> Vec<&'static str> {
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

fn looks(of: &'static Table) -> BoxedStrategy<Looks> {
    let names: Vec<&str> = of.columns().iter().map(|column| column.name).collect();
    if of.stock {
        // Of these, the model knows some columns and no labels.
        let fields = prop::sample::subsequence(names.clone(), 1..names.len());
        return fields
            .prop_map(|fields| Looks { fields: Some(fields), display: None, exclude_links: None })
            .boxed();
    }
    let all: Vec<&str> = names.into_iter().chain(odd_fields()).collect();
    let fields = prop::option::of(prop::collection::vec(select(all), 1..6));
    let display = vec!["true", "True", "all", "false", "TRUE", "shown"];
    let display = prop::option::of(select(display));
    (fields, display, prop::option::of(select(ODD_FLAGS)))
        .prop_map(|(fields, display, exclude_links)| Looks { fields, display, exclude_links })
        .boxed()
}

pub(crate) fn listings(of: &'static Table) -> BoxedStrategy<Listing> {
    let limit = prop_oneof![
        4 => Just(None), 8 => select(vec!["1", "2", "3", "100"]).prop_map(Some), 1 => select(vec!["0", "-1", "ten", ""]).prop_map(Some)
    ];
    let offset = prop_oneof![
        6 => Just(None), 4 => select(vec!["0", "1", "2", "4", "50"]).prop_map(Some), 1 => select(vec!["-1", "x"]).prop_map(Some)
    ];
    let flag = || prop_oneof![5 => Just(None), 2 => select(ODD_FLAGS).prop_map(Some)];
    let pairs = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(pair(of), 1..3)];
    let query = prop_oneof![1 => Just(None), 5 => queries(of).prop_map(Some)];
    (query, pairs, limit, offset, flag(), flag(), prop::bool::weighted(0.2), prop::bool::weighted(0.1))
        .prop_map(|(query, pairs, limit, offset, no_count, no_links, unknown, head)| Listing {
            query,
            pairs,
            limit,
            offset,
            no_count,
            no_links,
            unknown,
            head,
        })
        .boxed()
}

pub(crate) fn pair(of: &'static Table) -> BoxedStrategy<(&'static str, &'static str)> {
    let known: Vec<(&str, &str)> = [
        ("u_state", "Done"),
        ("u_state", "2"),
        ("u_state", "lost"),
        ("u_city", "Rome"),
        ("u_city", CITIES[1].0),
        ("u_country", "Germany"),
        ("u_name", "alpha"),
        ("u_name", "Rex"),
        ("u_flag", "true"),
        ("u_pieces", "1"),
        ("u_secret", "s1"),
        ("state", "1"),
    ]
    .into_iter()
    .filter(|(name, _)| of.column(name).is_some())
    .chain([("nope", "x"), ("limit", "1")])
    .collect();
    select(known).boxed()
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

fn writing(of: &'static Table) -> impl Strategy<Value = Writing> + Clone {
    let displayed = prop_oneof![3 => Just(None), 1 => select(FLAGS).prop_map(Some)];
    // What the choices of other tables are called is not known.
    (displayed, prop::bool::weighted(0.1))
        .prop_map(|(displayed, quiet)| Writing { displayed: displayed.filter(|_| !of.stock), quiet })
}

pub(crate) fn drafts(of: &'static Table) -> BoxedStrategy<Draft> {
    // A sys_id counts in a POST, and is given on purpose there (`Own`).
    let columns = of.columns().into_iter().filter(|column| column.name != "sys_id");
    let values: Vec<_> =
        columns.map(|column| inputs(column).prop_map(|input| (column.name, input))).collect();
    let unknown = select(TEXTS).prop_map(|text| ("nope", Input::Text(text)));
    let value = prop_oneof![12 => prop::strategy::Union::new(values), 1 => unknown];
    let form = prop_oneof![
        12 => Just(Form::Object),
        1 => Just(Form::Several),
        1 => Just(Form::SingleQuotes),
        1 => Just(Form::Nothing),
        1 => Just(Form::Broken),
    ];
    (prop::collection::vec(value, 0..6), form)
        .prop_map(|(mut values, form)| {
            // Which of the two states rules if both are given is not known.
            if values.iter().any(|(name, _)| *name == "state") {
                values.retain(|(name, _)| *name != "incident_state");
            }
            Draft { values, form }
        })
        .boxed()
}

fn inputs(column: &'static Column) -> BoxedStrategy<Input> {
    let text = |texts: &'static [&'static str]| select(texts).prop_map(Input::Text);
    let meant = |values: &'static [&'static str]| select(values).prop_map(Input::Meant);
    let empty = || select(vec![Input::Text(""), Input::Null]);
    match column.kind {
        Kind::Text => prop_oneof![
            6 => text(TEXTS),
            1 => (-50..50_i64).prop_map(Input::Number),
            1 => any::<bool>().prop_map(Input::Flag),
            1 => select(&["{\"a\":[1,null]}", "[\"x\"]"][..]).prop_map(Input::Nested),
            1 => empty(),
        ]
        .boxed(),
        Kind::Cut(_) => prop_oneof![text(&["k-1", "éäöüß", "longer than five", "éäöüßé"]), empty()].boxed(),
        Kind::Integer => {
            prop_oneof![6 => (-50..50_i64).prop_map(Input::Number), 3 => text(&["3", "10", "many", "4 dogs"]), 1 => empty()].boxed()
        }
        Kind::Decimal => prop_oneof![6 => text(&["3", "10.5", "-0.25", "free"]), 1 => empty()].boxed(),
        Kind::Boolean => {
            prop_oneof![4 => any::<bool>().prop_map(Input::Flag), 2 => text(&["true", "false", "maybe", "1", "0"]), 1 => empty()].boxed()
        }
        Kind::DateTime => {
            let loose = select(vec![
                Input::Loose("2024-12-31", "2024-12-31 00:00:00"),
                Input::Loose("2024-12-31T10:11:12", "2024-12-31 10:11:12"),
            ]);
            prop_oneof![6 => meant(TIMES), 3 => loose, 1 => empty()].boxed()
        }
        Kind::Date => prop_oneof![6 => meant(DAYS), 1 => empty()].boxed(),
        Kind::Duration => {
            prop_oneof![3 => text(&["1970-01-01 00:00:06", "1970-01-03 02:00:21", "1970-01-01 00:05:00"]), 1 => empty()].boxed()
        }
        Kind::Journal => prop_oneof![3 => text(&["looked at it", "mended"]), 1 => Just(Input::Text(""))].boxed(),
        Kind::Reference("u_country") => {
            prop_oneof![6 => meant(&[COUNTRIES[0].0, COUNTRIES[1].0]), 1 => empty()].boxed()
        }
        Kind::Reference(_) => {
            prop_oneof![6 => meant(&[CITIES[0].0, CITIES[1].0, CITIES[2].0]), 1 => empty()].boxed()
        }
        Kind::List(_) => prop_oneof![
            3 => meant(&["d0000000000000000000000000000001", "d0000000000000000000000000000002,someone@example.com"]),
            1 => empty()
        ]
        .boxed(),
        Kind::Choice(_, choices) => {
            let values: Vec<&'static str> = choices.iter().map(|(value, _)| *value).collect();
            let odd = select(vec![Input::Text("no such choice"), Input::Text("")]);
            prop_oneof![6 => select(values).prop_map(Input::Meant), 2 => odd].boxed()
        }
        // Ignored, whatever is given.
        Kind::Id | Kind::Class => text(TEXTS).boxed(),
    }
}
