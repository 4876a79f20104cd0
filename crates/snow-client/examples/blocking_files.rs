//! Files by `std::io`, and a long call that Ctrl-C may interrupt, without async:
//! `cargo run -p snow-client --features blocking --example blocking_files`

use snow_client::attachment::Content;
use snow_client::{Client, Error, blocking::Wait};
use std::io::{Cursor, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// For the handler of Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let listener = async { simulator.listen().await.map_err(Error::wrap) }.wait()?;
    let client = Client::builder().instance(listener.url()).user("admin").password("secret").build()?;
    let incident = client.table("incident").list().first().wait()?.sys_id()?;

    // Any reader: a file, standard input, an archive that is written as it goes out.
    let log = Cursor::new("the printer is on fire\n".repeat(10_000));
    let upload = client.attachments().upload("incident", incident, "printer.log", Content::std_reader(log));
    let upload = upload.on_progress(|progress| eprint!("\r{} bytes", progress.bytes));
    let Some(uploaded) =
        upload.wait_while(Duration::from_millis(50), || !INTERRUPTED.load(Ordering::Relaxed))
    else {
        return Err("interrupted: look whether the file is there before you send it again".into());
    };
    let uploaded = uploaded?;
    eprintln!();
    println!("{} has {} bytes", uploaded.file_name, uploaded.size_bytes);

    let mut text = String::new();
    client
        .attachments()
        .download(uploaded.sys_id)
        .open()
        .wait()?
        .into_std_reader()
        .read_to_string(&mut text)?;
    println!("{} lines came back", text.lines().count());
    if text.lines().count() == 10_000 { Ok(()) } else { Err("the file is not the one that was sent".into()) }
}
