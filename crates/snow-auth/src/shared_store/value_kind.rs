//! What a sealed value is, and where it belongs.

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A [`Token`](crate::Token).
    Token,
    /// A [`RefreshFailure`](crate::RefreshFailure).
    Failure,
}

impl ValueKind {
    /// Returns what such a value is sealed for: a token cannot be opened as a failure, nor in another place than its own.
    pub(super) fn purpose(self, place: &str) -> Vec<u8> {
        let kind = match self {
            Self::Token => "token",
            Self::Failure => "failure",
        };
        format!("snow {kind} {place}").into_bytes()
    }
}
