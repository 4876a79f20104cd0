//! The settings of a stream.

use super::position::StreamPosition;
use super::stream_part::StreamPart;

/// How many bytes of records are buffered by default.
pub(crate) const DEFAULT_BUFFER: usize = 2 << 20;

/// What a caller sets before the first record is asked for.
pub(super) struct StreamOptions {
    pub(super) page_size: Option<u32>,
    pub(super) buffer: usize,
    pub(super) parallel: usize,
    pub(super) in_order: bool,
    pub(super) by_offset: bool,
    /// Whether a read by position is compared with one by `sys_id`.
    pub(super) verifies: bool,
    pub(super) resume: Option<StreamPosition>,
    /// The part that is read; everything without.
    pub(super) part: Option<StreamPart>,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            page_size: None,
            buffer: DEFAULT_BUFFER,
            parallel: 1,
            in_order: true,
            by_offset: false,
            verifies: false,
            resume: None,
            part: None,
        }
    }
}
