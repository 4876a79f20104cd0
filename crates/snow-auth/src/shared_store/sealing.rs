//! How values stand in a database: sealed, or as JSON that anybody can read.

use super::value_kind::ValueKind;
use crate::SealKey;
use serde::Serialize;
use serde::de::DeserializeOwned;
use snow_core::{Error, ErrorKind, Secret};

/// Whether values are sealed, and with which key.
#[derive(Clone, Debug)]
pub enum Sealing {
    /// Only programs with the key can read them.
    Sealed(SealKey),
    /// Anyone who can read the database can use them.
    Unsealed,
}

impl Sealing {
    /// Returns a value in the form in which the database keeps it.
    ///
    /// # Errors
    /// Fails if the value was not sealed.
    pub fn write<T: Serialize>(&self, place: &str, kind: ValueKind, value: &T) -> Result<Vec<u8>, Error> {
        let json =
            serde_json::to_string(value).map_err(|error| Error::new(ErrorKind::Other, error.to_string()))?;
        let json = Secret::from(json);
        match self {
            Self::Sealed(key) => key.seal(&kind.purpose(place), json.expose().as_bytes()),
            Self::Unsealed => Ok(json.expose().as_bytes().to_vec()),
        }
    }

    /// Reads a value as the database keeps it. A value without a seal is refused where values are sealed: anybody may have written it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the value cannot be opened or is something else. The error does not repeat the value.
    pub fn read<T: DeserializeOwned>(&self, place: &str, kind: ValueKind, stored: &[u8]) -> Result<T, Error> {
        let json = match (self, stored.first()) {
            (Self::Sealed(key), Some(first)) if *first != b'{' => {
                key.open(&kind.purpose(place), stored).ok_or_else(|| {
                    invalid("was sealed with another key or for another place, or was changed since")
                        .with_advice("give this program the seal key of the others that share the store, or remove the value")
                })?
            }
            (Self::Sealed(_), _) => {
                return Err(invalid("is not sealed, and somebody else may have written it")
                    .with_advice("remove it from the store, so that it is written again with a seal"));
            }
            (Self::Unsealed, Some(b'{')) => {
                Secret::from(std::str::from_utf8(stored).map_err(|_| invalid("is not text"))?)
            }
            (Self::Unsealed, _) => {
                return Err(invalid("is sealed").with_advice("give the store its seal key, with seal()"));
            }
        };
        // The message of serde may repeat what it read, which is a secret.
        serde_json::from_str(json.expose()).map_err(|_| invalid("is not the JSON of a token"))
    }
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("the token in the database {why}"))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;
    use crate::Token;

    const KEYS: [&str; 2] =
        ["MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="];

    fn key(number: usize) -> SealKey {
        SealKey::from_base64(KEYS[number]).unwrap()
    }

    fn token() -> Token {
        Token::new("canary").with_refresh_token("canary as well")
    }

    fn read(sealing: &Sealing, place: &str, stored: &[u8]) -> Result<Token, Error> {
        sealing.read(place, ValueKind::Token, stored)
    }

    #[test]
    fn a_sealed_value_shows_nothing_and_opens_with_its_key_in_its_place_alone() {
        let sealing = Sealing::Sealed(key(0));
        let stored = sealing.write("here", ValueKind::Token, &token()).unwrap();
        assert!(!String::from_utf8_lossy(&stored).contains("canary"));
        assert_ne!(
            stored,
            sealing.write("here", ValueKind::Token, &token()).unwrap(),
            "no nonce comes twice"
        );
        assert_eq!(read(&sealing, "here", &stored).unwrap(), token());
        let (other, former) = (Sealing::Sealed(key(1)), Sealing::Sealed(key(1).with_former(&key(0))));
        assert_eq!(read(&former, "here", &stored).unwrap(), token());
        assert!(read(&other, "here", &stored).is_err() && read(&sealing, "there", &stored).is_err());
        assert!(sealing.read::<Token>("here", ValueKind::Failure, &stored).is_err());
        for place in 0..stored.len() {
            let mut changed = stored.clone();
            changed[place] ^= 1;
            assert!(read(&sealing, "here", &changed).is_err(), "byte {place}");
            assert!(read(&sealing, "here", &stored[..place]).is_err(), "the first {place} bytes");
        }
    }

    #[test]
    fn a_value_without_a_seal_is_read_only_where_none_is_expected_and_no_error_repeats_it() {
        let (sealed, unsealed) = (Sealing::Sealed(key(0)), Sealing::Unsealed);
        let stored = unsealed.write("here", ValueKind::Token, &token()).unwrap();
        assert_eq!(read(&unsealed, "here", &stored).unwrap(), token());
        let broken = [&stored[..stored.len() - 1], b"{\"access_token\":[\"canary\"]}", b"\xffcanary", b""];
        let mut errors: Vec<_> = broken.iter().map(|odd| read(&unsealed, "here", odd).unwrap_err()).collect();
        errors.push(read(&sealed, "here", &stored).unwrap_err());
        let opened_without = sealed.write("here", ValueKind::Token, &token()).unwrap();
        errors.push(read(&unsealed, "here", &opened_without).unwrap_err());
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(!error.report().contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused_and_not_repeated() {
        for odd in ["", "canary", "Y2FuYXJ5", &KEYS[0][4..]] {
            let error = SealKey::from_base64(odd).unwrap_err();
            assert!(error.report().contains("32 bytes") && !error.report().contains("canary"), "{error}");
        }
        assert!(SealKey::from_base64(format!("{}\n", KEYS[0])).is_ok(), "a file ends with a line break");
        assert!(SealKey::from_env("SNOW_SEAL_THAT_NOBODY_SETS").is_err());
    }
}
