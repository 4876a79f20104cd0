//! An export that is killed 200 times, at random moments, goes on each time: finished files stay as they are, every record comes once,
//! and the manifest comes at the end.

use crate::child::Order;
use crate::temp_folder::TempFolder;
use crate::{counted, data_files, instance};
use snow_client::export::{ExportDirectory, ExportReport};
use snow_sim::Simulator;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

const KILLS: u32 = 200;
const RECORDS: u32 = 600;
/// The most lines of a child after which it is killed. An export has several times as many.
const MOST_LINES: u64 = 90;

/// A number that looks random (splitmix64), the same ones every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// How a child ended.
#[derive(Debug, PartialEq)]
enum End {
    Killed,
    Complete,
}

/// Runs a child, and kills it with SIGKILL when it has said so many lines.
fn run(order: &Order, lines: u64) -> End {
    let mut child = order.command().stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let said = output.lines().map(|line| line.unwrap()).filter(|line| line.starts_with("> "));
    let mut last = String::new();
    for (count, line) in (0..).zip(said) {
        last = line;
        if count == lines {
            child.kill().unwrap();
            break;
        }
    }
    let status = child.wait().unwrap();
    assert!(!last.contains("failed"), "{last}");
    match status.code() {
        None => End::Killed,
        Some(0) if last.starts_with("> complete") => End::Complete,
        Some(code) => panic!("the child ended with {code} after {last:?}"),
    }
}

/// Others work while nothing is exported.
fn somebody_works(simulator: &Simulator, random: &mut Random) {
    let ids = simulator.ids("incident");
    let any = &ids[usize::try_from(random.below(ids.len() as u64)).unwrap()];
    simulator.update("incident", any, [("short_description", "changed")]).unwrap();
    if random.below(3) == 0 {
        simulator.insert("incident", [("short_description", "new")]).unwrap();
    }
}

/// Asserts that the files which had their names are as they were.
fn assert_unchanged(before: &BTreeMap<String, Vec<u8>>, folder: &Path) {
    let now = data_files(folder);
    for (name, content) in before {
        assert!(now.get(name) == Some(content), "{name} was changed or removed");
    }
}

/// Asserts that an export is complete: `were_there` are the records that existed when it began.
fn assert_complete(folder: &Path, were_there: &[String]) {
    let target = ExportDirectory::new(folder);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(async {
        let report = ExportReport::load(&target).await.unwrap().expect("no manifest");
        report.verify(&target).await.unwrap();
        report
    });
    let files = data_files(folder);
    crate::assert_describes(&report, &files);
    let ids = counted(&files, "sys_id");
    assert!(ids.values().all(|count| *count == 1), "a record came twice");
    assert!(were_there.iter().all(|id| ids.contains_key(id)), "a record is missing");
    assert!(!folder.join("_position.json").exists());
}

#[test]
fn two_hundred_kills_lose_and_repeat_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let simulator = instance(RECORDS);
    let listener = runtime.block_on(simulator.listen()).unwrap();
    let (folder, mut random) = (TempFolder::new(), Random(27));
    let (mut kills, mut exports, mut with_files) = (0, 0, 0);
    while kills < KILLS {
        let parallel = 1 + exports % 3;
        let order = Order {
            url: listener.url().to_string(),
            folder: folder.file(format!("export-{exports}")),
            page: 25,
            records_per_file: 50,
            parallel,
            parts: if parallel == 1 { 1 } else { 5 },
        };
        exports += 1;
        let were_there = simulator.ids("incident");
        loop {
            let before = data_files(&order.folder);
            let end = run(&order, random.below(MOST_LINES));
            assert_unchanged(&before, &order.folder);
            if end == End::Complete {
                break;
            }
            kills += 1;
            with_files += u32::from(!before.is_empty());
            somebody_works(&simulator, &mut random);
        }
        assert_complete(&order.folder, &were_there);
        std::fs::remove_dir_all(&order.folder).unwrap();
    }
    println!("{kills} kills of {exports} exports, {with_files} of them with finished files");
    assert!(exports > 5 && with_files > KILLS / 3);
}
