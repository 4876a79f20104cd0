//! Which conditions of SQL the service can evaluate, and whether it then returns exactly the records that SQL selects.
//!
//! A condition is pushed down only if the service returns at least the records for which SQL says *true*:
//!
//! - SQL's *null* and *false* are the same here, because a `WHERE` drops both. A condition is therefore translated only where it
//!   stands positively, below `AND` and `OR`. `NOT`, `<>`, `NOT IN`, `NOT LIKE` and `IS NULL` are never pushed down: the service has its
//!   own ideas of records without a value, and a field that is hidden from the user is null in SQL, but not empty to the service.
//! - It is [`Exact`](Exactness::Exact) if the service returns no further record. Text is never exact, because the service mostly
//!   ignores case and SQL does not.
//! - Whatever is not proven to hold, such as an order of text or of decimals, is left to DataFusion.

mod comparison;
mod literal;
mod text_match;

use crate::column_kind::ColumnKind;
use datafusion::logical_expr::expr::{Between, InList};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use literal::Literal;
use snow_arrow::Columns;
use snow_client::{Query, field};

/// The longest condition that is pushed down, in bytes of a URL.
pub(crate) const LONGEST_CONDITION: usize = 2_000;

/// More levels of `AND` and `OR` than people write.
const DEEPEST: u32 = 40;

/// Whether the service returns exactly the records for which a condition is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// It returns those records and no others.
    Exact,
    /// It returns those records, and may return others: the condition has to be evaluated again.
    Inexact,
}

/// A condition in the service's language. Returned by [`pushdown`].
#[derive(Clone, Debug, PartialEq)]
pub struct Pushed {
    /// The query that is sent.
    pub query: Query<'static>,
    /// Whether the condition has to be evaluated again.
    pub exactness: Exactness,
}

impl Pushed {
    pub(crate) fn exact(query: Query<'static>) -> Self {
        Self { query, exactness: Exactness::Exact }
    }

    pub(crate) fn inexact(query: Query<'static>) -> Self {
        Self { query, exactness: Exactness::Inexact }
    }
}

/// Returns the query that selects the records for which a condition of SQL is true, or `None` if the service cannot select them.
///
/// The rules are those of [SQL on ServiceNow tables](https://github.com/snow-rs/snow/blob/main/docs/sql.md#what-is-pushed-down).
/// Exactness assumes that a record without the requested fields is an error, as it is by default: see
/// [`SnowTable::missing`](crate::SnowTable::missing).
pub fn pushdown(condition: &Expr, columns: &Columns) -> Option<Pushed> {
    let pushed = Translation { columns }.condition(condition, 0)?;
    let length = pushed.query.url_len().ok()?;
    (length <= LONGEST_CONDITION).then_some(pushed)
}

struct Translation<'a> {
    columns: &'a Columns,
}

impl Translation<'_> {
    fn condition(&self, condition: &Expr, depth: u32) -> Option<Pushed> {
        let depth = depth.checked_add(1).filter(|depth| *depth <= DEEPEST)?;
        match condition {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                both(self.condition(left, depth), self.condition(right, depth))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                either(self.condition(left, depth)?, self.condition(right, depth)?)
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => self.comparison(left, *op, right),
            Expr::Between(between) if !between.negated => self.between(between),
            Expr::InList(list) if !list.negated => self.in_list(list),
            Expr::Like(like) => text_match::like(&self.column(&like.expr)?, like),
            Expr::Column(_) => self.boolean(condition, true),
            Expr::Not(inner) => self.boolean(inner, false),
            Expr::IsTrue(inner) => self.condition(inner, depth),
            _ => None,
        }
    }

    fn comparison(&self, left: &Expr, op: Operator, right: &Expr) -> Option<Pushed> {
        if let (Some(column), Some(literal)) = (self.column(left), Literal::of(right)) {
            return comparison::compare(&column, op, &literal);
        }
        let (column, literal) = (self.column(right)?, Literal::of(left)?);
        comparison::compare(&column, op.swap()?, &literal)
    }

    fn between(&self, between: &Between) -> Option<Pushed> {
        let column = self.column(&between.expr)?;
        let from = Literal::of(&between.low);
        let from = from.and_then(|from| comparison::compare(&column, Operator::GtEq, &from));
        let until = Literal::of(&between.high);
        both(from, until.and_then(|until| comparison::compare(&column, Operator::LtEq, &until)))
    }

    fn in_list(&self, list: &InList) -> Option<Pushed> {
        let column = self.column(&list.expr)?;
        let literals: Option<Vec<_>> = list.list.iter().map(Literal::of).collect();
        comparison::in_list(&column, &literals?)
    }

    /// A column that is itself a condition.
    fn boolean(&self, column: &Expr, wanted: bool) -> Option<Pushed> {
        comparison::compare(&self.column(column)?, Operator::Eq, &Literal::Boolean(wanted))
    }

    fn column(&self, expr: &Expr) -> Option<TestedColumn> {
        match expr {
            Expr::Column(column) => self.named(&column.name, false),
            // The engine compares times in nanoseconds with a column in microseconds like this.
            Expr::Cast(cast) if Literal::is_nanoseconds(cast.field.data_type()) => match &*cast.expr {
                Expr::Column(column) => {
                    self.named(&column.name, true).filter(|column| column.kind == ColumnKind::DateTime)
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn named(&self, name: &str, is_cast: bool) -> Option<TestedColumn> {
        let schema = self.columns.schema();
        let kind = ColumnKind::of(schema.field_with_name(name).ok()?)?;
        Some(TestedColumn { name: name.to_owned(), kind, is_cast })
    }
}

/// A column that a condition tests.
pub(crate) struct TestedColumn {
    name: String,
    kind: ColumnKind,
    /// Whether the engine converts it first, which may fail for values that the service compares.
    is_cast: bool,
}

impl TestedColumn {
    fn field(&self) -> snow_client::query::FieldPath<'static> {
        field(self.name.clone())
    }

    /// A condition that is exact if nothing about this column says otherwise.
    fn exact(&self, query: Query<'static>) -> Pushed {
        // It is not known how an instance evaluates a walk over a record that is hidden from the user.
        let is_walk = self.name.contains('.');
        if self.is_cast || is_walk { Pushed::inexact(query) } else { Pushed::exact(query) }
    }
}

/// Both conditions, or the one that can be translated.
fn both(left: Option<Pushed>, right: Option<Pushed>) -> Option<Pushed> {
    match (left, right) {
        (Some(left), Some(right)) => {
            let exactness = weaker(left.exactness, right.exactness);
            Some(Pushed { query: left.query.and(right.query), exactness })
        }
        (Some(one), None) | (None, Some(one)) => Some(Pushed::inexact(one.query)),
        (None, None) => None,
    }
}

fn either(left: Pushed, right: Pushed) -> Option<Pushed> {
    let exactness = weaker(left.exactness, right.exactness);
    Some(Pushed { query: left.query.or(right.query), exactness })
}

fn weaker(left: Exactness, right: Exactness) -> Exactness {
    match (left, right) {
        (Exactness::Exact, Exactness::Exact) => Exactness::Exact,
        _ => Exactness::Inexact,
    }
}
