//! The stores that machines share, against Redis, a Redis cluster, PostgreSQL and PgBouncer: the tests start and kill the servers, and
//! this installs them.

use super::{folder, tests};
use crate::run::{Done, install, need};
use std::fs;
use std::path::PathBuf;

/// Where Debian puts the programs of each version of PostgreSQL.
const VERSIONS: &str = "/usr/lib/postgresql";

pub(super) fn check() -> Done {
    need("redis-server", "--version", "redis-server")?;
    need("redis-cli", "--version", "redis-tools")?;
    need("pgbouncer", "--version", "pgbouncer")?;
    let postgres = match postgres() {
        Some(programs) => programs,
        None => {
            install("postgresql")?;
            postgres().ok_or_else(|| {
                format!("there is no PostgreSQL below {VERSIONS}: install it, then try again")
            })?
        }
    };
    let (postgres, folder) = (postgres.display().to_string(), folder("stores")?.display().to_string());
    let environment =
        [("SNOW_INTEROP_POSTGRES", postgres.as_str()), ("SNOW_INTEROP_FOLDER", folder.as_str())];
    tests("stores:: --skip stores::process --nocapture --test-threads 1", &environment)
}

/// The programs of the newest PostgreSQL.
fn postgres() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?.flatten().map(|version| version.path().join("bin"));
    versions.filter(|programs| programs.join("initdb").exists()).max()
}
