//! Decompresses a body of gzip members, piece by piece.

use crate::{BoxError, Error, ErrorKind};
use bytes::{Buf, Bytes};
use flate2::write::GzDecoder;
use std::io::Write;
use std::{fmt, mem};

/// How many compressed bytes are decompressed at a time. At most a thousand times as many come out.
const PIECE: usize = 4 << 10;

/// The state of a body that is decompressed.
pub(super) struct Decompressor {
    decoder: GzDecoder<Vec<u8>>,
    /// The received bytes that are not decompressed yet.
    pub(super) input: Bytes,
    /// How many bytes were decompressed.
    consumed: u64,
    state: GzipState,
    /// Whether the compressed body has ended.
    pub(super) ended: bool,
}

/// A body is any number of gzip members (RFC 1952), and zeros after them, with which some programs fill up a block.
#[derive(Clone, Copy)]
enum GzipState {
    /// No byte was received.
    Start,
    Member,
    /// After a member.
    Between,
    Padding,
}

impl Decompressor {
    pub(super) fn new() -> Self {
        let decoder = GzDecoder::new(Vec::new());
        Self { decoder, input: Bytes::new(), consumed: 0, state: GzipState::Start, ended: false }
    }

    /// Returns the output of the next piece that has any.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while self.input.has_remaining() && self.output().is_empty() {
            let piece = self.input.split_to(self.input.len().min(PIECE));
            self.decompress(&piece)?;
            self.consumed += piece.len() as u64;
        }
        let output = mem::take(self.decoder.get_mut());
        Ok((!output.is_empty()).then(|| output.into()))
    }

    fn decompress(&mut self, mut piece: &[u8]) -> Result<(), Error> {
        while let Some(first) = piece.first() {
            match (self.state, first) {
                // Every member begins with this byte, and nothing else does that may follow.
                (GzipState::Start | GzipState::Between, first) if *first != 0x1f && !self.pads(*first) => {
                    return Err(self.damaged("the data is not gzip"));
                }
                (GzipState::Start, _) => self.state = GzipState::Member,
                (GzipState::Member, _) => {
                    let taken = self.decoder.write(piece).map_err(|error| self.damaged(error))?;
                    if taken == 0 {
                        self.finish_member()?;
                    }
                    piece = piece.get(taken..).unwrap_or_default();
                }
                (GzipState::Between | GzipState::Padding, 0) => {
                    self.state = GzipState::Padding;
                    let zeros = piece.iter().take_while(|byte| **byte == 0).count();
                    piece = piece.get(zeros..).unwrap_or_default();
                }
                (GzipState::Between, _) => {
                    let output = mem::take(self.decoder.get_mut());
                    (self.decoder, self.state) = (GzDecoder::new(output), GzipState::Member);
                }
                (GzipState::Padding, _) => {
                    return Err(self.damaged("the zeros at its end are followed by other data"));
                }
            }
        }
        Ok(())
    }

    fn pads(&self, byte: u8) -> bool {
        byte == 0 && matches!(self.state, GzipState::Between)
    }

    /// Ends a member, whose checksum shows whether it is intact.
    fn finish_member(&mut self) -> Result<(), Error> {
        self.state = GzipState::Between;
        self.decoder.try_finish().map_err(|error| self.damaged(error))
    }

    /// Ends the body. A body without any byte is fine: it belongs to a response without a body, such as that to HEAD.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.ended = true;
        match self.state {
            GzipState::Start | GzipState::Between | GzipState::Padding => Ok(()),
            // A complete member takes no more bytes.
            GzipState::Member if matches!(self.decoder.write(&[0]), Ok(0)) => self.finish_member(),
            GzipState::Member => {
                Err(Error::new(ErrorKind::Truncated, "the compressed response ends too soon"))
            }
        }
    }

    pub(super) fn output(&self) -> &[u8] {
        self.decoder.get_ref()
    }

    fn damaged(&self, why: impl Into<BoxError>) -> Error {
        let what =
            format!("the compressed response is malformed, at byte {} or soon after it", self.consumed);
        Error::new(ErrorKind::Malformed, what).with_reason(why)
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decompressor")
    }
}
