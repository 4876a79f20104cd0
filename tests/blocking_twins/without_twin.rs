//! Examples that have no blocking form, because they show async code itself.

use super::example::Example;

/// A file, what stands in the example alone of all of that file, and why it has no twin.
pub(crate) const WITHOUT_TWIN: [(&str, &str, &str); 8] = [
    (
        "crates/snow-client/src/batch/api_call.rs",
        "tokio::spawn(incidents.",
        "shows that a call becomes a future, for tasks",
    ),
    (
        "docs/authentication.md",
        "Grant::one_time_password(",
        "awaits in the caller's closure, and makes no call",
    ),
    ("docs/authentication.md", "fn lease(&self)", "awaits in the caller's token store, and makes no call"),
    ("docs/changes.md", "stop.stop();", "stops a stream from a task of its own"),
    ("docs/many-users.md", "axum::", "a web server, whose handlers are async functions"),
    ("docs/runtimes.md", "runtime.block_on(async", "starts a runtime of its own for async code"),
    ("docs/simulator.md", "simulator.listen()", "puts the simulator on a socket, and makes no call"),
    ("docs/transport.md", "http.execute(request)", "an async function as the transport, and no call"),
];

/// Returns the entry of the list that is about an example.
pub(crate) fn reason(example: &Example) -> Option<usize> {
    WITHOUT_TWIN.iter().position(|(file, part, _)| example.file == *file && example.code.contains(part))
}
