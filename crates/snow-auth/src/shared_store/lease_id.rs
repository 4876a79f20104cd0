//! The id of a lease.

use ring::rand::{SecureRandom, SystemRandom};
use snow_core::{Error, ErrorKind};
use std::fmt::{self, Write};

/// A random number of 128 bits, which no two leases have in common.
///
/// A store keeps the one of the last lease. A number that counts would do while the database keeps it; but a database that is emptied or
/// restored from a backup counts the same numbers twice, and an old lease would pass for a new one.
#[derive(Clone, PartialEq, Eq)]
pub struct LeaseId(String);

impl LeaseId {
    /// Creates a new one.
    ///
    /// # Errors
    /// Fails if the system has no randomness.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; 16];
        let filled = SystemRandom::new().fill(&mut bytes);
        filled.map_err(|_| Error::new(ErrorKind::Other, "the operating system returned no random bytes"))?;
        Ok(Self(bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // writing to a string does not fail
            text
        })))
    }

    /// Returns it as 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns a share between 0 and 1 that differs from lease to lease and from `round` to `round`: the jitter of a wait.
    pub(super) fn jitter(&self, round: u32) -> f64 {
        let place = usize::try_from(round).unwrap_or_default().checked_rem(self.0.len()).unwrap_or_default();
        let digit =
            self.0.as_bytes().get(place).map_or(0, |digit| char::from(*digit).to_digit(16).unwrap_or(0));
        f64::from(digit) / 16.0
    }
}

impl fmt::Debug for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_the_same_and_each_is_32_digits() {
        let (one, other) = (LeaseId::random().unwrap(), LeaseId::random().unwrap());
        assert_ne!(one, other);
        assert!(one.as_str().len() == 32 && one.as_str().chars().all(|c| c.is_ascii_hexdigit()));
        assert!((0..100).all(|round| (0.0..1.0).contains(&one.jitter(round))));
    }
}
