//! What a read of many rows asks for, page by page.

use super::range::{Bound, Key};
use super::walk::Ask;
use crate::target::Target;
use http::{Method, Request};
use snow_core::layer::RetryPolicy;
use snow_core::{
    ApiPath, Body, DisplayValue, Error, HttpFuture, Instance, Kind, Operation, Params, Query, Record, field,
};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// How rows are told apart and put in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    BySysId,
    /// By a field whose order a query can continue, and by sys_id where it is equal.
    By {
        field: String,
        descending: bool,
    },
    /// By position, which drifts when rows come and go.
    ByOffset,
}

/// System fields that every record has, of a type whose order is beyond doubt: the same for the service as for a query.
const ORDERLY: [&str; 2] = ["sys_created_on", "sys_updated_on"];

impl Way {
    pub(crate) fn of(query: &Query<'_>, values: DisplayValue) -> Self {
        let order: Vec<_> = query.order().collect();
        let stored = values != DisplayValue::Display;
        match order[..] {
            [] | [("sys_id", false)] => Self::BySysId,
            [(field, descending)] | [(field, descending), ("sys_id", false)]
                if stored && ORDERLY.contains(&field) =>
            {
                Self::By { field: field.to_owned(), descending }
            }
            _ => Self::ByOffset,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) target: Arc<Target>,
    pub(crate) path: ApiPath,
    /// Everything but the query, the fields and what belongs to a page.
    pub(crate) params: Params,
    /// The fields that the caller wants; all without.
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) way: Way,
    /// In which form values come.
    pub(crate) values: DisplayValue,
    pub(crate) operation: Option<Operation>,
}

impl Source {
    /// The fields that are asked for beside those that the caller wants: to be left out of the rows again.
    pub(super) fn added(&self) -> Vec<&str> {
        let Some(fields) = &self.fields else { return Vec::new() };
        self.keys().filter(|key| fields.iter().all(|field| field != key)).collect()
    }

    /// The fields that tell where a row stands.
    fn keys(&self) -> impl Iterator<Item = &str> {
        let ordered = match &self.way {
            Way::By { field, .. } => Some(field.as_str()),
            _ => None,
        };
        let id = (self.way != Way::ByOffset).then_some("sys_id");
        id.into_iter().chain(ordered)
    }

    pub(super) fn key(&self, record: &Record) -> Result<Option<Key>, Error> {
        let mut key = None;
        self.mark(record, &mut key)?;
        Ok(key)
    }

    /// Puts the key of a row in place of that of the row before. One that comes twice leads nowhere.
    pub(super) fn mark(&self, record: &Record, before: &mut Option<Key>) -> Result<(), Error> {
        if self.way == Way::ByOffset {
            return Ok(());
        }
        let sys_id = key_value(record, "sys_id")?;
        if before.as_ref().is_some_and(|before| before.sys_id.eq_ignore_ascii_case(&sys_id)) {
            return Err(repeated());
        }
        // Their memory serves every row.
        let key = before.get_or_insert_default();
        sys_id.as_ref().clone_into(&mut key.sys_id);
        if let Way::By { field, .. } = &self.way {
            key_value(record, field)?.as_ref().clone_into(key.value.get_or_insert_default());
        }
        Ok(())
    }

    /// The query of a page: the user's, in every one of its groups, from the bound on.
    pub(super) fn query(&self, query: &Query<'static>, ask: &Ask) -> Query<'static> {
        if self.way == Way::ByOffset {
            let unique = query.order().any(|(field, _)| field == "sys_id");
            return if unique { query.clone() } else { query.clone().order_by("sys_id") };
        }
        let rows = query.clone().without_order();
        let rows = match &ask.range.from {
            Bound::Start => rows,
            Bound::From(id) => rows.and(field("sys_id").ge(id.clone())),
            Bound::After(key) => rows.and(self.behind(key)),
        };
        let rows = match &ask.range.until {
            Some(until) => rows.and(field("sys_id").lt(until.clone())),
            None => rows,
        };
        match &self.way {
            Way::By { field, descending: true } => rows.order_by_desc(field.clone()).order_by("sys_id"),
            Way::By { field, descending: false } => rows.order_by(field.clone()).order_by("sys_id"),
            _ => rows.order_by("sys_id"),
        }
    }

    fn behind(&self, key: &Key) -> Query<'static> {
        let later = field("sys_id").gt(key.sys_id.clone());
        match (&self.way, &key.value) {
            (Way::By { field: name, descending }, Some(value)) => {
                let name = || field(name.clone());
                let beyond = if *descending { name().lt(value.clone()) } else { name().gt(value.clone()) };
                beyond.or(name().eq(value.clone()).and(later))
            }
            _ => later,
        }
    }

    fn parameters(&self, query: &Query<'static>, ask: &Ask) -> Result<Params, Error> {
        let params = self.params.clone().query(self.query(query, ask)).limit(ask.limit);
        let params = if ask.counted { params } else { params.no_count(true) };
        let params = params.suppress_pagination_header(true);
        let params = match ask.offset {
            Some(offset) => params.offset(u32::try_from(offset).map_err(|_| too_far())?),
            None => params,
        };
        Ok(match (&self.fields, ask.ids_only) {
            (_, true) => params.fields(["sys_id"]),
            (Some(fields), false) => params.fields(fields.iter().map(String::as_str).chain(self.added())),
            (None, false) => params,
        })
    }

    /// How many bytes of query fit into the URL of any page.
    pub(super) fn room(&self) -> Result<usize, Error> {
        let key = Key { sys_id: "f".repeat(32), value: Some("2000-01-01 00:00:00".into()) };
        let range = super::range::Range { from: Bound::After(key), until: Some("f".repeat(32)) };
        let ask = Ask { range, limit: u32::MAX, counted: false, ids_only: false, offset: None };
        let uri = self.target.instance.uri(&self.path, &self.parameters(&Query::new(), &ask)?)?;
        let taken = uri.path_and_query().map_or(0, |target| target.as_str().len());
        // A condition is written once in each group of the query; three of them are common.
        Ok(Instance::MAX_URI.saturating_sub(taken.saturating_add(256)))
    }

    /// Sends the request of a page. `spare`: nobody waits for it yet.
    pub(super) fn send(&self, query: &Query<'static>, ask: &Ask, spare: bool) -> Result<HttpFuture, Error> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = self.target.instance.uri(&self.path, &self.parameters(query, ask)?)?;
        if spare || self.operation.is_some() {
            let operation = self.operation.clone().unwrap_or_default();
            request.extensions_mut().insert(operation.spare(spare));
        }
        Ok(self.target.http.send(request))
    }

    /// How long to wait before a page is asked for again.
    pub(super) fn again(&self, error: Error, tries: u32, elapsed: Duration) -> Result<Duration, Error> {
        let error = self.told(error); // it is known to be a read from then on
        match &self.target.resend {
            Some(resend) => self.policy(&resend.policy, resend.deadline).again(error, tries, elapsed),
            None => Err(error),
        }
    }

    fn policy(&self, policy: &RetryPolicy, deadline: Duration) -> RetryPolicy {
        let own = self.operation.as_ref().and_then(Operation::deadline_limit);
        policy.clone().within(own.unwrap_or(deadline))
    }

    /// Adds what was called; the query is left out.
    pub(super) fn told(&self, error: Error) -> Error {
        match self.target.instance.uri(&self.path, &Params::new()) {
            Ok(uri) => error.with_operation(&Method::GET, &uri),
            Err(_) => error,
        }
    }
}

fn key_value<'r>(record: &'r Record, field: &str) -> Result<Cow<'r, str>, Error> {
    let value = record.get(field).map(|field| field.value()).transpose()?.unwrap_or_default();
    if value.is_empty() { Err(no_key(field)) } else { Ok(value) }
}

fn repeated() -> Error {
    let why = "two rows came with the same sys_id, so that nobody knows where the next page begins: database views repeat it; \
               read by_offset() instead";
    Error::new(Kind::Incomplete, why)
}

fn no_key(field: &str) -> Error {
    let why = format!(
        "a row came without a {field}, by which the next page is asked for: database views have none, and some users may not \
         read it; read by_offset() instead"
    );
    Error::new(Kind::Incomplete, why)
}

fn too_far() -> Error {
    Error::new(Kind::InvalidInput, "the offset is larger than the service takes: read by sys_id instead")
}
