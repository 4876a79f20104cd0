//! Decoding of responses: bytes in, records or an error out. No I/O.
//!
//! A status of 200 does not mean success ([facts 0]): an error may follow the records, the end may be missing, and an HTML page may
//! come in place of JSON. [`ApiResponse`] reads a response that has arrived and checks all of it before it returns anything.
//! [`Records`] returns records while the response arrives, and reports at the end whether it was complete. [`Record::to`] and
//! [`Field::read`] convert to types of your own.
//!
//! [facts 0]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#0-what-decides-the-design
#![warn(clippy::arithmetic_side_effects)]

mod cell;
mod chunk_buffer;
mod decimal;
mod deserialize;
mod envelope;
mod error_response;
mod field;
mod field_coverage;
mod field_value;
mod gateway;
mod head;
mod json_object;
mod json_string;
mod last_shape;
mod meta;
mod raw_record;
mod record;
mod record_scanner;
mod records;
mod redact;
mod redirect;
mod refused_login;
mod response;
mod scan;
mod serialize;
mod shape;
mod syntax_error;
mod typed;

pub use decimal::is_same_number;
pub use field::Field;
pub use record::Record;
pub use records::Records;
pub use response::{ApiResponse, is_success, receive};
pub use typed::{DisplayOnly, Reference, WithDisplay, fields_of};

// For the other crates of this workspace only: no part of the public API.
#[doc(hidden)]
pub use field_coverage::FieldCoverage;
#[doc(hidden)]
pub use json_object::JsonObject;
#[doc(hidden)]
pub use last_shape::LastShape;
