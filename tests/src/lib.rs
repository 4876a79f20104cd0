//! The promises are in `promises/`; here the code blocks of the README and the docs are compiled and run.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/queries.md")]
struct Queries;

#[cfg(doctest)]
#[doc = include_str!("../../docs/authentication.md")]
struct Authentication;

#[cfg(doctest)]
#[doc = include_str!("../../docs/token-stores.md")]
struct TokenStores;

#[cfg(doctest)]
#[doc = include_str!("../../docs/aggregates.md")]
struct Aggregates;

#[cfg(doctest)]
#[doc = include_str!("../../docs/attachments.md")]
struct Attachments;

#[cfg(doctest)]
#[doc = include_str!("../../docs/batches.md")]
struct Batches;

#[cfg(doctest)]
#[doc = include_str!("../../docs/changes.md")]
struct Changes;

#[cfg(doctest)]
#[doc = include_str!("../../docs/imports.md")]
struct Imports;

#[cfg(doctest)]
#[doc = include_str!("../../docs/other-apis.md")]
struct OtherApis;

#[cfg(doctest)]
#[doc = include_str!("../../docs/schema.md")]
struct Schema;

#[cfg(doctest)]
#[doc = include_str!("../../docs/many-users.md")]
struct ManyUsers;

#[cfg(doctest)]
#[doc = include_str!("../../docs/transport.md")]
struct Transport;

#[cfg(doctest)]
#[doc = include_str!("../../docs/records.md")]
struct Records;

#[cfg(doctest)]
#[doc = include_str!("../../docs/from-pysnow.md")]
struct FromPysnow;

/// One test for each row of the page's table.
#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/queries.md"))]
struct QueriesTable;

#[cfg(doctest)]
#[doc = include_str!("../../docs/blocking.md")]
struct Blocking;
