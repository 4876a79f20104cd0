//! The algorithms by which assertions are signed.

/// The algorithm of a signature: those that the service accepts ([facts 13.2]).
///
/// A [`KeySigner`](crate::KeySigner) has all of them except [`Es512`](Self::Es512); a [`Signer`](crate::Signer) of your own may have any.
///
/// [facts 13.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#132-authentication-2025-to-2026
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// HMAC with SHA-256, by a secret that the instance has as well.
    Hs256,
    /// HMAC with SHA-384, by a secret that the instance has as well.
    Hs384,
    /// HMAC with SHA-512, by a secret that the instance has as well.
    Hs512,
}

impl Algorithm {
    /// Returns the name in the head of an assertion: `RS256`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }
}
