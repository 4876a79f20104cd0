//! Where a read stands, to go on from there in another process.

use super::range::Range;
use super::source::{Source, Way};
use serde::{Deserialize, Serialize};
use snow_core::{Error, Kind, Query};

/// Where a read of many rows stands: behind the last row that was given out. Store it (it is serde's), and give it to
/// [`Rows::resume`](super::Rows::resume) of the same read. It holds sys_ids and a fingerprint of the question, no values of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Which question it belongs to.
    pub(super) question: u64,
    /// Which part of a query that was too long for one URL.
    #[serde(default)]
    pub(super) part: usize,
    pub(super) ranges: Vec<Range>,
    /// Where there is no key to go by: where the page begins, and how many of its rows were given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<(u64, u64)>,
    pub(super) received: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<u64>,
}

impl Position {
    /// How many rows were given out so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn belongs_to(&self, question: u64) -> Result<(), Error> {
        if self.question == question {
            return Ok(());
        }
        let why = "the position belongs to another read: its table, query, order or access are not the same";
        Err(Error::new(Kind::InvalidInput, why))
    }
}

/// The same in every process and every version (FNV-1a).
pub(super) fn question(source: &Source, parts: &[Query<'static>]) -> Result<u64, Error> {
    let way = match &source.way {
        Way::BySysId => "sys_id".to_owned(),
        Way::By { field, descending } => format!("{field} {descending}"),
        Way::ByOffset => "offset".to_owned(),
    };
    let mut text = format!("{} {way}", source.path);
    for part in parts {
        text.extend([" ", &part.encode()?]);
    }
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    Ok(text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}
