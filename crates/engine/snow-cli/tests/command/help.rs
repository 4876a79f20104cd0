//! The help is that of `help.txt`, so that every change of the command line is seen.

use crate::instance::{Ran, program};

/// With the variable `SNOW_CLI_HELP` set, the test writes the file instead.
#[test]
fn help_is_as_written_down() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/command/help.txt");
    let commands = [&[][..], &["doctor"], &["types"], &["export"], &["sql"], &["completions"]];
    let helps = commands.map(|command| {
        let arguments = [command, &["--help"]].concat();
        let help = Ran::of(program(&arguments).output().unwrap()).succeeded();
        format!("$ snow {}\n{help}", arguments.join(" "))
    });
    let now = helps.join("\n");
    if std::env::var_os("SNOW_CLI_HELP").is_some() {
        std::fs::write(file, &now).unwrap();
    }
    let known = std::fs::read_to_string(file).unwrap();
    assert!(known == now, "run the test once with SNOW_CLI_HELP=1 if this is meant:\n{now}");
    let long = now.lines().find(|line| line.chars().count() > 120);
    assert_eq!(long, None, "no line is longer than a terminal is wide");
}

#[test]
fn shells_get_their_completions() {
    for (shell, sign) in [("bash", "_snow()"), ("zsh", "#compdef snow"), ("fish", "complete -c snow")] {
        let script = Ran::of(program(&["completions", shell]).output().unwrap()).succeeded();
        assert!(script.contains(sign) && script.contains("doctor"), "{shell}: {script}");
    }
}
