//! A table in which records are written, become visible later, and vanish, while its log is read page by page.

use super::*;
use proptest::prelude::*;
use snow_core::SysId;
use std::collections::{BTreeMap, BTreeSet};

const OVERLAP: u64 = 20;

fn rules(overlap: u64) -> LogRules {
    LogRules {
        overlap: Duration::from_secs(overlap),
        accepts_hidden: false,
        most_versions: 6,
        most_fetched: 2,
    }
}

fn id(number: u8) -> SysId {
    format!("{number:032x}").parse().unwrap()
}

/// What happens between two requests.
#[derive(Clone, Debug)]
enum Event {
    /// A record is written, and becomes visible so many seconds later.
    Write {
        id: u8,
        lag: u8,
    },
    Wait(u8),
    /// A page is asked for.
    Read,
    /// The process ends, and starts again from the last cursor.
    Crash,
}

#[derive(Default)]
struct Model {
    now: i64,
    visible: BTreeMap<SysId, LogRow>,
    pending: Vec<(i64, LogRow)>,
    /// Records that the user may not read: they are counted, and missing in pages.
    hidden: BTreeSet<SysId>,
}

impl Model {
    fn write(&mut self, number: u8, lag: u8) {
        let sys_id = id(number);
        if self.pending.iter().any(|(_, row)| row.sys_id == sys_id) {
            return; // the row is locked until the other transaction ends
        }
        let version = self.visible.get(&sys_id).map_or(0, |row| row.version.unwrap() + 1);
        let row = LogRow { stamp: DateTime::from_unix(self.now), sys_id, version: Some(version) };
        self.pending.push((self.now + i64::from(lag), row));
        self.commit();
    }

    fn wait(&mut self, seconds: u8) {
        self.now += i64::from(seconds);
        self.commit();
    }

    fn commit(&mut self) {
        let now = self.now;
        let due = self.pending.extract_if(.., |(at, _)| *at <= now);
        self.visible.extend(due.map(|(_, row)| (row.sys_id, row)));
    }

    fn log(&self) -> Vec<LogRow> {
        let mut rows: Vec<LogRow> = self.visible.values().copied().collect();
        rows.sort_by_key(|row| (row.stamp, row.sys_id));
        rows
    }

    fn page(&self, ask: &LogPageAsk) -> LogPage {
        let rows: Vec<LogRow> =
            self.log().into_iter().filter(|row| ask.after.is_none_or(|after| after.allows(row))).collect();
        let total = ask.counted.then_some(rows.len() as u64);
        let rows = rows.into_iter().take(ask.limit as usize).filter(|row| !self.hidden.contains(&row.sys_id));
        LogPage { rows: rows.collect(), total, date: None }
    }

    fn newest(&self) -> Option<LogRow> {
        self.log().into_iter().rfind(|row| !self.hidden.contains(&row.sys_id))
    }
}

/// A reader, what its sink has, and the cursor that was saved after it.
struct Follower {
    reader: LogReader,
    saved: LogReader,
    sink: BTreeMap<SysId, u32>,
    given: usize,
    requests: usize,
    /// The largest limit of a page of whole records.
    largest: u32,
}

impl Follower {
    fn new(reader: LogReader) -> Self {
        Self { saved: reader.clone(), reader, sink: BTreeMap::new(), given: 0, requests: 0, largest: 0 }
    }

    /// One request. Returns whether the pass is at its end.
    fn step(&mut self, model: &Model, rules: &LogRules) -> bool {
        self.requests += 1;
        let verdict = match self.reader.next((4, 3)) {
            LogAsk::Newest => {
                self.reader.newest_arrived(model.newest().as_ref(), rules).unwrap();
                LogVerdict::default()
            }
            LogAsk::Keys(ask) => self.reader.page_arrived(&ask, &model.page(&ask), rules).unwrap(),
            LogAsk::Records(ask) => {
                self.largest = self.largest.max(ask.limit);
                let page = model.page(&ask);
                let verdict = self.reader.page_arrived(&ask, &page, rules).unwrap();
                for at in &verdict.given {
                    self.give(page.rows[*at]);
                }
                verdict
            }
        };
        for sys_id in &verdict.fetched {
            if let Some(row) = model.visible.get(sys_id) {
                self.give(*row);
            }
        }
        self.saved = self.reader.clone();
        verdict.is_end
    }

    fn give(&mut self, row: LogRow) {
        self.given += 1;
        self.sink.insert(row.sys_id, row.version.unwrap());
    }

    fn pass(&mut self, model: &Model, rules: &LogRules) {
        for _ in 0..1_000 {
            if self.step(model, rules) {
                return;
            }
        }
        panic!("a pass over a table at rest does not end");
    }
}

fn latest(model: &Model) -> BTreeMap<SysId, u32> {
    let readable = model.visible.values().filter(|row| !model.hidden.contains(&row.sys_id));
    readable.map(|row| (row.sys_id, row.version.unwrap())).collect()
}

fn events(lag: u8) -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => (0..12_u8, 0..lag).prop_map(|(id, lag)| Event::Write { id, lag }),
        2 => (0..8_u8).prop_map(Event::Wait),
        5 => Just(Event::Read),
        1 => Just(Event::Crash),
    ];
    proptest::collection::vec(event, 0..120)
}

fn follow(events: &[Event], overlap: u64, hidden: &BTreeSet<u8>) -> (Model, Follower) {
    let rules = LogRules { accepts_hidden: !hidden.is_empty(), ..rules(overlap) };
    let hidden = hidden.iter().copied().map(id).collect();
    let mut model = Model { hidden, ..Model::default() };
    let mut follower = Follower::new(LogReader::since(None));
    for event in events {
        match *event {
            Event::Write { id, lag } => model.write(id, lag),
            Event::Wait(seconds) => model.wait(seconds),
            Event::Read => {
                follower.step(&model, &rules);
            }
            Event::Crash => {
                let stored = serde_json::to_string(&follower.saved).unwrap();
                follower.reader = serde_json::from_str(&stored).unwrap();
            }
        }
    }
    model.wait(u8::MAX);
    (model, follower)
}

proptest! {
    /// The guarantee: commits that are later than their time by less than the overlap are not missed, whatever happens between two
    /// requests.
    #[test]
    fn the_sink_has_the_latest_state_of_every_record(events in events(20)) {
        let (model, mut follower) = follow(&events, OVERLAP, &BTreeSet::new());
        let rules = rules(OVERLAP);
        follower.pass(&model, &rules); // ends what was under way
        follower.pass(&model, &rules);
        prop_assert_eq!(&follower.sink, &latest(&model));
        // At rest, nothing is given out again.
        let given = follower.given;
        follower.pass(&model, &rules);
        follower.pass(&model, &rules);
        prop_assert!(follower.given <= given + model.visible.len(), "digests are given out once more at most");
        let given = follower.given;
        follower.pass(&model, &rules);
        prop_assert_eq!(follower.given, given);
        prop_assert!(follower.reader.remembered() <= 6);
    }

    /// The guarantee holds for the records that can be read, wherever the others stand, and whole records are asked for in small pages.
    #[test]
    fn hidden_records_do_not_stop_a_feed_that_accepts_them(
        events in events(20),
        hidden in proptest::collection::btree_set(0..12_u8, 1..12),
    ) {
        let (model, mut follower) = follow(&events, OVERLAP, &hidden);
        let rules = LogRules { accepts_hidden: true, ..rules(OVERLAP) };
        follower.pass(&model, &rules);
        follower.pass(&model, &rules);
        prop_assert_eq!(&follower.sink, &latest(&model));
        prop_assert!(follower.largest <= 3, "a limit of {}", follower.largest);
    }
}

/// A bulk change of records that cannot be read is passed over, even if all of it has the time of the first one that can be read.
#[test]
fn readable_records_are_found_after_many_hidden_ones() {
    for (lag_between, hidden) in [(0, 0..150), (5, 0..150), (0, 3..200), (5, 20..180)] {
        let mut model = Model { hidden: hidden.map(id).collect(), ..Model::default() };
        for number in 0..200 {
            model.write(number, 0);
            if number % 50 == 49 {
                model.wait(lag_between);
            }
        }
        let rules = LogRules { accepts_hidden: true, ..rules(OVERLAP) };
        let mut follower = Follower::new(LogReader::since(None));
        follower.pass(&model, &rules);
        assert_eq!(follower.sink, latest(&model));
        assert_eq!((follower.given, follower.largest), (latest(&model).len(), 3));
        assert!(follower.requests < 60, "{} requests", follower.requests);
        // One record of the bulk change becomes visible late.
        model.write(210, 0);
        follower.pass(&model, &rules);
        follower.pass(&model, &rules);
        assert_eq!(follower.sink, latest(&model));
    }
}

/// The same test sees what an overlap is for: without one, a late commit is missed.
#[test]
fn without_an_overlap_a_late_commit_is_missed() {
    let events = [
        Event::Write { id: 1, lag: 10 },
        Event::Wait(3),
        Event::Write { id: 2, lag: 0 },
        Event::Read, // the newest
        Event::Read, // the records
    ];
    for (overlap, misses) in [(0, true), (OVERLAP, false)] {
        let (model, mut follower) = follow(&events, overlap, &BTreeSet::new());
        follower.pass(&model, &rules(overlap));
        assert_eq!(follower.sink != latest(&model), misses, "overlap {overlap}");
    }
}

#[test]
fn an_unchanged_table_costs_one_request() {
    let mut model = Model::default();
    for number in 0..10 {
        model.write(number, 0);
        model.wait(9);
    }
    let (mut follower, rules) = (Follower::new(LogReader::since(None)), rules(OVERLAP));
    follower.pass(&model, &rules);
    assert_eq!((follower.given, follower.sink.len()), (10, 10));
    for _ in 0..3 {
        follower.requests = 0;
        follower.pass(&model, &rules);
        assert_eq!((follower.requests, follower.given), (1, 10));
    }
}

#[test]
fn from_now_on_only_what_comes_later_is_given_out() {
    let mut model = Model::default();
    (0..5).for_each(|number| model.write(number, 0));
    let (mut follower, rules) = (Follower::new(LogReader::from_now()), rules(OVERLAP));
    follower.pass(&model, &rules);
    assert_eq!(follower.given, 0);
    model.write(3, 0); // in the same second
    follower.pass(&model, &rules);
    assert_eq!(follower.sink, BTreeMap::from([(id(3), 1)]));
}

/// A hundred thousand of one second are far more than are remembered one by one.
#[test]
fn a_bulk_change_is_given_out_once() {
    let mut model = Model::default();
    model.write(200, 0);
    model.wait(50);
    let (mut follower, rules) = (Follower::new(LogReader::since(None)), rules(OVERLAP));
    follower.pass(&model, &rules);
    (0..100).for_each(|number| model.write(number, 0));
    follower.pass(&model, &rules);
    assert_eq!(follower.given, 101);
    follower.pass(&model, &rules);
    assert_eq!(follower.given, 101);
    assert!(follower.reader.remembered() <= 6);
    // One record of that second becomes visible late: all of the second is given out once more.
    model.write(150, 0);
    follower.pass(&model, &rules);
    follower.pass(&model, &rules);
    assert_eq!(follower.sink, latest(&model));
    assert_eq!(follower.given, 101 + 101);
}
