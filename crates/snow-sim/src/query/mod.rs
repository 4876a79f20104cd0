//! Encoded queries (facts 2): read leniently, as the service reads them, and evaluated for real.
//!
//! What is not simulated is a response that says so, never a wrong row.

mod changes;
mod condition;
mod evaluate;
mod guesses;
mod operator;
mod related;
mod script;
mod sys_id_bound;
mod terms;

use crate::data::{Database, Locale, SysIdRange, TableId};
pub(crate) use changes::settle;
pub(crate) use condition::Path;
use condition::Test;
pub(crate) use evaluate::{by_type, compare_by};
use guesses::Spelling;
use jiff::Timestamp;
use terms::{Connective, TermKind};
pub(crate) use terms::{fields_of, without_order};

/// A part of a query that is not simulated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsupported(pub(crate) String);

/// For whom and when a query is evaluated.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) locale: &'a Locale,
    pub(crate) now: Timestamp,
    /// Names the user.
    pub(crate) user: &'a str,
    pub(crate) database: &'a Database,
    /// Whether this is a query inside another: those may not have any inside.
    pub(crate) inner: bool,
    /// The property `glide.invalid_query.returns_no_rows` (facts 2.5).
    pub(crate) invalid_returns_nothing: bool,
    /// Whether a negative test matches a row without a value: unsettled (facts 2.4).
    pub(crate) negatives_match_empty: bool,
}

impl Context<'_> {
    /// Returns the `sys_id` of the user, who is looked up only for the few queries that ask.
    fn user_id(&self) -> String {
        self.database.user_id(self.user)
    }
}

/// Groups of alternatives: any group, all of its members, any alternative of a member.
#[derive(Debug, Default)]
pub(crate) struct Query {
    groups: Vec<Vec<Vec<Test>>>,
    order: Vec<SortKey>,
    /// Every field that the query looks at, and of which table: for access rules.
    pub(crate) fields: Vec<(TableId, String)>,
    spelled: Spelling,
}

/// A field of `ORDERBY`.
#[derive(Debug)]
struct SortKey {
    path: Path,
    descending: bool,
    is_sys_id: bool,
}

impl Query {
    pub(crate) fn parse(
        text: &str,
        database: &Database,
        table: TableId,
        context: Context<'_>,
    ) -> Result<Self, Unsupported> {
        let spelled = Spelling::of(text);
        let mut query = Self { groups: vec![Vec::new()], spelled, ..Self::default() };
        for term in terms::split(text) {
            if term.lead == Connective::NewGroup {
                query.groups.push(Vec::new());
            }
            let or = term.lead == Connective::Or;
            match term.what {
                TermKind::Order(field, descending) => {
                    query.ordered(field, descending, database, table, context)
                }
                TermKind::Condition(text) => query.add(&text, or, database, table, context)?,
                TermKind::Related(_) if context.inner => {
                    return Err(Unsupported("RLQUERY inside another query".into()));
                }
                TermKind::Related(text) => {
                    let related = related::parse(&text, database, table, context)?;
                    query.spelled.related_dropped |= related.is_none();
                    query.add_parsed(condition::Parsed::of(related), or, context);
                }
            }
        }
        // `^NQ` that is followed by nothing but an order is not a group.
        query.groups.retain(|group| !group.is_empty());
        if query.groups.is_empty() {
            query.groups.push(Vec::new());
        }
        Ok(query)
    }

    fn add(
        &mut self,
        text: &str,
        or: bool,
        database: &Database,
        table: TableId,
        context: Context<'_>,
    ) -> Result<(), Unsupported> {
        let parsed = condition::parse(text, database, table, context)?;
        self.spelled.related_dropped |=
            text.starts_with("JOIN") && matches!(parsed, condition::Parsed::Unknown);
        self.add_parsed(parsed, or, context);
        Ok(())
    }

    fn add_parsed(&mut self, parsed: condition::Parsed, or: bool, context: Context<'_>) {
        match parsed {
            condition::Parsed::Nothing => {}
            // An unknown field: the condition is dropped and the query widens, or nothing matches (facts 2.5).
            condition::Parsed::Unknown if context.invalid_returns_nothing => self.push(Test::Never, or),
            condition::Parsed::Unknown => self.push(Test::Dropped, or),
            condition::Parsed::Test { fields, test } => {
                self.fields.extend(fields);
                self.push(*test, or);
            }
        }
    }

    /// `^OR` binds to the condition right before it (facts 2.2).
    fn push(&mut self, test: Test, or: bool) {
        let Some(group) = self.groups.last_mut() else { return };
        match group.last_mut().filter(|_| or) {
            Some(alternatives) => alternatives.push(test),
            None => group.push(vec![test]),
        }
    }

    fn ordered(
        &mut self,
        field: String,
        descending: bool,
        database: &Database,
        table: TableId,
        context: Context<'_>,
    ) {
        if let Some(path) = database.walk_path(table, &field) {
            self.fields.push((table, field.clone()));
            self.order.push(SortKey { is_sys_id: field == "sys_id", path, descending });
        } else if context.invalid_returns_nothing {
            self.groups = vec![vec![vec![Test::Never]]];
        }
    }

    /// The range outside of which no row matches, as far as the query says so: what a read by keys asks for.
    pub(crate) fn sys_id_range(&self) -> SysIdRange<'_> {
        let [group] = &self.groups[..] else { return SysIdRange::default() };
        let bounds = group.iter().filter_map(|any| match &any[..] {
            [Test::SysId(_, bound)] => Some(bound.range()),
            _ => None,
        });
        bounds.fold(SysIdRange::default(), SysIdRange::intersection)
    }

    /// Whether rows come in the order of their ids anyway.
    pub(crate) fn is_by_sys_id(&self) -> bool {
        match self.order.first() {
            None => true,
            Some(key) => key.is_sys_id && !key.descending,
        }
    }
}
