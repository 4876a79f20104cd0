//! `snow sim` is the simulator's program.

use crate::instance::{Ran, program};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_simulator_listens_and_the_program_reads_it() {
    let mut command = program(&["sim", "--port", "0", "--incidents", "12", "--user", "me:canary-9b1f"]);
    let mut running = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("snow sim listens on ").unwrap();
    let mut doctor = program(&["doctor"]);
    doctor.env("SNOW_INSTANCE", url).env("SNOW_USER", "me").env("SNOW_PASSWORD", "canary-9b1f");
    assert!(Ran::of(doctor.output().unwrap()).succeeded().contains("user                   me ("));
}

#[test]
fn its_options_are_its_own() {
    let help = Ran::of(program(&["sim", "--help"]).output().unwrap()).succeeded();
    assert!(help.contains("snow sim [OPTIONS]") && help.contains("--incidents COUNT"), "{help}");
    let wrong = Ran::of(program(&["sim", "--user", "canary"]).output().unwrap());
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.starts_with("snow sim: --user needs two parts"), "{wrong:?}");
}
