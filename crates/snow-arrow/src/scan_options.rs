//! How records are read and converted.

use crate::policy::{Invalid, Missing};
use snow_client::stream::{StreamPart, StreamPosition};

/// How many records a batch has by default.
pub(crate) const BATCH_ROWS: usize = 8_192;

/// How records are read and converted.
#[derive(Clone, Debug)]
pub(crate) struct ScanOptions {
    pub(crate) missing: Missing,
    pub(crate) invalid: Invalid,
    pub(crate) batch_rows: usize,
    pub(crate) parallel: usize,
    pub(crate) page_size: Option<u32>,
    pub(crate) part: Option<StreamPart>,
    pub(crate) resume: Option<StreamPosition>,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            missing: Missing::default(),
            invalid: Invalid::default(),
            batch_rows: BATCH_ROWS,
            parallel: 1,
            page_size: None,
            part: None,
            resume: None,
        }
    }
}
