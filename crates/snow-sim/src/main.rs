//! `snow-sim`: a simulated ServiceNow instance, on a port.

fn main() -> std::process::ExitCode {
    snow_sim::program::run("snow-sim", std::env::args_os().skip(1))
}
