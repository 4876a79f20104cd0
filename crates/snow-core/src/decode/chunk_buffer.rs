//! The chunks of a body as one run of bytes. They are read in place; only what straddles two chunks is copied.

use bytes::{Buf, Bytes};
use std::collections::VecDeque;

/// The minimum number of bytes that are copied at once after those that straddle two chunks, if that many have arrived.
const STEP: usize = 4 << 10;

#[derive(Default)]
pub(super) struct ChunkBuffer {
    chunks: VecDeque<Bytes>,
    /// The length of all chunks together.
    waiting: usize,
    /// The first bytes that have not been taken, if they are in more than one chunk; otherwise empty.
    joined: Vec<u8>,
    /// How many bytes of `joined` have been taken.
    taken: usize,
    /// How many bytes at the end of `joined` are still in the first chunk as well.
    shared: usize,
    /// How many bytes were pushed in all.
    pushed: u64,
    /// How long the piece has to be before another look at it is worthwhile.
    needed: usize,
    ended: bool,
}

impl ChunkBuffer {
    pub(super) fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() {
            self.waiting = self.waiting.saturating_add(chunk.len());
            self.pushed = self.pushed.saturating_add(chunk.len() as u64);
            self.chunks.push_back(chunk);
        }
    }

    /// No more chunks will come.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns whether the piece is the rest of the body.
    pub(super) fn is_all(&self) -> bool {
        self.ended && self.fresh() == 0
    }

    /// Returns the bytes that can be looked at in one piece.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        if self.joined.is_empty() {
            self.chunks.front().map_or(&[], |chunk| &chunk[..])
        } else {
            self.joined.get(self.taken..).unwrap_or_default()
        }
    }

    /// Returns how many bytes are held, whether they were looked at or not.
    pub(super) fn len(&self) -> usize {
        self.bytes().len().saturating_add(self.fresh())
    }

    /// Returns how many bytes were taken, which is the position of the piece in the body.
    pub(super) fn passed(&self) -> u64 {
        self.pushed.saturating_sub(self.len() as u64)
    }

    /// Returns how many bytes follow the piece.
    fn fresh(&self) -> usize {
        let in_piece = if self.joined.is_empty() { self.bytes().len() } else { self.shared };
        self.waiting.saturating_sub(in_piece)
    }

    /// Takes bytes from the front.
    #[inline]
    pub(super) fn take(&mut self, count: usize) {
        if self.joined.is_empty() {
            return self.take_chunk(count);
        }
        let own = self.bytes().len().saturating_sub(self.shared);
        match count.checked_sub(own) {
            None => self.taken = self.taken.saturating_add(count),
            // From here on the bytes are in one chunk again.
            Some(more) => {
                self.joined.clear();
                (self.taken, self.shared) = (0, 0);
                self.take_chunk(more);
            }
        }
    }

    fn take_chunk(&mut self, count: usize) {
        if let Some(chunk) = self.chunks.front_mut() {
            let count = count.min(chunk.len());
            chunk.advance(count);
            self.waiting = self.waiting.saturating_sub(count);
            if chunk.is_empty() {
                self.chunks.pop_front();
            }
        }
    }

    /// Notes that this many bytes at the end of the piece were looked at in vain. They are looked at again only together with as
    /// many new ones, so that a body that trickles in does not cost quadratic time. Returns `false` if no more can come.
    pub(super) fn want(&mut self, in_vain: usize) -> bool {
        self.needed = self.bytes().len().saturating_add(in_vain.max(1));
        !self.ended || self.fresh() > 0
    }

    /// Returns whether another look at the piece is worthwhile, and makes the piece longer for it.
    #[inline]
    pub(super) fn is_ready(&mut self) -> bool {
        self.needed == 0 || self.grow()
    }

    fn grow(&mut self) -> bool {
        let missing = self.needed.saturating_sub(self.bytes().len());
        if missing > 0 {
            self.join(missing.max(STEP));
        }
        let ready = self.bytes().len() >= self.needed || (self.ended && self.fresh() == 0);
        if ready {
            self.needed = 0;
        }
        ready
    }

    /// Copies what straddles two chunks, and up to this many bytes after it.
    fn join(&mut self, most: usize) {
        let mut wanted = self.fresh().min(most);
        if wanted == 0 {
            return;
        }
        drop(self.joined.drain(..self.taken));
        self.taken = 0;
        if self.joined.is_empty() {
            self.joined.reserve(self.bytes().len().saturating_add(wanted));
            if let Some(chunk) = self.chunks.pop_front() {
                self.waiting = self.waiting.saturating_sub(chunk.len());
                self.joined.extend_from_slice(&chunk);
            }
        }
        while wanted > 0 {
            let Some(chunk) = self.chunks.front() else { break };
            let rest = chunk.get(self.shared..).unwrap_or_default();
            let part = rest.get(..wanted).unwrap_or(rest);
            self.joined.extend_from_slice(part);
            self.shared = self.shared.saturating_add(part.len());
            wanted = wanted.saturating_sub(part.len());
            if self.shared == chunk.len() {
                self.waiting = self.waiting.saturating_sub(chunk.len());
                self.chunks.pop_front();
                self.shared = 0;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is pushed, taken and looked at, each byte comes once and in order.
        #[test]
        fn nothing_is_lost_or_repeated(steps in proptest::collection::vec((0..4_u8, 0..10_000_usize), 1..60)) {
            let (mut buffer, mut pushed, mut taken) = (ChunkBuffer::default(), 0_usize, 0_usize);
            let byte = |place: usize| u8::try_from(place % 251).unwrap();
            for (what, count) in steps {
                match what {
                    0 => {
                        buffer.push((pushed..pushed + count).map(byte).collect::<Vec<_>>().into());
                        pushed += count;
                    }
                    1 => {
                        let count = count.min(buffer.bytes().len());
                        buffer.take(count);
                        taken += count;
                    }
                    2 => {
                        buffer.want(buffer.bytes().len());
                        buffer.is_ready();
                    }
                    _ => {
                        buffer.want(count % 50);
                        buffer.is_ready();
                    }
                }
                prop_assert_eq!(buffer.len(), pushed - taken);
                prop_assert_eq!(buffer.passed(), taken as u64);
                prop_assert!(buffer.bytes().iter().enumerate().all(|(place, found)| *found == byte(taken + place)));
            }
            buffer.end();
            buffer.want(pushed);
            prop_assert!(buffer.is_ready());
            prop_assert_eq!(buffer.bytes().len(), pushed - taken);
        }
    }

    #[test]
    fn what_was_looked_at_in_vain_waits_for_as_much_again() {
        let mut buffer = ChunkBuffer::default();
        buffer.push(Bytes::from(vec![1; 100]));
        assert!(buffer.want(60));
        for more in 1..60 {
            buffer.push(Bytes::from_static(b"x"));
            assert!(!buffer.is_ready(), "after {more}");
        }
        buffer.push(Bytes::from_static(b"x"));
        assert!(buffer.is_ready() && buffer.chunks.is_empty());
        buffer.end();
        assert!(!buffer.want(160) && buffer.is_ready());
    }

    #[test]
    fn a_chunk_is_read_where_it_lies() {
        let mut buffer = ChunkBuffer::default();
        buffer.push(Bytes::from(vec![1; 10]));
        buffer.push(Bytes::from(vec![2; 100_000]));
        buffer.take(6);
        assert!(buffer.want(4) && buffer.is_ready());
        assert_eq!((buffer.bytes().len(), buffer.joined.len()), (4 + STEP, 4 + STEP));
        buffer.take(5);
        assert_eq!((buffer.bytes().len(), buffer.joined.len()), (99_999, 0));
    }
}
