//! Results of a cluster.

use crate::cluster::{Cluster, batches, result};
use crate::process::EXECUTORS;
use crate::queries::queries;
use datafusion::arrow::array::{Array, Int64Array};
use datafusion::prelude::SessionContext;
use snow_sim::Entry;
use std::collections::BTreeSet;
use std::time::Duration;

async fn count(session: &SessionContext) -> u64 {
    let batches = batches(session, "SELECT count(*) FROM incident").await.unwrap();
    let counts =
        batches.iter().map(|batch| batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().clone());
    let all: Vec<i64> =
        counts.flat_map(|counts| (0..counts.len()).map(|at| counts.value(at)).collect::<Vec<_>>()).collect();
    assert_eq!(all.len(), 1);
    u64::try_from(all[0]).unwrap()
}

/// What was asked for: a page of a range for each request.
fn pages(journal: &[Entry]) -> Vec<String> {
    let reads = journal.iter().filter(|entry| entry.path.ends_with("/table/incident"));
    reads.map(|entry| entry.param("sysparm_query").unwrap()).collect()
}

fn unique(pages: &[String]) -> usize {
    pages.iter().collect::<BTreeSet<_>>().len()
}

/// Whether it is the first page of a range: it does not go on after a record.
fn is_first(page: &str) -> bool {
    !page.split('^').any(|part| part.starts_with("sys_id>") && !part.starts_with("sys_id>="))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_range_is_read_once_in_all_and_the_count_is_that_of_the_instance() {
    let cluster = Cluster::start(2_000, 4).await;
    let (session, expected) = (cluster.session().await, cluster.count().await);
    cluster.simulator.take_journal();
    assert_eq!(count(&session).await, expected);
    let read = pages(&cluster.simulator.take_journal());
    assert_eq!(unique(&read), read.len(), "{read:?}");
    assert_eq!(read.iter().filter(|page| is_first(page)).count(), 4, "{read:?}");
}

/// This is what a plan without children does, and why ours has one: if the assertions above held for it too, they would see nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_is_a_leaf_reads_ranges_repeatedly_and_counts_wrongly() {
    let cluster = Cluster::start(2_000, 4).await;
    let (session, expected) = (cluster.session_of_leaves().await, cluster.count().await);
    cluster.simulator.take_journal();
    let counted = count(&session).await;
    assert!(counted > expected, "{counted} of {expected}");
    let read = pages(&cluster.simulator.take_journal());
    assert!(unique(&read) < read.len(), "{read:?}");
    assert!(read.iter().filter(|page| is_first(page)).count() > 4, "{read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_queries_return_what_they_return_in_memory() {
    let cluster = Cluster::start(3_000, 4).await;
    let (session, memory) = (cluster.session().await, cluster.memory().await);
    let queries = queries();
    assert_eq!(queries.len(), 50);
    cluster.simulator.take_journal();
    for sql in &queries {
        assert_eq!(result(&session, sql).await.unwrap(), result(&memory, sql).await.unwrap(), "{sql}");
    }
    let journal = cluster.simulator.take_journal();
    for user in EXECUTORS {
        assert!(journal.iter().any(|entry| entry.user == user), "{user} read nothing");
    }
    assert!(journal.iter().all(|entry| EXECUTORS.contains(&&*entry.user)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_without_a_client_fails_and_says_so() {
    let cluster = Cluster::start(100, 4).await;
    let session = cluster.session().await;
    cluster.simulator.take_journal();
    let error = batches(&session, "SELECT count(*) FROM elsewhere").await.unwrap_err().to_string();
    assert!(
        error.contains("no client is known as \\\"elsewhere\\\" here")
            || error.contains("no client is known as \"elsewhere\" here"),
        "{error}"
    );
    assert!(pages(&cluster.simulator.take_journal()).is_empty());
}

/// The instance executes two requests at a time and queues none: a third one is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn executors_share_what_the_instance_allows() {
    let sql = "SELECT number, category FROM incident WHERE category LIKE '%e%'";
    let two_at_a_time = async |requests: usize| {
        let cluster = Cluster::start(4_000, requests).await;
        cluster.simulator.settings(|settings| {
            (settings.semaphores, settings.queue) = (2, 0);
            // Processes cannot share a clock that a test moves on. Without this, no two requests would ever be executed at a time.
            settings.latency = Duration::from_millis(10);
        });
        cluster
    };
    let refused = |cluster: &Cluster| {
        cluster.simulator.take_journal().iter().filter(|entry| entry.status.as_u16() == 429).count()
    };
    let sharing = two_at_a_time(2).await;
    let session = sharing.session().await;
    batches(&session, sql).await.unwrap();
    assert_eq!(refused(&sharing), 0);
    // With a share of 4 each, at some time there are more than two requests.
    let greedy = two_at_a_time(8).await;
    let session = greedy.session().await;
    let mut is_refused = false;
    for _ in 0..50 {
        let _ = batches(&session, sql).await;
        is_refused |= refused(&greedy) > 0;
        if is_refused {
            break;
        }
    }
    assert!(is_refused);
}
