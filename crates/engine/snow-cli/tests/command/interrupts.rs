//! Ctrl-C and SIGTERM at any request leave an export that `--resume` completes, with every record once.
#![cfg(unix)]

use crate::exported::{expect_the_table, files};
use crate::instance::{Folder, Instance, Ran, SECRET};
use snow_sim::Simulator;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

const PAGE: &str = "50";

fn export(instance: &Instance, out: &str, more: &[&str]) -> Command {
    let base = [
        "export",
        "incident",
        "--fields",
        "sys_id,number,caller_id",
        "--to",
        "ndjson",
        "--page-size",
        PAGE,
        "--out",
        out,
    ];
    instance.snow(&[&base[..], more].concat())
}

fn send(signal: &str, process: u32) {
    let sent = Command::new("kill").args([signal, &process.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Runs a program; request number `at` is not responded to before `act` is done, which gets the process and its lines.
fn run_with(
    instance: &Instance,
    mut command: Command,
    at: u64,
    mut act: impl FnMut(u32, &Receiver<String>) + Send + 'static,
) -> Output {
    let (lines, said) = channel();
    let (tell_process, process) = channel::<u32>();
    instance.simulator.before_each(move |n, _| {
        if n == at {
            act(process.recv().unwrap(), &said);
        }
    });
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    tell_process.send(child.id()).unwrap();
    let err = forward(&mut child, &lines);
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    Output { status: child.wait().unwrap(), stdout: out, stderr: err.join().unwrap() }
}

/// Passes on the lines of the error output.
fn forward(child: &mut Child, lines: &Sender<String>) -> std::thread::JoinHandle<Vec<u8>> {
    let (err, lines) = (BufReader::new(child.stderr.take().unwrap()), lines.clone());
    std::thread::spawn(move || {
        let mut all = String::new();
        for line in err.lines().map(Result::unwrap) {
            all.extend([&line, "\n"]);
            let _ = lines.send(line);
        }
        all.into_bytes()
    })
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files(folder).into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

fn numbers(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

#[test]
fn an_interrupted_export_is_resumed_with_every_record_once() {
    let instance = Instance::of(Simulator::builder().incidents(1_000));
    let folder = Folder::new("interrupts");
    // As many as an export that is left alone.
    let first = folder.file("first");
    Ran::of(export(&instance, &first, &[]).output().unwrap()).succeeded();
    let requests = instance.simulator.take_journal().len() as u64;
    assert!(requests > 15, "{requests}");

    let mut seed = 27;
    for (round, (signal, code)) in [("-INT", 130), ("-TERM", 143)].into_iter().cycle().take(12).enumerate() {
        let out = folder.file(&format!("round-{round}"));
        let path = folder.path().join(format!("round-{round}"));
        // Not the last ones: after them there is nothing to stop.
        let at = 1 + numbers(&mut seed, requests - 4);
        let stopped = run_with(&instance, export(&instance, &out, &[]), at, move |process, said| {
            send(signal, process);
            // The response waits until the signal has arrived.
            assert!(said.iter().any(|line| line.contains("stopping")));
        });
        let stopped = Ran::of(stopped);
        assert!(stopped.code == Some(code) && stopped.err.contains("--resume goes on"), "{at}: {stopped:?}");
        assert!(!path.join("_manifest.json").exists(), "{at}");
        let (before, refused) = (contents(&path), Ran::of(export(&instance, &out, &[]).output().unwrap()));
        assert_eq!(
            refused.code,
            Some(if path.join("_position.json").exists() { 2 } else { 0 }),
            "{refused:?}"
        );
        Ran::of(export(&instance, &out, &["--resume"]).output().unwrap()).succeeded();
        for (file, content) in before {
            assert!(fs::read(&file).unwrap() == content, "{at}: {} has changed", file.display());
        }
        expect_the_table(&instance, &path, &["number", "caller_id"]);
    }
}

/// The second signal does not wait for the instance.
#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let instance = Instance::of(Simulator::builder().incidents(600));
    let folder = Folder::new("twice");
    let out = folder.file("all");
    let ended = run_with(&instance, export(&instance, &out, &[]), 6, |process, said| {
        send("-INT", process);
        assert!(said.iter().any(|line| line.contains("stopping")));
        send("-INT", process);
        // The response comes only when the process has ended, and with it its error output.
        assert!(said.iter().any(|line| line.contains("stopped; --resume")));
    });
    assert_eq!(Ran::of(ended).code, Some(130));
    Ran::of(export(&instance, &out, &["--resume"]).output().unwrap()).succeeded();
    expect_the_table(&instance, &folder.path().join("all"), &["number"]);
}

#[test]
fn an_instance_that_fails_meanwhile_leaves_what_can_be_resumed() {
    let instance = Instance::of(Simulator::builder().incidents(600));
    let folder = Folder::new("failed");
    let out = folder.file("all");
    instance.simulator.before_each(|n, simulator| {
        if n == 7 {
            simulator.lock_out("admin", true);
        }
    });
    let failed = Ran::of(export(&instance, &out, &[]).output().unwrap());
    assert!(failed.code == Some(3) && !failed.err.contains(SECRET), "{failed:?}");
    instance.simulator.lock_out("admin", false);
    Ran::of(export(&instance, &out, &["--resume"]).output().unwrap()).succeeded();
    expect_the_table(&instance, &folder.path().join("all"), &["number"]);
}
