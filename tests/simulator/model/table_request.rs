//! Requests of the Table API.

use super::condition::Query;
use super::dictionary::Table;
use super::instance::Who;
use super::writing::Draft;
use proptest::sample::Index;

/// A record that is asked for by its sys_id.
#[derive(Clone, Debug)]
pub(crate) enum Which {
    Known(Index),
    Missing,
    NotHexadecimal,
}

#[derive(Clone, Debug)]
pub(crate) struct TableRequest {
    pub(crate) who: Who,
    pub(crate) version: &'static str,
    pub(crate) table: Option<&'static Table>,
    pub(crate) action: Action,
    pub(crate) looks: Looks,
}

impl TableRequest {
    /// The name in the path: of a table, or of none.
    pub(crate) fn table_name(&self) -> &'static str {
        self.table.map_or("no_such_table", |table| table.name)
    }
}

/// The parameters that say how records look.
#[derive(Clone, Debug)]
pub(crate) struct Looks {
    pub(crate) fields: Option<Vec<&'static str>>,
    pub(crate) display: Option<&'static str>,
    pub(crate) exclude_links: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    List(Listing),
    Get { which: Which, head: bool },
    Create { draft: Draft, how: Writing, own_fields: Option<Own> },
    Change { which: Which, method: Method, draft: Draft, how: Writing },
    Delete { which: Which },
    Misplaced(Misplaced),
    Wait(u32),
}

/// A request that no resource takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Misplaced {
    TrailingSlash,
    UnknownVersion,
    TooDeep,
    PostToRecord,
    DeleteTable,
    OtherNamespace,
}

impl Misplaced {
    /// Whether an unknown table is as good a reason to refuse it.
    pub(crate) fn names_the_table(self) -> bool {
        matches!(self, Self::PostToRecord | Self::DeleteTable)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) query: Option<Query>,
    pub(crate) pairs: Vec<(&'static str, &'static str)>,
    pub(crate) limit: Option<&'static str>,
    pub(crate) offset: Option<&'static str>,
    pub(crate) no_count: Option<&'static str>,
    pub(crate) no_links: Option<&'static str>,
    pub(crate) unknown: bool,
    pub(crate) head: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Writing {
    pub(crate) displayed: Option<&'static str>,
    pub(crate) quiet: bool,
}

/// Fields that the instance fills in itself, given by the caller (facts 1.2 and 13.1).
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) id: OwnId,
    /// With `sysparm_suppress_auto_sys_field`.
    pub(crate) stamps: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum OwnId {
    /// Not there yet: 32 characters in upper and lower case.
    New(u8),
    Taken(Index),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Method {
    Put,
    Patch,
    Overridden,
}
