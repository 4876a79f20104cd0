//! What a sealed value is, and where it belongs.

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A [`Token`](crate::Token).
    Token,
    /// A [`RefreshFailure`](crate::RefreshFailure).
    Failure,
}

/// What a value is sealed for: a token cannot be opened as a failure, nor in another place than its own.
pub(super) struct Purpose<'a> {
    pub(super) place: &'a str,
    pub(super) kind: ValueKind,
}

impl Purpose<'_> {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let kind = match self.kind {
            ValueKind::Token => "token",
            ValueKind::Failure => "failure",
        };
        format!("snow {kind} {}", self.place).into_bytes()
    }
}
