//! A random history of a table, and a program that follows it: crashes between sink and save, faults on the wire, and changes in bulk. The
//! tests of `histories.rs` have many of them, and `cargo xtask ci feed` has some of 100,000 records, in release.

use super::{client, instance};
use snow_client::changes::{Change, ChangeBatch, ChangeFeed, Deletions, FeedCursor};
use snow_client::{Query, Record, SysId, field};
use snow_sim::{Fault, Rule, Simulator, WireFault};
use std::collections::BTreeMap;
use std::time::Duration;

/// Numbers that look random, the same ones for each seed (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// How a history is followed.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) overlap: u64,
    pub(crate) saves_before_sink: bool,
    pub(crate) vanishing: Vanishing,
    pub(crate) steps: u64,
    /// Of the table in the beginning. All of many are changed in bulk, twice.
    pub(crate) records: u32,
    /// Whether the feed has a query with alternatives, which records enter and leave.
    pub(crate) is_filtered: bool,
}

/// With more records than this, only changes in bulk are of half of them or more.
const MANY: u32 = 1_000;

/// Which records vanish, and how the feed finds that out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vanishing {
    None,
    /// They are deleted.
    Audited,
    /// They are deleted, restored, hidden and shown again.
    Swept,
}

pub(crate) const PLAN: Plan = Plan {
    overlap: 120,
    saves_before_sink: false,
    vanishing: Vanishing::None,
    steps: 120,
    records: 25,
    is_filtered: false,
};

/// What stays when the process ends: the records of the sink, and the cursor that was saved.
#[derive(Default)]
struct Durable {
    sink: BTreeMap<SysId, (String, String)>,
    cursor: Option<String>,
}

/// A transaction that has written a record and has not ended.
struct Late {
    seconds: u64,
    record: Option<SysId>,
    written: String,
}

struct World {
    simulator: Simulator,
    random: Random,
    plan: Plan,
    late: Vec<Late>,
    /// What was deleted: id, text, count of updates and time, as an undelete brings it back.
    deleted: Vec<(SysId, [String; 3])>,
    hidden: Option<Rule>,
    durable: Durable,
    feed: ChangeFeed<Record>,
    counter: u64,
    /// How often most records were changed at once.
    bulks: u32,
}

/// The query of a filtered feed: texts are numbered, so that records enter and leave it with each change.
fn alternatives() -> Query<'static> {
    field("short_description").starts_with("text 1").or(field("short_description").ends_with("7"))
}

fn new_feed(simulator: &Simulator, plan: Plan, cursor: Option<&str>) -> ChangeFeed<Record> {
    let feed = client(simulator, "reader").table("incident").changes().fields(["short_description"]);
    let feed =
        feed.overlap(Duration::from_secs(plan.overlap)).accept_hidden(plan.vanishing == Vanishing::Swept);
    let feed = feed.deletions(match plan.vanishing {
        Vanishing::None => Deletions::Ignored,
        Vanishing::Audited => Deletions::Audited,
        Vanishing::Swept => Deletions::Swept { every: Duration::from_secs(900) },
    });
    let feed = if plan.is_filtered { feed.query(alternatives()) } else { feed };
    match cursor {
        Some(stored) => feed.resume(serde_json::from_str::<FeedCursor>(stored).unwrap()),
        None => feed,
    }
}

impl World {
    fn new(seed: u64, plan: Plan) -> Self {
        let simulator = instance(plan.records);
        // Deletions are read by the class of their records, which takes the right to read what classes there are.
        simulator.settings(|settings| settings.platform_acls = plan.vanishing != Vanishing::Audited);
        simulator.advance(Duration::from_secs(500));
        let feed = new_feed(&simulator, plan, None);
        let (late, deleted, hidden, durable) = (Vec::new(), Vec::new(), None, Durable::default());
        let (random, counter, bulks) = (Random(seed), 0, 0);
        Self { simulator, random, plan, late, deleted, hidden, durable, feed, counter, bulks }
    }

    fn text(&mut self) -> String {
        self.counter += 1;
        format!("text {}", self.counter)
    }

    fn now(&self) -> String {
        let probe = self.simulator.insert("problem", [("short_description", "what time is it")]).unwrap();
        let now = self.simulator.stored("problem", &probe, "sys_created_on").unwrap();
        self.simulator.delete("problem", &probe);
        now
    }

    /// A record that no open transaction holds.
    fn free_record(&mut self) -> Option<SysId> {
        let ids = self.simulator.ids("incident");
        if ids.is_empty() {
            return None;
        }
        let id = ids[usize::try_from(self.random.below(ids.len() as u64)).unwrap()].parse().unwrap();
        self.late.iter().all(|late| late.record != Some(id)).then_some(id)
    }

    fn write(&mut self, id: SysId, stamp: Option<&str>) {
        let text = self.text();
        let mut fields = vec![("short_description", text.as_str())];
        fields.extend(stamp.map(|stamp| ("sys_updated_on", stamp)));
        self.simulator.update("incident", id.as_str(), fields).unwrap();
    }

    fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.simulator.advance(Duration::from_secs(1));
            self.late.iter_mut().for_each(|late| late.seconds -= 1);
            let due: Vec<Late> = self.late.extract_if(.., |late| late.seconds == 0).collect();
            due.into_iter().for_each(|late| self.commit(&late));
        }
    }

    fn commit(&mut self, late: &Late) {
        let stamp = late.written.clone();
        match late.record {
            Some(id) => self.write(id, Some(&stamp)),
            None => {
                let text = self.text();
                let fields = [("short_description", text.as_str()), ("sys_updated_on", &stamp)];
                self.simulator.insert("incident", fields).unwrap();
            }
        }
    }

    /// A transaction that ends later than it writes, by less than the overlap of two minutes.
    fn begin_late(&mut self) {
        let (seconds, written) = (1 + self.random.below(118), self.now());
        let record = if self.random.below(3) == 0 { None } else { self.free_record() };
        self.late.push(Late { seconds, record, written });
    }

    fn vanish(&mut self) {
        match self.random.below(if self.plan.vanishing == Vanishing::Audited { 2 } else { 4 }) {
            0 | 1 => {
                let Some(id) = self.free_record() else { return };
                let stored = |field| self.simulator.stored("incident", id.as_str(), field).unwrap();
                let state = ["short_description", "sys_mod_count", "sys_updated_on"].map(stored);
                self.simulator.delete("incident", id.as_str());
                self.deleted.push((id, state));
            }
            2 => {
                let Some((id, [text, count, stamp])) = self.deleted.pop() else { return };
                let names = ["sys_id", "short_description", "sys_mod_count", "sys_updated_on"];
                let fields = names.into_iter().zip([id.as_str(), &text, &count, &stamp]);
                self.simulator.insert("incident", fields).unwrap();
            }
            _ => self.change_access(),
        }
    }

    fn change_access(&mut self) {
        if let Some(rule) = self.hidden.take() {
            assert!(self.simulator.remove_rule(&rule));
            return;
        }
        let Some(id) = self.free_record() else { return };
        let rule = Rule::HideRows { table: "incident".into(), query: format!("sys_id<{id}") };
        self.simulator.add_rule(rule.clone());
        self.hidden = Some(rule);
    }

    fn trouble(&mut self) {
        let at = usize::try_from(self.random.below(900)).unwrap();
        match self.random.below(9) {
            0 => self.simulator.break_next(WireFault::CutAt(at)),
            1 => self.simulator.break_next(WireFault::ResetAt(at)),
            2 => self.simulator.fail_next(Fault::Cancelled),
            3 => self.simulator.fail_next(Fault::CancelledInStream),
            4 => self.simulator.fail_next(Fault::NoNode),
            _ => {}
        }
    }

    /// One poll, sometimes with a sweep. The process may end before a change is applied, or before the cursor is saved.
    async fn poll(&mut self) {
        self.trouble();
        if self.random.below(8) == 0 {
            self.feed.sweep_now();
        }
        let Ok(batch) = self.feed.poll().await else { return };
        let dies_after = match self.random.below(3) {
            0 => self.random.below(batch.changes().len() as u64 + 1),
            _ => u64::MAX,
        };
        if self.plan.saves_before_sink {
            self.save(&batch);
        }
        for (at, change) in (0..).zip(batch.changes()) {
            if at == dies_after {
                return self.restart();
            }
            self.apply(change).await;
        }
        if dies_after != u64::MAX {
            return self.restart(); // after the sink and before the save
        }
        self.save(&batch);
    }

    fn save(&mut self, batch: &ChangeBatch) {
        self.durable.cursor = Some(serde_json::to_string(batch.cursor()).unwrap());
    }

    fn restart(&mut self) {
        if self.durable.cursor.is_none() {
            self.durable.sink.clear(); // a snapshot begins with an empty copy
        }
        self.feed = new_feed(&self.simulator, self.plan, self.durable.cursor.as_deref());
    }

    async fn apply(&mut self, change: &Change) {
        match change {
            Change::Record { record, .. } => self.put(record),
            Change::Deleted { sys_id, .. } => {
                self.durable.sink.remove(sys_id);
            }
            Change::Present(present) => {
                let difference = present
                    .compare(self.durable.sink.iter().map(|(id, (count, _))| (*id, count.parse().unwrap())));
                for gone in difference.gone {
                    self.durable.sink.remove(&gone);
                }
                if !difference.missing.is_empty() {
                    let records = self.feed.records(&difference.missing).await.unwrap_or_default();
                    // A sink whose own look-up failed would not save the cursor: here it asks until it succeeds.
                    let records = match records.is_empty() {
                        true => self.feed.records(&difference.missing).await.unwrap(),
                        false => records,
                    };
                    records.iter().for_each(|record| self.put(record));
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, record: &Record) {
        let value = |field: &str| record.value(field).unwrap().into_owned();
        let state = (value("sys_mod_count"), value("short_description"));
        self.durable.sink.insert(record.sys_id().unwrap(), state);
    }

    async fn step(&mut self) {
        match self.random.below(10) {
            0..=2 => {
                // Several updates within one second, some with a poll between them.
                for _ in 0..=self.random.below(3) {
                    if let Some(id) = self.free_record() {
                        self.write(id, None);
                    }
                    if self.random.below(3) == 0 {
                        self.poll().await;
                    }
                }
            }
            3 => {
                let text = self.text();
                self.simulator.insert("incident", [("short_description", text.as_str())]).unwrap();
            }
            4 => self.begin_late(),
            5 if self.plan.records <= MANY => self.change_in_bulk(),
            5 if self.bulks < 2 => {
                self.bulks += 1;
                self.change_in_bulk();
                for _ in 0..40 {
                    self.poll().await;
                }
            }
            6 if self.plan.vanishing != Vanishing::None => self.vanish(),
            6 | 7 => {
                let seconds = self.random.below(60);
                self.wait(seconds);
            }
            _ => self.poll().await,
        }
    }

    /// Changes half of all records within one second; of many, nearly all.
    fn change_in_bulk(&mut self) {
        let some = if self.plan.records > MANY { 50 } else { 2 };
        for id in all_ids(&self.simulator) {
            let is_free = self.late.iter().all(|late| late.record != Some(id));
            if is_free && (self.random.below(some) == 0) == (some == 2) {
                self.write(id, None);
            }
        }
    }

    /// Lets all transactions end and everything be read. Returns whether the sink equals what the user may read.
    async fn is_right_at_rest(&mut self) -> bool {
        self.wait(130);
        self.simulator.take_journal();
        self.drain().await;
        self.drain().await;
        if self.plan.vanishing == Vanishing::Swept {
            self.feed.sweep_now();
            self.drain().await;
        }
        let list = client(&self.simulator, "reader").table("incident").list();
        let list = if self.plan.is_filtered { list.query(alternatives()) } else { list };
        let records = list.fields(["short_description", "sys_mod_count", "sys_id"]).all().await.unwrap();
        let value = |record: &Record, field: &str| record.value(field).unwrap().into_owned();
        let table: BTreeMap<SysId, (String, String)> = records
            .iter()
            .map(|record| {
                let state = (value(record, "sys_mod_count"), value(record, "short_description"));
                (record.sys_id().unwrap(), state)
            })
            .collect();
        table == self.durable.sink
    }

    async fn drain(&mut self) {
        for _ in 0..200 + self.plan.records / 50 {
            let Ok(batch) = self.feed.poll().await else { continue }; // a fault that was planned for later
            for change in batch.changes() {
                self.apply(change).await;
            }
            self.save(&batch);
            if batch.is_caught_up() {
                return;
            }
        }
        panic!("a table at rest is not read to its end");
    }
}

fn all_ids(simulator: &Simulator) -> Vec<SysId> {
    simulator.ids("incident").iter().map(|id| id.parse().unwrap()).collect()
}

/// Lives through a history, with three quiet moments. Returns whether the sink was right at all of them.
async fn is_right(seed: u64, plan: Plan) -> bool {
    let mut world = World::new(seed, plan);
    for step in 1..=plan.steps {
        world.step().await;
        if step % (plan.steps / 3) == 0 && !world.is_right_at_rest().await {
            return false;
        }
    }
    // A history of many records that was never changed in bulk would show less than it says.
    assert!(plan.records <= MANY || world.bulks > 0, "history {seed} has no change in bulk");
    true
}

/// Returns the seeds of the histories in which the sink was wrong.
pub(crate) async fn wrong_seeds(seeds: impl IntoIterator<Item = u64>, plan: Plan) -> Vec<u64> {
    let mut wrong = Vec::new();
    for seed in seeds {
        let is_filtered = plan.vanishing == Vanishing::Swept && seed % 2 == 0;
        if !is_right(seed, Plan { is_filtered, ..plan }).await {
            wrong.push(seed);
        }
    }
    wrong
}
