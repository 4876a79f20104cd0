//! What goes wrong below HTTP.

use std::time::Duration;

/// A fault of one response on the wire: see [`Simulator::break_next`](crate::Simulator::break_next). Bytes are counted from
/// the first of the response's head. In memory there is no head: there the bytes are those of the body, and every fault but
/// the slow ones and `ShortLength` ends it with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// The connection is reset after so many bytes.
    ResetAt(usize),
    /// The connection is closed in an orderly way after so many bytes.
    CutAt(usize),
    /// After so many bytes nothing more comes, and the connection stays open.
    StallAt(usize),
    /// One byte at a time, with a pause before each.
    Trickle(Duration),
    /// `Content-Length` promises so many bytes more than come.
    LongLength(usize),
    /// `Content-Length` promises so many bytes fewer than come: the response seems to end before it does, and what is left of
    /// it lies where the connection's next response begins. The response is collected in memory for that, and sent at once.
    ShortLength(usize),
}

/// A fault of a whole connection: see [`Simulator::break_next_connection`](crate::Simulator::break_next_connection).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionFault {
    /// Reset as soon as it is made.
    Refuse,
    /// Bytes that are neither TLS nor HTTP.
    Garbage,
    /// A certificate for another host.
    WrongHost,
    /// An expired certificate.
    Expired,
    /// A certificate of an authority that nobody trusts.
    UnknownAuthority,
}
