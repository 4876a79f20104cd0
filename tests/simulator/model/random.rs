//! How random requests of the Table API are made: good ones, and bad ones of every kind.

use super::dictionary::{TABLES, Table, orders};
use super::instance::Who;
use super::random_draft::drafts;
use super::random_query::{odd_fields, queries};
use super::table_request::{
    Action, Listing, Looks, Method, Misplaced, Own, OwnId, TableRequest, Which, Writing,
};
use super::world::CITIES;
use proptest::prelude::*;
use proptest::sample::{Index, select};

pub(crate) const VERSIONS: &[&str] = &["", "v1/", "v2/"];
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

fn writing(of: &'static Table) -> impl Strategy<Value = Writing> + Clone {
    let displayed = prop_oneof![3 => Just(None), 1 => select(FLAGS).prop_map(Some)];
    // What the choices of other tables are called is not known.
    (displayed, prop::bool::weighted(0.1))
        .prop_map(|(displayed, quiet)| Writing { displayed: displayed.filter(|_| !of.stock), quiet })
}
