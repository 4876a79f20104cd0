//! Random histories, crashes between sink and save, and faults on the wire: at each quiet moment the sink equals the table. Without an
//! overlap, and with the cursor saved before the sink, it does not, so the test can see what it is for.

use crate::history::{PLAN, Plan, Vanishing, wrong_seeds};

/// Of a table that is changed in bulk: more than are remembered one by one.
const BULK: u32 = 11_000;

#[tokio::test(start_paused = true)]
async fn the_sink_equals_the_table_at_every_quiet_moment() {
    assert_eq!(wrong_seeds(0..60, PLAN).await, Vec::<u64>::new());
}

#[tokio::test(start_paused = true)]
async fn with_changes_in_bulk_it_does_as_well() {
    assert_eq!(wrong_seeds([300], Plan { records: BULK, ..PLAN }).await, Vec::<u64>::new());
}

#[tokio::test(start_paused = true)]
async fn with_deletions_access_and_changes_in_bulk_it_does_after_each_sweep() {
    let plan = Plan { vanishing: Vanishing::Swept, records: BULK, ..PLAN };
    assert_eq!(wrong_seeds([401], plan).await, Vec::<u64>::new());
}

#[tokio::test(start_paused = true)]
async fn with_deletions_and_access_it_does_after_each_sweep() {
    assert_eq!(wrong_seeds(100..160, Plan { vanishing: Vanishing::Swept, ..PLAN }).await, Vec::<u64>::new());
}

#[tokio::test(start_paused = true)]
async fn with_audited_deletions_it_does_at_every_quiet_moment() {
    let plan = Plan { vanishing: Vanishing::Audited, ..PLAN };
    assert_eq!(wrong_seeds(200..240, plan).await, Vec::<u64>::new());
}

#[tokio::test(start_paused = true)]
async fn without_an_overlap_it_does_not() {
    let wrong = wrong_seeds(0..12, Plan { overlap: 0, ..PLAN }).await;
    assert!(wrong.len() > 2, "{wrong:?}");
}

#[tokio::test(start_paused = true)]
async fn with_the_cursor_saved_before_the_sink_it_does_not() {
    let wrong = wrong_seeds(0..12, Plan { saves_before_sink: true, ..PLAN }).await;
    assert!(wrong.len() > 2, "{wrong:?}");
}
