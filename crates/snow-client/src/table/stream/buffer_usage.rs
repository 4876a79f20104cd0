//! What the ranges of a stream hold, all together.

use super::range_reader::RangeReader;
use std::collections::VecDeque;

/// What all ranges together have under way, and hold.
pub(super) struct BufferUsage {
    pub(super) busy: usize,
    pub(super) bytes: usize,
}

impl BufferUsage {
    pub(super) fn of(ranges: &VecDeque<RangeReader>) -> Self {
        let (mut busy, mut bytes) = (0_usize, 0_usize);
        for range in ranges {
            busy = busy.saturating_add(usize::from(range.is_busy()));
            bytes = bytes.saturating_add(range.buffer().bytes());
        }
        Self { busy, bytes }
    }
}
