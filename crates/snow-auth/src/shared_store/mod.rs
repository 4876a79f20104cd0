//! What the stores have in common that machines share, in a database: how values are sealed, how a lease is waited for and kept, and
//! where an unencrypted connection may lead.
//!
//! For the other crates of this workspace: no part of the public API.
#![warn(clippy::arithmetic_side_effects)]

mod lease_id;
mod lease_keeper;
mod lease_wait;
mod loopback_address;
mod patience;
mod sealing;
mod value_kind;

pub use lease_id::LeaseId;
pub use lease_keeper::{KeptLease, LeaseActions, LeaseKeeper};
pub use lease_wait::wait_for_lease;
pub use loopback_address::is_loopback;
pub use patience::{CommandPatience, Patience};
pub use sealing::Sealing;
pub use value_kind::ValueKind;
