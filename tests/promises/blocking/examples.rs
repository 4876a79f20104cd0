//! The documentation's examples have a blocking form, which compiles, and runs where the async one does: `tests/blocking_twins`
//! generates them, and they are doctests of this crate, `blocking_twins::FILE::LineN`.

/// What the generator has made of each example that awaits, as of this build.
const REPORT: &str = include_str!(concat!(env!("OUT_DIR"), "/blocking_twins.txt"));

fn places(what: &str) -> Vec<&'static str> {
    REPORT.lines().filter_map(|line| line.strip_prefix(what)?.strip_prefix(": ")).collect()
}

#[test]
fn examples_that_await_have_twins_that_wait() {
    let (run, compile) = (places("runs").len(), places("compiles").len());
    assert!(run >= 87 && run + compile >= 102, "{run} twins run, {compile} compile:\n{REPORT}");
}

#[test]
fn every_example_of_the_page_about_pysnow_runs_without_async() {
    let (all, run) = (of_pysnow(REPORT.lines()), of_pysnow(places("runs").into_iter()));
    assert_eq!(all, run, "{REPORT}");
    assert!(run >= 10, "{run} of them run");
}

fn of_pysnow<'a>(lines: impl Iterator<Item = &'a str>) -> usize {
    lines.filter(|line| line.contains("docs/from-pysnow.md:")).count()
}

/// The lists of the generator: what has no twin, and what is written differently.
#[test]
fn the_lists_say_nothing_of_examples_that_are_gone() {
    assert_eq!(places("problem"), [""; 0]);
    let reasons = places("no twin");
    assert!(
        reasons.iter().all(|place| place.splitn(3, ':').nth(2).is_some_and(|why| why.len() > 20)),
        "{reasons:?}"
    );
}
