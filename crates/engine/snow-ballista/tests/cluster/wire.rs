//! What travels between the processes of a cluster.

use crate::cluster::{Cluster, result};
use crate::process::{EXECUTORS, password};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_and_no_address_travels() {
    let cluster = Cluster::start(500, 4).await;
    let session = cluster.session().await;
    let sql = "SELECT number, state FROM incident WHERE priority <= 2 AND category = 'software'";
    assert!(result(&session, sql).await.unwrap().len() > 2);
    // What does travel is seen, so that its absence would be seen, too.
    for text in [
        "prod",
        "incident",
        "priority<=2^category=software",
        "snow table 1",
        "snow plan 1",
        "3fffffffffffffff",
    ] {
        assert!(cluster.relay.has_heard(text), "{text} did not travel");
    }
    assert!(cluster.results.has_heard("number"), "the columns of the results did not travel");
    let travelled = |text: &str| cluster.relay.has_heard(text) || cluster.results.has_heard(text);
    let address = cluster.listener.address();
    let url = cluster.listener.url();
    let by_name = format!("localhost:{}", address.port());
    for text in [url.trim_start_matches("http://"), &by_name, "Basic ", "swordfish"] {
        assert!(!travelled(text), "{text} travelled");
    }
    for user in EXECUTORS {
        assert!(!travelled(user) && !travelled(&password(user)), "{user} travelled");
    }
}
