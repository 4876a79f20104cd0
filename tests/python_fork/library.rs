//! A program in Python that calls ServiceNow: what `fork.py` needs of snow-client, as functions that ctypes can call. This is a test
//! and no library: `unsafe` stands in the attributes that keep the functions' names, and nowhere else.

use snow_client::blocking::{Iter, Iterate, Wait};
use snow_client::stream::RecordStream;
use snow_client::{Client, Error, ErrorKind, Record};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The client of the parent, and the one that a child builds.
static CLIENTS: [OnceLock<Client>; 2] = [OnceLock::new(), OnceLock::new()];

/// An iterator of the parent, half read. No thread locks it but the one that forks.
static HALF_READ: Mutex<Option<Iter<RecordStream<Record>>>> = Mutex::new(None);

const REFUSED: i32 = -1;
const FAILED: i32 = -2;

/// Builds client 0 or 1 for a simulator on this machine. Returns 0.
#[unsafe(no_mangle)]
pub extern "C" fn snow_build(client: usize, port: u16) -> i32 {
    let url = format!("http://127.0.0.1:{port}");
    let built = Client::builder().instance(&url).user("myusername").password("mypassword").build();
    result(
        built.map(|built| CLIENTS.get(client).map_or(FAILED, |slot| slot.set(built).map_or(FAILED, |()| 0))),
    )
}

/// Lists records, and returns how many there are: 4.
#[unsafe(no_mangle)]
pub extern "C" fn snow_list(client: usize) -> i32 {
    let Some(client) = CLIENTS.get(client).and_then(OnceLock::get) else { return FAILED };
    let page = client.table("incident").list().fields(["number"]).limit(4).wait();
    result(page.map(|page| i32::try_from(page.len()).unwrap_or(FAILED)))
}

/// Writes a record. Returns 0.
#[unsafe(no_mangle)]
pub extern "C" fn snow_create(client: usize) -> i32 {
    let Some(client) = CLIENTS.get(client).and_then(OnceLock::get) else { return FAILED };
    let fields = std::collections::BTreeMap::from([("short_description", "from a process of its own")]);
    result(client.table("problem").create(&fields).wait().map(|_| 0))
}

/// Reads a record by an iterator of client 0, which stays at hand. Returns 1, or 0 at the end.
#[unsafe(no_mangle)]
pub extern "C" fn snow_next() -> i32 {
    let Some(client) = CLIENTS[0].get() else { return FAILED };
    let mut records = HALF_READ.lock().unwrap_or_else(PoisonError::into_inner);
    let records = records.get_or_insert_with(|| {
        client.table("incident").list().fields(["number"]).stream().page_size(2).iterate()
    });
    records.next().map_or(0, |record| result(record.map(|_| 1)))
}

/// Drops the iterator. Returns 0.
#[unsafe(no_mangle)]
pub extern "C" fn snow_drop_iterator() -> i32 {
    drop(HALF_READ.lock().unwrap_or_else(PoisonError::into_inner).take());
    0
}

/// The number, or what kind of error: one that was made before the fork is refused before anything is sent.
fn result(result: Result<i32, Error>) -> i32 {
    match result {
        Ok(number) => number,
        Err(error) if is_refused(&error) => REFUSED,
        Err(error) => {
            eprintln!("process {}: {}", std::process::id(), error.report());
            FAILED
        }
    }
}

fn is_refused(error: &Error) -> bool {
    let says_why = error.to_string().contains("build a new client in the child process");
    error.kind() == ErrorKind::InvalidInput && says_why && !error.may_have_executed()
}
