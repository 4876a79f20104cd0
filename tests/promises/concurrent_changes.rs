//! While others create, change and delete records, a record that matches throughout is neither missed nor repeated; where that cannot
//! be guaranteed, the report says so, or the read fails. If nothing changed, the report says that as well.

use crate::property::check;
use proptest::prelude::*;
use serde_json::json;
use snow_client::query::Query;
use snow_client::{
    Client, Error, Record,
    batch::ApiCall,
    bulk::{BulkReport, BulkWrite},
    field,
    stream::{RecordStream, StreamReport},
};
use snow_sim::{ColumnType, Cut, Quota, Simulator, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// Values of `u_key`: so long that a list of them takes three URLs.
const KEYS: usize = 100;
/// The records that most changes are of: few, so that the same one is often changed twice.
const HOT: usize = 8;

fn key(at: usize) -> String {
    format!("{at:03}{}", "k".repeat(190))
}

/// Scattered over all ids there can be, so that a parallel read has ranges to read.
fn sys_id(at: usize) -> String {
    format!("{:08x}{at:024}", u32::try_from(at).unwrap().wrapping_mul(0x9e37_79b1))
}

fn day(day: u8) -> String {
    format!("2026-01-{day:02} 00:00:00")
}

/// A record as it is at first.
#[derive(Clone, Debug)]
struct Thing {
    matches: bool,
    key: usize,
    rank: u8,
    day: u8,
}

/// What somebody else does.
#[derive(Clone, Debug)]
enum Change {
    Insert(usize, Thing),
    Delete(usize),
    /// From one part of a long list to another.
    Key(usize, usize),
    /// Into the query or out of it.
    Matches(usize, bool),
    /// To another place in an order.
    Rank(usize, u8),
    /// Of a column that no query names.
    Note(usize),
}

impl Change {
    /// Makes the change; the record that it is of, if there was one.
    fn apply(&self, simulator: &Simulator) -> Option<String> {
        let set = |at: usize, field: &str, value: &str| {
            let id = sys_id(at);
            simulator.update("u_thing", &id, [(field, value)]).unwrap().then_some(id)
        };
        match self {
            // Behind those that were there at first.
            Self::Insert(at, thing) => insert(simulator, 1_000 + at, thing),
            Self::Delete(at) => simulator.delete("u_thing", &sys_id(*at)).then(|| sys_id(*at)),
            Self::Key(at, value) => set(*at, "u_key", &key(*value)),
            Self::Matches(at, matches) => set(*at, "u_flag", flag(*matches)),
            Self::Rank(at, rank) => set(*at, "u_rank", &rank.to_string()),
            Self::Note(at) => set(*at, "u_other", "changed"),
        }
    }

    /// Whether no record comes into the query, leaves it, or moves within it.
    fn is_outside(&self, things: &[Thing]) -> bool {
        let out = |at: &usize| things.get(*at).is_none_or(|thing| !thing.matches);
        match self {
            Self::Insert(_, thing) => !thing.matches,
            Self::Delete(at) | Self::Key(at, _) | Self::Rank(at, _) => out(at),
            Self::Matches(_, _) => false,
            Self::Note(_) => true,
        }
    }
}

fn flag(matches: bool) -> &'static str {
    if matches { "in" } else { "out" }
}

/// `None` if there is one already.
fn insert(simulator: &Simulator, at: usize, thing: &Thing) -> Option<String> {
    let (id, key, rank, day) = (sys_id(at), key(thing.key), thing.rank.to_string(), day(thing.day));
    let row = [
        ("sys_id", id.as_str()),
        ("u_flag", flag(thing.matches)),
        ("u_key", &key),
        ("u_rank", &rank),
        ("sys_created_on", &day),
    ];
    simulator.insert("u_thing", row).ok()
}

/// How records are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    BySysId,
    Parallel,
    Unordered,
    ByCreation,
    ByCreationDescending,
    /// By a field that changes: by position.
    ByRank,
    ByOffset,
    /// By a list that is too long for one URL.
    Split,
    SplitParallel,
    SplitSysIds,
}

impl Way {
    const BY_KEY: [Self; 6] = [
        Self::BySysId,
        Self::Parallel,
        Self::Unordered,
        Self::ByCreation,
        Self::ByCreationDescending,
        Self::SplitSysIds,
    ];

    fn query(self) -> Query<'static> {
        let query = field("u_flag").eq("in");
        match self {
            Self::BySysId | Self::Parallel | Self::Unordered | Self::ByOffset => query,
            Self::ByCreation => query.order_by("sys_created_on"),
            Self::ByCreationDescending => query.order_by_desc("sys_created_on"),
            Self::ByRank => query.order_by("u_rank"),
            Self::Split | Self::SplitParallel => query.and(field("u_key").is_in((0..KEYS).map(key))),
            Self::SplitSysIds => query.and(field("sys_id").is_in((0..300).chain(1_000..1_100).map(sys_id))),
        }
    }

    fn rows(self, client: &Client) -> RecordStream<Record> {
        let rows =
            client.table("u_thing").list().query(self.query()).fields(["sys_id"]).stream().page_size(3);
        match self {
            Self::Parallel | Self::SplitParallel => rows.parallel(3),
            Self::Unordered => rows.parallel(3).unordered(true),
            Self::ByOffset => rows.by_offset(true),
            _ => rows,
        }
    }

    /// About how many requests a read takes: before each of them something may change.
    fn requests(self) -> u64 {
        match self {
            Self::Split | Self::SplitParallel => 16,
            _ => 7,
        }
    }

    /// By position nobody can tell whether something moved.
    fn is_by_position(self) -> bool {
        matches!(self, Self::ByRank | Self::ByOffset)
    }
}

/// What the test knows while something is read or written.
#[derive(Default)]
struct Seen {
    /// Records that have matched since it began.
    throughout: BTreeSet<String>,
    /// Changes that were made.
    made: usize,
}

struct World {
    simulator: Simulator,
    client: Client,
    seen: Arc<Mutex<Seen>>,
}

impl World {
    fn new(things: &[Thing]) -> Self {
        let table = Table::new("u_thing", "Thing")
            .column("u_flag", ColumnType::Text)
            .column("u_key", ColumnType::Text)
            .column("u_rank", ColumnType::Integer)
            .column("u_other", ColumnType::Text)
            .column("u_note", ColumnType::Text);
        let builder = Simulator::builder().user("admin", "secret").without_demo_data().table(table);
        let simulator = builder.build().unwrap();
        for (at, thing) in things.iter().enumerate() {
            insert(&simulator, at, thing).unwrap();
        }
        let throughout = (0..things.len()).filter(|at| things[*at].matches).map(sys_id).collect();
        let seen = Arc::new(Mutex::new(Seen { throughout, made: 0 }));
        Self { client: crate::client(&simulator), simulator, seen }
    }

    /// Lets somebody else make these changes, each before the request of that number.
    fn meanwhile(&self, history: Vec<(u64, Change)>) {
        let seen = self.seen.clone();
        self.simulator.before_each(move |n, simulator| {
            for (_, change) in history.iter().filter(|(before, _)| *before == n) {
                let Some(id) = change.apply(simulator) else { continue };
                let mut seen = seen.lock().unwrap();
                seen.made += 1;
                if simulator.stored("u_thing", &id, "u_flag").as_deref() != Some("in") {
                    seen.throughout.remove(&id);
                }
            }
        });
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

async fn read(mut rows: RecordStream<Record>) -> Result<(Vec<String>, StreamReport), Error> {
    let mut ids = Vec::new();
    while let Some(row) = rows.next().await {
        ids.push(row?.value("sys_id").unwrap().into_owned());
    }
    Ok((ids, rows.report()))
}

/// Whether a bulk write says that records of its query may have been missed.
fn may_have_drifted<T>(outcomes: &BulkReport<T>) -> bool {
    outcomes.may_have_drifted
}

fn thing() -> impl Strategy<Value = Thing> {
    (prop::bool::weighted(0.7), 0..KEYS, 0..9_u8, 1..20_u8).prop_map(|(matches, key, rank, day)| Thing {
        matches,
        key,
        rank,
        day,
    })
}

fn things() -> impl Strategy<Value = Vec<Thing>> {
    prop::collection::vec(thing(), HOT..30)
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => (0..4_usize, thing()).prop_map(|(at, thing)| Change::Insert(at, thing)),
        2 => (0..HOT).prop_map(Change::Delete),
        4 => (0..HOT, 0..KEYS).prop_map(|(at, key)| Change::Key(at, key)),
        2 => (0..HOT, any::<bool>()).prop_map(|(at, matches)| Change::Matches(at, matches)),
        2 => (0..HOT, 0..9_u8).prop_map(|(at, rank)| Change::Rank(at, rank)),
        1 => (0..HOT).prop_map(Change::Note),
    ]
}

/// Changes, each before the request of that number.
fn history(requests: u64) -> impl Strategy<Value = Vec<(u64, Change)>> {
    prop::collection::vec((1..=requests, change()), 1..8)
}

/// What came of many reads.
#[derive(Debug, Default)]
struct Tally {
    changes: usize,
    errors: usize,
    drifted: usize,
    sure: usize,
}

/// Reads while records change, and whether that is told. What cannot be is an error.
fn while_records_change(way: Way, cases: u32) -> Tally {
    let tally = Mutex::new(Tally::default());
    check(cases, (things(), history(way.requests())), async |(things, history)| {
        let world = World::new(&things);
        world.meanwhile(history);
        let came = read(way.rows(&world.client)).await;
        let (mut tally, seen) = (tally.lock().unwrap(), world.seen());
        tally.changes += seen.made;
        let Ok((ids, report)) = came else {
            tally.errors += 1;
            return Ok(());
        };
        prop_assert!(report.complete && report.received == ids.len() as u64, "{:?} {:?}", way, report);
        if report.may_have_drifted {
            tally.drifted += 1;
            return Ok(());
        }
        tally.sure += 1;
        let distinct: BTreeSet<String> = ids.iter().cloned().collect();
        prop_assert_eq!(distinct.len(), ids.len(), "{:?}: a record came twice: {:?}", way, ids);
        let missed: Vec<_> = seen.throughout.difference(&distinct).collect();
        prop_assert!(missed.is_empty(), "{:?}: missed {:?}, and {:?}", way, missed, report);
        Ok(())
    });
    tally.into_inner().unwrap()
}

#[test]
fn by_key_every_record_that_matched_throughout_comes_once() {
    for way in Way::BY_KEY {
        let tally = while_records_change(way, 60);
        assert!(tally.changes > 60, "{way:?}: {tally:?}");
        assert_eq!((tally.errors, tally.drifted), (0, 0), "{way:?}: no change keeps it from being sure");
    }
}

#[test]
fn by_position_records_may_be_missed_and_the_report_says_so() {
    for way in [Way::ByRank, Way::ByOffset] {
        let tally = while_records_change(way, 60);
        assert!(tally.changes > 60 && tally.drifted > 0, "{way:?}: {tally:?}");
    }
}

#[test]
fn a_record_that_moves_between_the_parts_of_a_long_list_is_told_of() {
    for way in [Way::Split, Way::SplitParallel] {
        let tally = while_records_change(way, 80);
        assert!(tally.changes > 100 && tally.drifted > 10 && tally.sure > 10, "{way:?}: {tally:?}");
    }
}

#[test]
fn what_changes_outside_the_query_leaves_a_read_complete() {
    let others = [Way::ByRank, Way::ByOffset, Way::Split, Way::SplitParallel];
    for way in Way::BY_KEY.into_iter().chain(others) {
        check(25, (things(), history(way.requests()), any::<bool>()), async |(things, history, quiet)| {
            let world = World::new(&things);
            let outside = history.into_iter().filter(|(_, change)| !quiet && change.is_outside(&things));
            world.meanwhile(outside.collect());
            let (ids, report) = read(way.rows(&world.client)).await.unwrap();
            prop_assert!(report.complete, "{:?} {:?}", way, report);
            prop_assert!(!report.may_have_drifted || way.is_by_position(), "{:?} {:?}", way, report);
            let distinct: BTreeSet<String> = ids.iter().cloned().collect();
            prop_assert_eq!(distinct.len(), ids.len(), "{:?}", way);
            prop_assert_eq!(&distinct, &world.seen().throughout, "{:?}", way);
            Ok(())
        });
    }
}

/// What became of a bulk write.
struct Done {
    /// How often each record was written, as the instance carried it out.
    times: BTreeMap<String, u32>,
    failed: BTreeSet<String>,
    unread: Option<Error>,
    drifted: bool,
    complete: bool,
}

async fn done<C: ApiCall>(world: &World, many: BulkWrite<C>) -> Done {
    let outcomes = many.all().await;
    let mut times = BTreeMap::new();
    for entry in world.simulator.take_journal().iter().filter(|entry| entry.method != http::Method::GET) {
        let id = entry.path.rsplit('/').next().unwrap_or_default().to_owned();
        *times.entry(id).or_insert(0) += u32::from(entry.status.is_success());
    }
    Done {
        times,
        failed: outcomes.failures().map(|(id, _)| id.to_string()).collect(),
        drifted: may_have_drifted(&outcomes),
        complete: outcomes.is_complete(),
        unread: outcomes.unread,
    }
}

fn many_things() -> impl Strategy<Value = Vec<Thing>> {
    prop::collection::vec(thing(), 50..70)
}

/// A bulk write says nothing of pages: a quota cuts those that are longer, so that records are found in several.
fn bulk_write_while_records_change(way: Way, deletes: bool, cases: u32) -> Tally {
    let tally = Mutex::new(Tally::default());
    check(cases, (many_things(), history(16)), async |(things, history)| {
        let world = World::new(&things);
        world.simulator.settings(|settings| settings.quota = Some(Quota { rows: 20, shape: Cut::Before }));
        world.meanwhile(history);
        let list = world.client.table("u_thing").list().query(way.query());
        let done = match deletes {
            true => done(&world, list.delete_all()).await,
            false => done(&world, list.update_all(&json!({ "u_note": "written" }))).await,
        };
        let (mut tally, seen) = (tally.lock().unwrap(), world.seen());
        tally.changes += seen.made;
        prop_assert!(done.times.values().all(|times| *times <= 1), "{:?}: written twice", way);
        if done.unread.is_some() {
            tally.errors += 1;
        } else if done.drifted {
            prop_assert!(!done.complete, "{:?}: what may have been missed is not complete", way);
            tally.drifted += 1;
        } else {
            tally.sure += 1;
            let written = |id: &&String| done.times.get(*id) == Some(&1) || done.failed.contains(*id);
            let missed: Vec<_> = seen.throughout.iter().filter(|id| !written(id)).collect();
            prop_assert!(missed.is_empty(), "{:?}: missed {:?}", way, missed);
        }
        Ok(())
    });
    tally.into_inner().unwrap()
}

#[test]
fn a_bulk_write_reaches_every_record_that_matched_throughout_once() {
    for deletes in [false, true] {
        for way in [Way::BySysId, Way::ByCreation, Way::ByRank, Way::SplitSysIds] {
            let tally = bulk_write_while_records_change(way, deletes, 12);
            assert!(tally.changes > 10, "{way:?}: {tally:?}");
            assert_eq!(
                (tally.errors, tally.drifted),
                (0, 0),
                "{way:?}: the order says nothing about which records"
            );
        }
        let tally = bulk_write_while_records_change(Way::Split, deletes, 16);
        assert!(tally.changes > 20 && tally.drifted > 0 && tally.sure > 0, "{tally:?}");
    }
}

#[test]
fn a_bulk_write_of_the_first_records_of_an_order_writes_no_more_and_none_twice() {
    check(
        12,
        (many_things(), history(4), 1..60_u32, any::<bool>()),
        async |(things, history, limit, quiet)| {
            let world = World::new(&things);
            world.meanwhile(if quiet { Vec::new() } else { history });
            let list = world.client.table("u_thing").list().query(Way::ByRank.query()).limit(limit);
            let done = done(&world, list.update_all(&json!({ "u_note": "written" }))).await;
            prop_assert!(done.times.len() <= usize::try_from(limit).unwrap());
            prop_assert!(done.times.values().all(|times| *times <= 1));
            if quiet {
                let matching = world.seen().throughout.len();
                prop_assert_eq!(done.times.len(), matching.min(usize::try_from(limit).unwrap()));
                prop_assert!(done.complete && !done.drifted && done.unread.is_none());
            }
            Ok(())
        },
    );
}
