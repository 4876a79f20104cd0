//! A scheduler and two executors, each a process of its own, give the same results as one machine, and read each range once.
#![allow(clippy::unwrap_used, reason = "a test may fail")]
// The processes of a cluster wait for sockets, not for tokio's paused clock.
#![allow(clippy::disallowed_methods, reason = "the processes are programs, and not libraries")]

mod cluster;
mod leaf_plan;
mod process;
mod queries;
mod relay;
mod results;
mod wire;
