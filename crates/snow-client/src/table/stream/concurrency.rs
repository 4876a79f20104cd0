//! How much of a stream is read at once.

/// The smallest room of a range, if the buffer has as much.
const MIN_ROOM: usize = 64 << 10;

/// How much is read at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Concurrency {
    /// How many requests may be under way.
    pub(super) parallel: usize,
    /// Whether records are given out in the order of their key.
    pub(super) in_order: bool,
    /// How many bytes of records may wait.
    pub(super) buffer: usize,
}

impl Concurrency {
    /// How many bytes of records a range may hold.
    pub(super) fn room(self) -> usize {
        let share = self.buffer.checked_div(self.parallel).unwrap_or(self.buffer);
        share.max(MIN_ROOM).min(self.buffer)
    }
}
