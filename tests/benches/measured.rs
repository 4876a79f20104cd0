//! The client that is measured: `the_stack_that_is_measured_is_the_one_that_is_shipped` compares its stack with that of any other.

use snow_client::{Client, client::ClientBuilder};

/// As anybody begins.
pub(crate) fn client(instance: &str) -> ClientBuilder {
    Client::builder().instance(instance).user("admin").password("secret")
}
