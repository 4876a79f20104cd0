//! Whether a write happened whose response was lost: looked up where the service can show it.

pub(crate) mod creation;
pub(crate) mod deletion;
pub(crate) mod lookup;
