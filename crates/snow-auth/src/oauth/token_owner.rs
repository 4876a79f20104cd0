//! Whose token it is: the instance that accepts it, and the client that obtained it.
//!
//! A token in a store names both, so that two clients that were given one place do not send each other's token to the wrong
//! instance, nor replace it.

use super::Token;
use snow_core::{Error, ErrorKind, Instance, Secret};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How much of a name is repeated in an error, in characters.
const LONGEST_NAME: usize = 200;

/// An instance and a client of it.
#[derive(Clone)]
pub(super) struct TokenOwner {
    /// The address of the instance.
    instance: String,
    /// Empty where a callback obtains the tokens.
    client_id: String,
}

impl TokenOwner {
    pub(super) fn new(instance: &Instance, client_id: &str) -> Self {
        let instance = format!("{}{}", instance.origin(), instance.prefix());
        Self { instance, client_id: client_id.to_owned() }
    }

    /// Writes the owner into a token that was obtained.
    pub(super) fn mark(&self, token: Token) -> Token {
        token.with_owner(&self.instance, Some(self.client_id.as_str()).filter(|id| !id.is_empty()))
    }

    /// Returns a mark of a password that was refused, by which other processes recognize it. Two bytes, so that it tells nobody
    /// which password it was; one in 65,536 other passwords has the same mark.
    ///
    /// The hash may be another one in another release of Rust. Then a process does not recognize the password, and sends it once.
    pub(super) fn password_mark(&self, user: &str, password: &Secret) -> u16 {
        let mut hasher = DefaultHasher::new();
        (&self.instance, &self.client_id, user, password.expose()).hash(&mut hasher);
        let [first, second, ..] = hasher.finish().to_le_bytes();
        u16::from_le_bytes([first, second])
    }

    /// Refuses a token that names another instance or client. A token that names none is accepted: another program obtained it.
    pub(super) fn check(&self, token: &Token, kind: ErrorKind, place: &str) -> Result<(), Error> {
        let is_other = |named: Option<&str>, own: &str| named.is_some_and(|named| named != own);
        let others = is_other(token.instance(), &self.instance)
            || (!self.client_id.is_empty() && is_other(token.client_id(), &self.client_id));
        if !others {
            return Ok(());
        }
        let (instance, client_id) = (shown(token.instance()), shown(token.client_id()));
        let why = format!(
            "{place} is a token of {instance:?} for the client {client_id:?}, and this is the client {:?} of {:?}",
            self.client_id, self.instance
        );
        let advice = "give each instance and each client a place of its own in the token store; if the token is not needed any \
                      more, remove it there";
        Err(Error::new(kind, why).with_advice(advice).before_sending())
    }
}

/// The first part of a name that comes from a store.
fn shown(name: Option<&str>) -> String {
    name.unwrap_or("?").chars().take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(instance: &str, client_id: &str) -> TokenOwner {
        TokenOwner::new(&Instance::parse(instance).unwrap(), client_id)
    }

    fn accepts(owner: &TokenOwner, token: &Token) -> bool {
        owner.check(token, ErrorKind::TokenNotLoaded, "here").is_ok()
    }

    #[test]
    fn a_token_of_another_instance_or_client_is_refused_and_one_without_a_name_is_not() {
        let own = owner("dev1", "a");
        let token = own.mark(Token::new("canary"));
        assert_eq!(token.instance(), Some("https://dev1.service-now.com"));
        assert_eq!(token.client_id(), Some("a"));
        assert!(accepts(&own, &token) && accepts(&own, &Token::new("canary")));
        for other in [owner("dev2", "a"), owner("dev1", "b"), owner("http://localhost/dev1", "a")] {
            let error = other.check(&token, ErrorKind::TokenNotLoaded, "here").unwrap_err();
            let text = error.report();
            assert!(text.contains("dev1.service-now.com") && text.contains("place of its own"), "{text}");
            assert!(!text.contains("canary"), "{text}");
        }
        let [one, other] =
            ["https://gw.example.com/one", "https://gw.example.com/other"].map(|at| owner(at, "a"));
        assert!(!accepts(&one, &other.mark(Token::new("canary"))), "two instances behind one gateway");
        let callback = owner("dev1", "");
        assert!(accepts(&callback, &token) && accepts(&own, &callback.mark(Token::new("canary"))));
    }
}
