//! The selection of records. Every request about the same records, whether a page, a count, a look-up, a bulk write or a stored
//! position, is made from one [`Selection`], and each of its derivations takes it apart without `..`: a new part does not compile
//! until every derivation has said what it does with it.

use crate::request::reserved_params::{self, ParamName};
use snow_core::query::Value;
use snow_core::{Error, ErrorKind, Instance, Params, Query};

/// Which records, and how many of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// Conditions that apply whatever the caller's query says.
    fixed: Option<Query<'static>>,
    filter: Filter,
    window: Window,
    scope: Scope,
    extra: Extra,
    /// The first setting that contradicts another one.
    refused: Option<Error>,
}

/// The service takes a query or `<field>=<value>` pairs, not both (facts 1.2).
#[derive(Clone)]
pub(crate) enum Filter {
    Query(Query<'static>),
    Pairs(Vec<(String, Value<'static>)>),
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    pub(crate) limit: Option<u32>,
    pub(crate) offset: Option<u32>,
}

impl Window {
    /// How many records the service may send: the limit, or by `default` if none is set.
    pub(crate) fn max_records(self, default: u64) -> usize {
        usize::try_from(self.limit.map_or(default, u64::from)).unwrap_or(usize::MAX)
    }

    /// Fails if there are more records than the limit, or if no limit is set and more records match than came. `default`: how many
    /// records the service sends if no limit is set.
    pub(crate) fn check_complete(self, records: u64, total: Option<u64>, default: u64) -> Result<(), Error> {
        let Self { limit, offset } = self;
        if limit.is_some_and(|limit| records > u64::from(limit)) {
            let why = format!("{records} records came, but the limit is {}", limit.unwrap_or_default());
            return Err(Error::new(ErrorKind::ResponseMismatch, why));
        }
        // Records that the user may not read are removed after the limit was applied, so only the count shows whether it was met.
        let more = total.map_or(records >= default, |total| {
            total > u64::from(offset.unwrap_or_default()).saturating_add(default)
        });
        match limit.is_none() && more {
            true => {
                let error =
                    Error::new(ErrorKind::Incomplete, format!("{records} records came, and more match"));
                Err(error.with_advice("set a limit and an order, and read page by page"))
            }
            false => Ok(()),
        }
    }
}

/// Where the service looks for records.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    no_domain: Option<bool>,
    category: Option<String>,
}

/// Parameters without a method of their own. They are carried to every request that is derived.
#[derive(Clone, Default)]
pub(crate) struct Extra(Vec<(ParamName, String)>);

impl Default for Filter {
    fn default() -> Self {
        Self::Query(Query::new())
    }
}

impl std::fmt::Debug for Extra {
    /// Names: values may be anything.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { no_domain, category } = self;
        f.debug_struct("Scope")
            .field("no_domain", no_domain)
            .field("has_category", &category.is_some())
            .finish()
    }
}

impl std::fmt::Debug for Filter {
    /// Names and operators: values may be anything that a user searches for.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Query(query) => query.fmt(f),
            Self::Pairs(pairs) => f.debug_list().entries(pairs.iter().map(|(field, _)| field)).finish(),
        }
    }
}

impl Extra {
    fn set(&mut self, name: ParamName, value: &str) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.0.push((name, value.to_owned())),
        }
    }
}

impl Selection {
    /// Sets conditions that the caller's query narrows and never replaces.
    pub(crate) fn fix(&mut self, conditions: Query<'static>) {
        self.filter = Filter::Query(conditions.clone().order_by("sys_id"));
        self.fixed = Some(conditions);
    }

    /// Replaces the query.
    pub(crate) fn set_query(&mut self, query: Query<'static>) {
        let query = match &self.fixed {
            Some(fixed) => fixed.clone().and(query),
            None => query,
        };
        match &mut self.filter {
            Filter::Pairs(_) if query.is_empty() => {}
            Filter::Pairs(_) => self.refuse(mixed()),
            Filter::Query(known) => *known = query,
        }
    }

    /// Adds a `<field>=<value>` pair.
    pub(crate) fn add_pair(&mut self, field: &str, value: Value<'static>) {
        if let Err(why) = checked_pair(field, &value) {
            return self.refuse(why);
        }
        match &mut self.filter {
            Filter::Query(query) if query.is_empty() => {
                self.filter = Filter::Pairs(vec![(field.to_owned(), value)]);
            }
            Filter::Query(_) => self.refuse(mixed()),
            Filter::Pairs(pairs) if pairs.iter().any(|(known, _)| known == field) => {
                let why = format!("the list is filtered by {field:?} twice: use a query() instead");
                self.refuse(Error::new(ErrorKind::InvalidInput, why));
            }
            Filter::Pairs(pairs) => pairs.push((field.to_owned(), value)),
        }
    }

    pub(crate) fn set_limit(&mut self, records: u32) {
        self.window.limit = Some(records);
    }

    pub(crate) fn set_offset(&mut self, records: u32) {
        self.window.offset = Some(records);
    }

    pub(crate) fn set_no_domain(&mut self, across: bool) {
        self.scope.no_domain = Some(across);
    }

    pub(crate) fn set_category(&mut self, name: &str) {
        self.scope.category = Some(name.to_owned());
    }

    /// Sets a parameter that has no method, or refuses it.
    pub(crate) fn set_extra(&mut self, name: &str, value: &str) {
        match reserved_params::unreserved(name) {
            Ok(name) => self.extra.set(name, value),
            Err(why) => self.refuse(why),
        }
    }

    fn refuse(&mut self, why: Error) {
        self.refused.get_or_insert(why);
    }

    pub(crate) fn window(&self) -> Window {
        self.window
    }

    /// The query; an error for pairs, which nothing can be added to.
    pub(crate) fn query(&self) -> Result<&Query<'static>, Error> {
        if let Some(why) = &self.refused {
            return Err(why.clone());
        }
        match &self.filter {
            Filter::Query(query) => Ok(query),
            Filter::Pairs(_) => Err(Error::new(
                ErrorKind::InvalidInput,
                "records that filter() selects can be read one page at a time only: for the first, the only or all of them, \
                 for streams and for bulk writes, use a query()",
            )),
        }
    }

    /// The fields that select records.
    pub(crate) fn fields(&self) -> Result<Vec<String>, Error> {
        let Self { fixed: _, filter, window: _, scope: _, extra: _, refused } = self;
        match (refused, filter) {
            (Some(why), _) => Err(why.clone()),
            (None, Filter::Pairs(pairs)) => Ok(pairs.iter().map(|(field, _)| field.clone()).collect()),
            (None, Filter::Query(query)) => {
                let query = query.clone().parsed();
                query.encode().map_err(|error| error.with_context("the query cannot be checked"))?;
                Ok(query.fields().into_iter().map(str::to_owned).collect())
            }
        }
    }

    /// The text of the query, or of the pairs as a URL has them.
    pub(crate) fn condition_text(&self) -> Result<String, Error> {
        match &self.filter {
            Filter::Query(query) if query.is_empty() => Ok(String::new()),
            Filter::Query(query) => query.encode(),
            Filter::Pairs(pairs) => {
                let params = pairs
                    .iter()
                    .fold(Params::new(), |params, (field, value)| params.filter(field, value.clone()));
                Ok(params.encoded()?.to_owned())
            }
        }
    }

    /// The parameters of one request: the records as they were asked for.
    pub(crate) fn write_to(&self, params: Params) -> Result<Params, Error> {
        let Self { fixed: _, filter, window: Window { limit, offset }, scope, extra: _, refused } = self;
        if let Some(why) = refused {
            return Err(why.clone());
        }
        let params = match filter {
            Filter::Query(query) => params.query(query),
            Filter::Pairs(pairs) => {
                pairs.iter().fold(params, |params, (field, value)| params.filter(field, value.clone()))
            }
        };
        let params = match limit {
            Some(limit) => params.limit(*limit),
            None => params,
        };
        let params = match offset {
            Some(offset) => params.offset(*offset),
            None => params,
        };
        Ok(scope.write_to(params))
    }

    /// Adds what has no method of its own: last, so that nothing which is set afterwards can replace it unnoticed.
    pub(crate) fn write_extra(&self, params: Params) -> Result<Params, Error> {
        self.extra
            .0
            .iter()
            .try_fold(params, |params, (name, value)| reserved_params::add(params, name.as_str(), value))
    }

    /// Whether this parameter was set by name.
    pub(crate) fn has_extra(&self, name: &str) -> bool {
        self.extra.0.iter().any(|(known, _)| known.as_str() == name)
    }

    /// The same records, asked for only to be counted.
    pub(crate) fn counted(&self) -> Self {
        let Self { fixed, filter, window: _, scope, extra, refused } = self.clone();
        // The count is of all that match, whatever the window.
        Self { fixed, filter, window: Window { limit: Some(1), offset: None }, scope, extra, refused }
    }

    /// Some of the same records: those of a narrower query, in a window of its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for pairs.
    pub(crate) fn keyed(&self, narrower: Query<'static>, window: Window) -> Result<Self, Error> {
        self.query()?;
        let Self { fixed, filter: _, window: _, scope, extra, refused } = self.clone();
        Ok(Self { fixed, filter: Filter::Query(narrower), window, scope, extra, refused })
    }

    /// Selects other records in the same scope.
    pub(crate) fn same_scope(&self, query: Query<'static>, limit: u32) -> Self {
        let Self { fixed: _, filter: _, window: _, scope, extra, refused } = self.clone();
        let window = Window { limit: Some(limit), offset: None };
        Self { fixed: None, filter: Filter::Query(query), window, scope, extra, refused }
    }

    /// One of these records, named by its `sys_id`, to be written. The category routes reads only.
    pub(crate) fn of_a_write(&self) -> Self {
        let Self { fixed: _, filter: _, window: _, scope: Scope { no_domain, category: _ }, extra, refused } =
            self.clone();
        let scope = Scope { no_domain, category: None };
        Self { scope, extra, refused, ..Self::default() }
    }

    /// The same for every process and every version (FNV-1a): whether two reads select the same records of the same instance.
    /// How many of them are read says nothing about that.
    pub(crate) fn fingerprint(&self, instance: &Instance, rest: &str) -> Result<u64, Error> {
        let Self { fixed: _, filter, window: Window { limit: _, offset }, scope, extra, refused } = self;
        if let Some(why) = refused {
            return Err(why.clone());
        }
        let filtered = match filter {
            Filter::Query(query) => Params::new().query(query),
            Filter::Pairs(pairs) => {
                pairs.iter().fold(Params::new(), |params, (field, value)| params.filter(field, value.clone()))
            }
        };
        let scoped = scope.write_to(Params::new());
        let mut text = format!("{instance} {rest} {} {offset:?} {}", filtered.encoded()?, scoped.encoded()?);
        for (name, value) in &extra.0 {
            text.extend([" ", name.as_str(), "=", value]);
        }
        let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Ok(text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
    }
}

impl Scope {
    fn write_to(&self, params: Params) -> Params {
        let Self { no_domain, category } = self;
        let params = match no_domain {
            Some(across) => params.query_no_domain(*across),
            None => params,
        };
        match category {
            Some(name) => params.query_category(name),
            None => params,
        }
    }
}

/// Refuses what no pair can say.
fn checked_pair(field: &str, value: &Value<'static>) -> Result<(), Error> {
    let params = Params::new().filter(field, value.clone());
    // Nothing follows the equals sign. No fact says whether that selects empty fields or everything.
    if params.encoded()?.ends_with('=') {
        let why = format!(
            "the filter {field:?} has no value: to find empty fields, use query(field({field:?}).is_empty())"
        );
        return Err(Error::new(ErrorKind::InvalidInput, why));
    }
    Ok(())
}

fn mixed() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "a list has both a query() and a filter(), which exclude each other: put both into the query",
    )
}
