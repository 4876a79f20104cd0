//! The blocking form of an example: what the table in `docs/blocking.md` says, line by line.

use std::collections::BTreeSet;

/// What is written in another way, and is not a call of this crate, or one that returns no `Result` by itself.
pub(crate) const RULES: [(&str, &str); 12] = [
    // Calls that return the results of many records.
    ("batch.send().await", "batch.send().wait()?"),
    (".all().await;", ".all().wait()?;"),
    (".all().await.is_complete()", ".all().wait()?.is_complete()"),
    // Futures of other crates, which have other errors.
    (
        "simulator.listen().await",
        "async { simulator.listen().await.map_err(snow_client::Error::wrap) }.wait()",
    ),
    // Input and output of the standard library.
    ("tokio::fs::read(&path).await", "std::fs::read(&path)"),
    ("tokio::fs::remove_file(&path).await", "std::fs::remove_file(&path)"),
    (
        "tokio::net::TcpStream::connect(\"camera.example.com:80\").await",
        "std::net::TcpStream::connect(\"camera.example.com:80\")",
    ),
    ("Content::reader(", "Content::std_reader("),
    // Threads for tasks.
    ("tokio::spawn(async move {", "std::thread::spawn(move || {"),
    ("tokio::time::sleep(Duration::from_secs(600)).await", "std::thread::sleep(Duration::from_secs(600))"),
    ("task.await??", "task.join().map_err(|_| \"a thread panicked\")??"),
    ("#[tokio::main]", ""),
];

/// Rewrites examples, and remembers which of the rules were of use.
#[derive(Default)]
pub(crate) struct Rewriter {
    used: BTreeSet<&'static str>,
}

impl Rewriter {
    /// Returns the blocking form of an example's code.
    pub(crate) fn rewrite(&mut self, code: &str) -> String {
        let mut twin =
            String::from("#[allow(unused_imports)]\nuse snow_client::blocking::{Iterate as _, Wait as _};\n");
        let (mut rest, mut iterator) = (code, None);
        while let Some((line, after)) = rest.split_once('\n') {
            let line = self.apply_rules(line);
            let line = match &iterator {
                Some(stream) => line.replace(&format!("{stream}."), &format!("{stream}.stream().")),
                None => line,
            };
            match loop_that_uses_its_stream(&line, after) {
                Some((stream, lines)) => {
                    twin += &lines;
                    iterator = Some(stream);
                }
                None => twin += &waiting(&line),
            }
            twin.push('\n');
            rest = after;
        }
        twin
    }

    /// Returns the rules that no example needed.
    pub(crate) fn unused_rules(&self) -> impl Iterator<Item = &'static str> {
        RULES.iter().map(|(from, _)| *from).filter(|from| !self.used.contains(from))
    }

    fn apply_rules(&mut self, line: &str) -> String {
        let mut line = line.to_owned();
        for (from, to) in RULES {
            if line.contains(from) {
                self.used.insert(from);
                line = line.replace(from, to);
            }
        }
        line
    }
}

/// A line with `wait()` and `iterate()`, and a function around the example that is not async.
fn waiting(line: &str) -> String {
    let line = line.replace("async fn main(", "fn main(").replace("async fn example(", "fn example(");
    // What the caller's own async code awaits stays as it is.
    let own = ["async move {", "async {"].iter().filter_map(|block| line.find(block)).min();
    let (line, own) = line.split_at(own.unwrap_or(line.len()));
    let line = each_item(line).unwrap_or_else(|| next_item(line));
    let line = match line.trim_start().starts_with("for ") {
        true => line.replace(".await {", ".wait()? {"), // many results: one by one
        false => line,
    };
    line.replace(".await", ".wait()") + own
}

/// A loop over a stream.
fn each_item(line: &str) -> Option<String> {
    let StreamLoop { indent, pattern, stream } = StreamLoop::parse(line)?;
    Some(format!("{indent}for {pattern} in (&mut {stream}).iterate() {{"))
}

/// The beginning of a loop whose body asks the stream for its position, say: then the stream becomes an iterator before the loop, which
/// has the stream at hand.
fn loop_that_uses_its_stream(line: &str, after: &str) -> Option<(String, String)> {
    let StreamLoop { indent, pattern, stream } = StreamLoop::parse(line)?;
    let (end, used) = (format!("{indent}}}"), format!("{stream}."));
    let mut body = after.lines().take_while(|line| *line != end);
    let lines = format!(
        "{indent}let mut {stream} = {stream}.iterate();\n{indent}while let Some({pattern}) = {stream}.next() {{"
    );
    body.any(|line| line.contains(&used)).then(|| (stream.into(), lines))
}

/// `while let Some(PATTERN) = STREAM.next().await {`.
struct StreamLoop<'a> {
    indent: &'a str,
    pattern: &'a str,
    stream: &'a str,
}

impl<'a> StreamLoop<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (indent, rest) = line.split_once("while let Some(")?;
        let (pattern, rest) = rest.split_once(") = ")?;
        let (stream, "") = rest.split_once(".next().await {")? else { return None };
        Some(Self { indent, pattern, stream })
    }
}

/// One item of a stream: of a variable, which is used on, or of a temporary value.
fn next_item(line: &str) -> String {
    let Some((before, after)) = line.split_once(".next().await") else { return line.to_owned() };
    let name_at =
        before.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_').map_or(0, |at| at + 1);
    let (before, name) = before.split_at(name_at);
    match name.is_empty() || before.ends_with('.') {
        true => format!("{before}{name}.iterate().next(){after}"),
        false => format!("{before}(&mut {name}).iterate().next(){after}"),
    }
}
