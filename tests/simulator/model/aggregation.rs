//! Requests of the Aggregate API, made at random.

use super::condition::Query;
use super::dictionary::{Column, Kind, Table, orders, table};
use super::exchange::Ask;
use super::instance::Who;
use super::random;
use super::random_query::queries;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// The figures that fields have, by the names of their parameters.
pub(crate) const FIGURES: [&str; 4] = ["sum", "avg", "min", "max"];

#[derive(Clone, Debug)]
pub(crate) struct Aggregation {
    pub(crate) who: Who,
    pub(crate) version: &'static str,
    pub(crate) table: Option<&'static Table>,
    pub(crate) query: Option<Query>,
    pub(crate) pairs: Vec<(&'static str, &'static str)>,
    pub(crate) count: Option<&'static str>,
    /// Fields of each of the figures.
    pub(crate) figures: [Vec<&'static str>; 4],
    pub(crate) groups: Vec<&'static str>,
    pub(crate) order: Option<(Sort, bool)>,
    pub(crate) having: Option<Having>,
    pub(crate) display: Option<&'static str>,
    pub(crate) head: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Sort {
    /// By the first group field.
    Group,
    Count,
    Average(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct Having {
    /// One of the figures, or count.
    pub(crate) figure: &'static str,
    pub(crate) field: &'static str,
    pub(crate) operator: &'static str,
    pub(crate) value: i32,
}

pub(crate) fn aggregations() -> impl Strategy<Value = Aggregation> + Clone {
    // One of the tables has a field that not everybody may read.
    let vault = Just(table("u_vault"));
    let table = prop_oneof![5 => Just(Some(orders())), 5 => random::tables().prop_map(Some), 4 => vault, 1 => Just(None)];
    let who = prop_oneof![6 => Just(Who::Admin), 3 => Just(Who::Reader), 1 => Just(Who::Nobody)];
    (who, select(random::VERSIONS), table).prop_flat_map(|(who, version, table)| {
        let of = table.unwrap_or(orders());
        let query = prop::option::of(queries(of));
        let pairs = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(random::pair(of), 1..3)];
        let (summed, ranged) = (fields_of(of, is_number), fields_of(of, is_ordered));
        let some = |fields: &Vec<&'static str>| subsequence(fields.clone(), 0..=fields.len());
        let figures = [some(&summed), some(&summed), some(&ranged), some(&ranged)];
        let groups = groups_of(of);
        let order = (
            prop_oneof![Just(Sort::Group), Just(Sort::Count), Just(Sort::Average("u_pieces"))],
            any::<bool>(),
        );
        let having =
            (select(vec!["sum", "avg", "max", "count"]), select(vec![">", ">=", "<", "<=", "=", "!="]), 0..4)
                .prop_map(|(figure, operator, value)| {
                    let field = if figure == "count" { "sys_id" } else { "u_pieces" };
                    Having { figure, field, operator, value }
                });
        (
            (query, pairs, prop::option::of(select(random::FLAGS)), figures),
            (
                subsequence(groups.clone(), 0..=groups.len().min(2)),
                prop::option::of(order),
                prop::option::of(having),
            ),
            prop::option::of(select(vec!["true", "all", "false", "True"])),
            prop::bool::weighted(0.1),
        )
            .prop_map(
                move |((query, pairs, count, figures), (groups, order, having), display, head)| {
                    // Orders alone have the fields that order and having name; the labels of other tables are not known.
                    let orders = of.name == "u_order" && !groups.is_empty();
                    let pairs = if query.as_ref().is_some_and(|query| query.text().is_empty()) {
                        Vec::new()
                    } else {
                        pairs
                    };
                    Aggregation {
                        who,
                        version,
                        table,
                        query,
                        pairs,
                        count,
                        figures,
                        groups,
                        order: order.filter(|_| orders),
                        having: having.filter(|_| orders),
                        display: display.filter(|_| !of.stock),
                        head,
                    }
                },
            )
    })
}

fn is_number(column: &Column) -> bool {
    matches!(column.kind, Kind::Integer | Kind::Decimal) && !column.name.starts_with("sys_")
}

fn is_ordered(column: &Column) -> bool {
    is_number(column) || matches!(column.kind, Kind::DateTime | Kind::Date)
}

fn fields_of(of: &Table, fits: fn(&Column) -> bool) -> Vec<&'static str> {
    of.columns().into_iter().filter(|column| fits(column)).map(|column| column.name).collect()
}

/// Fields whose values differ by more than their case.
fn groups_of(of: &Table) -> Vec<&'static str> {
    let walks = if of.name == "u_order" { &["u_city.u_name", "u_city.u_country"][..] } else { &[] };
    let plain = |column: &Column| {
        matches!(column.kind, Kind::Choice(..) | Kind::Reference(_) | Kind::Class)
            || column.name == "u_pieces"
    };
    fields_of(of, plain).into_iter().chain(walks.iter().copied()).collect()
}

impl Aggregation {
    pub(crate) fn ask(&self) -> Ask {
        let name = self.table.map_or("no_such_table", |table| table.name);
        let method = if self.head { "HEAD" } else { "GET" };
        let mut ask = Ask::new(self.who, method, format!("/api/now/{}stats/{name}", self.version));
        if let Some(query) = &self.query {
            ask = ask.parameter("sysparm_query", query.text());
        }
        for (name, value) in &self.pairs {
            ask = ask.parameter(name, *value);
        }
        for (name, value) in [("sysparm_count", self.count), ("sysparm_display_value", self.display)] {
            if let Some(value) = value {
                ask = ask.parameter(name, value);
            }
        }
        for (figure, fields) in FIGURES.iter().zip(&self.figures) {
            if !fields.is_empty() {
                ask = ask.parameter(&format!("sysparm_{figure}_fields"), fields.join(","));
            }
        }
        if !self.groups.is_empty() {
            ask = ask.parameter("sysparm_group_by", self.groups.join(","));
        }
        if let Some((sort, descending)) = &self.order {
            let sort = match sort {
                Sort::Group => self.groups[0].to_owned(),
                Sort::Count => "COUNT".into(),
                Sort::Average(field) => format!("AVG^{field}"),
            };
            ask = ask
                .parameter("sysparm_order_by", format!("{sort}{}", if *descending { "^DESC" } else { "" }));
        }
        if let Some(Having { figure, field, operator, value }) = &self.having {
            ask = ask.parameter("sysparm_having", format!("{figure}^{field}^{operator}^{value}"));
        }
        ask
    }
}
