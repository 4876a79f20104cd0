//! OAuth tokens: how long they live, and that the same one comes back until it is over (facts 4.2).

use std::collections::HashMap;
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// By client and user: each pair has one token at a time.
    live: HashMap<(String, String), Issued>,
    issued: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) access_end: Duration,
    refresh_end: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetimes {
    pub(crate) access: Duration,
    pub(crate) refresh: Duration,
}

impl Tokens {
    /// The user of a live access token.
    pub(crate) fn user(&self, access: &str, now: Duration) -> Option<String> {
        let mut live = self.live.iter().filter(|(_, token)| token.access == access && now < token.access_end);
        live.next().map(|((_, user), _)| user.clone())
    }

    /// A grant other than refresh: the live token with its life extended, or a new one.
    pub(crate) fn grant(&mut self, client: &str, user: &str, now: Duration, lifetimes: Lifetimes) -> Issued {
        let key = (client.to_owned(), user.to_owned());
        let (access_end, refresh_end) = (now + lifetimes.access, now + lifetimes.refresh);
        let before = self.live.remove(&key);
        let access = before.as_ref().filter(|token| now < token.access_end).map(|token| token.access.clone());
        let refresh = before.filter(|token| now < token.refresh_end).map(|token| token.refresh);
        let token = Issued {
            access: access.unwrap_or_else(|| self.opaque("a")),
            refresh: refresh.unwrap_or_else(|| self.opaque("r")),
            access_end,
            refresh_end,
        };
        self.live.insert(key, token.clone());
        token
    }

    /// The refresh grant: the live access token as it is, or a new one. The refresh token does not rotate.
    pub(crate) fn refresh(
        &mut self,
        client: &str,
        refresh: &str,
        now: Duration,
        lifetimes: Lifetimes,
    ) -> Option<Issued> {
        let fresh = self.opaque("a");
        let (_, token) = self
            .live
            .iter_mut()
            .find(|((of, _), token)| of == client && token.refresh == refresh && now < token.refresh_end)?;
        if now >= token.access_end {
            token.access = fresh;
            token.access_end = now + lifetimes.access;
        }
        Some(token.clone())
    }

    /// Ends every access token; refresh tokens live on.
    pub(crate) fn revoke_access(&mut self) {
        self.live.values_mut().for_each(|token| token.access_end = Duration::ZERO);
    }

    /// Ends every refresh token.
    pub(crate) fn revoke_refresh(&mut self) {
        self.live.values_mut().for_each(|token| token.refresh_end = Duration::ZERO);
    }

    /// 86 characters, as the service's opaque tokens have.
    fn opaque(&mut self, kind: &str) -> String {
        self.issued += 1;
        let mut text = format!("{kind}{:016x}", self.issued.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        while text.len() < 86 {
            let next = crate::data::scramble(text.len() as u64 ^ self.issued);
            text.push_str(&format!("{next:016x}"));
        }
        text.truncate(86);
        text
    }
}
