//! The fields that this client has seen stored as they were sent. For these, a lookup that finds nothing can be trusted.

use snow_core::ApiPath;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many fields are remembered; the one that was seen first is forgotten first.
const MOST: usize = 128;

/// Fields whose values came back from a creation exactly as they were sent. A field that is locked for this user, or a column
/// that is too short, stores something else, and a record cannot be found by what was sent (facts 1.7).
#[derive(Default)]
pub(crate) struct StoredFields(Mutex<VecDeque<Stored>>);

struct Stored {
    path: String,
    field: String,
    /// In the longest value that was stored.
    characters: usize,
}

impl StoredFields {
    /// Remembers that a creation at this path stored this value of a field as it was sent.
    pub(crate) fn remember(&self, path: &ApiPath, field: &str, value: &str) {
        let characters = value.chars().count();
        let mut fields = self.lock();
        match fields.iter_mut().find(|stored| stored.is(path, field)) {
            Some(stored) => stored.characters = stored.characters.max(characters),
            None => {
                if fields.len() >= MOST {
                    fields.pop_front();
                }
                fields.push_back(Stored { path: path.to_string(), field: field.to_owned(), characters });
            }
        }
    }

    /// The longest value of this field that is known to be stored as it is sent, in characters.
    pub(crate) fn longest(&self, path: &ApiPath, field: &str) -> Option<usize> {
        self.lock().iter().find(|stored| stored.is(path, field)).map(|stored| stored.characters)
    }

    /// Forgets everything, because another user logs in, whose rights may differ.
    #[cfg(feature = "oauth")]
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Stored>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn is(&self, path: &ApiPath, field: &str) -> bool {
        self.path == path.as_str() && self.field == field
    }
}

impl fmt::Debug for StoredFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredFields({})", self.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_value_counts_and_old_fields_are_forgotten() {
        let (stored, path) = (StoredFields::default(), ApiPath::table("incident").unwrap());
        for value in ["ab", "abcd", "äö"] {
            stored.remember(&path, "correlation_id", value);
        }
        assert_eq!(stored.longest(&path, "correlation_id"), Some(4));
        assert_eq!(stored.longest(&ApiPath::table("problem").unwrap(), "correlation_id"), None);
        for n in 0..MOST {
            stored.remember(&path, &format!("u_{n}"), "a");
        }
        assert_eq!(stored.longest(&path, "correlation_id"), None);
        assert_eq!((stored.longest(&path, "u_0"), stored.lock().len()), (Some(1), MOST));
    }
}
