//! Connections are looked after between two calls: a write after the server has closed one goes out on another.

use super::contexts::ends;
use super::relay::Relay;
use super::server::{client, server};
use serde_json::json;
use snow_client::blocking::Wait;

#[test]
fn a_write_after_a_closed_connection_goes_through() {
    ends("20 writes", || {
        let relay = Relay::to(&server().url);
        let (client, other) = (client(&relay.url), client(&server().url));
        for round in 0..20 {
            client.table("problem").create(&json!({ "short_description": "before" })).wait().unwrap();
            assert_eq!(relay.close_connections(), 1, "round {round}");
            // When its response is there, the I/O thread has seen that the other connection was closed.
            other.table("incident").list().fields(["number"]).limit(1).wait().unwrap();
        }
    });
}
