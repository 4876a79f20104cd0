//! Programs without async: every call works on any thread and in async code, or is an error that says why not; it never hangs or panics.

mod child;
mod contexts;
mod examples;
mod files;
mod idle_connections;
mod iterators;
mod operations;
mod permits;
mod refusals;
mod relay;
mod runtimes;
mod server;
mod tokens;
