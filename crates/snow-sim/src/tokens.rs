//! OAuth tokens: how long they live, and that the same one comes back until it expires (facts 4.2).

use crate::Settings;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// By client and user: each pair has one token at a time, unless tokens are not reused.
    live: Vec<IssuedToken>,
    codes: HashMap<String, Code>,
    /// Ids of assertions: each is good once.
    used: HashSet<String>,
    issued: u64,
    /// How many access tokens were made.
    pub(crate) access_tokens: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct IssuedToken {
    pub(crate) client: String,
    pub(crate) user: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) access_end: Duration,
    refresh_end: Duration,
}

impl IssuedToken {
    /// Whether either of its two tokens is still good: an access token may outlive the refresh token that it came by.
    fn is_alive(&self, now: Duration) -> bool {
        now < self.access_end || now < self.refresh_end
    }
}

/// An authorization code on its way to the client.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) client: String,
    pub(crate) user: String,
    pub(crate) redirect: String,
    pub(crate) challenge: Option<String>,
    pub(crate) end: Duration,
}

impl Code {
    /// How long an authorization code is good.
    pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
}

impl Tokens {
    /// The live token with this text.
    pub(crate) fn live(&self, access: &str, now: Duration) -> Option<&IssuedToken> {
        self.live.iter().find(|token| token.access == access && now < token.access_end)
    }

    /// A grant other than refresh: the live token with its life extended, or a new one.
    pub(crate) fn grant(
        &mut self,
        client: &str,
        user: &str,
        now: Duration,
        settings: &Settings,
    ) -> IssuedToken {
        let (access_end, refresh_end) = (
            now.saturating_add(settings.access_token_lifetime),
            now.saturating_add(settings.refresh_token_lifetime),
        );
        let of_pair =
            |token: &IssuedToken| token.client == client && token.user == user && token.is_alive(now);
        let live = self.live.iter().position(of_pair).filter(|_| settings.tokens_are_reused);
        if let Some(at) = live {
            let (access, refresh) = (self.opaque("a"), self.opaque("r"));
            let token = &mut self.live[at];
            if now >= token.access_end {
                token.access = access;
                self.access_tokens += 1;
            }
            if now >= token.refresh_end {
                token.refresh = refresh;
            }
            (token.access_end, token.refresh_end) = (access_end, refresh_end);
            return token.clone();
        }
        let (access, refresh) = (self.opaque("a"), self.opaque("r"));
        let token = IssuedToken {
            client: client.into(),
            user: user.into(),
            access,
            refresh,
            access_end,
            refresh_end,
        };
        self.live.retain(|old| old.is_alive(now));
        self.access_tokens += 1;
        self.live.push(token.clone());
        token
    }

    /// The refresh grant: the live access token as it is, or a new one.
    pub(crate) fn refresh(
        &mut self,
        client: &str,
        refresh: &str,
        now: Duration,
        settings: &Settings,
    ) -> Option<IssuedToken> {
        let is_it = |token: &IssuedToken| {
            token.client == client && token.refresh == refresh && now < token.refresh_end
        };
        let at = self.live.iter().position(is_it)?;
        let (access, rotated) = (self.opaque("a"), self.opaque("r"));
        let token = &mut self.live[at];
        if now >= token.access_end || !settings.tokens_are_reused {
            token.access = access;
            self.access_tokens += 1;
            token.access_end = now.saturating_add(settings.access_token_lifetime);
        }
        if settings.refresh_tokens_rotate {
            token.refresh = rotated;
        }
        Some(token.clone())
    }

    /// Whether an assertion with this id has not been seen yet.
    pub(crate) fn first_use(&mut self, jti: String) -> bool {
        self.used.insert(jti)
    }

    /// Ends the session that an access or a refresh token is of.
    pub(crate) fn revoke(&mut self, text: &str) {
        self.live.retain(|token| token.access != text && token.refresh != text);
    }

    /// Ends every access token; refresh tokens live on.
    pub(crate) fn revoke_access(&mut self) {
        self.live.iter_mut().for_each(|token| token.access_end = Duration::ZERO);
    }

    /// Ends every refresh token.
    pub(crate) fn revoke_refresh(&mut self) {
        self.live.iter_mut().for_each(|token| token.refresh_end = Duration::ZERO);
    }

    pub(crate) fn issue_code(&mut self, code: Code) -> String {
        let text = self.opaque("c");
        self.codes.insert(text.clone(), code);
        text
    }

    /// A code is good once.
    pub(crate) fn take_code(&mut self, text: &str) -> Option<Code> {
        self.codes.remove(text)
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
