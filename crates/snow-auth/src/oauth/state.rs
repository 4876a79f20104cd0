//! The life of a token, as a machine without I/O: which token calls use, and when it is renewed.
//!
//! The instance returns the *same* token until it expires (facts 4.2), so renewing early is worth little: one renewal
//! that brings the same token is the last one ahead of its end.

use super::Token;
use http::HeaderValue;
use snow_core::{Error, Kind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

/// How long before its end a token is renewed, at most; a tenth of its life if that is less.
const SKEW: Duration = Duration::from_secs(30);
/// How long nothing is asked of an endpoint that could not answer.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long nothing is asked of an endpoint that said no, or that brought the very token that had been refused.
const REST_AFTER_REFUSAL: Duration = Duration::from_secs(30);

/// How long no password is sent again that was refused: accounts lock after some failures. A login ends the rest.
const REST_AFTER_PASSWORD: Duration = Duration::from_secs(1_800);
/// How long a store that failed is left alone where calls go on without it.
const SAVE_AGAIN: Duration = Duration::from_secs(30);
/// The longest that an endpoint's own wish to be left alone is heeded.
pub(super) const LONGEST_REST: Duration = Duration::from_secs(3_600);

/// What a call goes out with.
#[derive(Clone)]
pub(crate) struct Ready {
    pub(crate) header: HeaderValue,
    /// Tells whether a refused token is still the current one.
    pub(crate) generation: u64,
    /// Whether the instance ever let a call in with it.
    accepted: Arc<AtomicBool>,
}

impl Ready {
    /// The instance let a call in with it.
    pub(crate) fn accepted(&self) {
        if !self.accepted.load(Ordering::Relaxed) {
            self.accepted.store(true, Ordering::Relaxed);
        }
    }
}

/// A token that calls go out with.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) token: Token,
    pub(super) ready: Ready,
    refused: bool,
    renew_ahead: bool,
    /// Obtained because the one before was refused.
    after_refusal: bool,
}

/// What there is beside the token.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Means {
    /// A store that may hold a token which another process left there.
    pub(super) store: bool,
    /// A grant that gets a token without a person.
    pub(super) grant: bool,
    /// Whether calls go out with a token that the store did not take.
    pub(super) best_effort: bool,
    /// Whether the grant sends a password: accounts lock after some that are refused.
    pub(super) password: bool,
}

/// `F` is a handle on a renewal in flight.
pub(super) struct State<F> {
    means: Means,
    held: Option<Held>,
    /// The user said that there is no token: the store is not asked for one.
    logged_out: bool,
    /// Obtained, but the user's storage did not take it: saved before another one is asked for.
    unsaved: Option<Token>,
    /// Why the store does not have the token that calls go out with.
    store_error: Option<Error>,
    /// When calls go out with it, when it is given to the store again.
    save_again: Option<SystemTime>,
    flight: Option<Flying<F>>,
    /// The flight that landed last, and whether it only saved.
    landed: (u64, bool),
    /// Until when no renewal is begun, and why.
    rest: Option<(SystemTime, Option<Error>)>,
    last: u64,
}

/// A renewal under way.
struct Flying<F> {
    id: u64,
    handle: F,
    /// It gives the store a token that calls may go out with already.
    saves: bool,
    /// Who waits for it.
    waiters: usize,
}

/// What a call has to do.
pub(super) enum Want<F> {
    Use(Held),
    Join(u64, F),
    /// Begin this renewal, and tell [`State::take_off`].
    Start(Plan),
    Fail(Error),
}

#[derive(Clone)]
pub(super) enum Plan {
    /// Give the store a token that it does not have yet.
    Save { token: Token, login: bool },
    /// Get a token in place of this one; look into the store first, if there is one to look into.
    Obtain { old: Option<Token>, look: bool },
}

/// What a renewal brought.
#[derive(Clone)]
pub(super) struct Obtained {
    pub(super) token: Token,
    /// Why the store does not have it, where calls go on all the same.
    pub(super) unsaved: Option<Error>,
}

/// Why a renewal brought nothing to use.
#[derive(Clone)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) unsaved: Option<Token>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, unsaved: None }
    }
}

impl<F: Clone> State<F> {
    pub(super) fn new(means: Means) -> Self {
        Self {
            means,
            held: None,
            logged_out: false,
            unsaved: None,
            store_error: None,
            save_again: None,
            flight: None,
            landed: (0, false),
            rest: None,
            last: 0,
        }
    }

    pub(super) fn token(&self) -> Option<&Token> {
        self.held.as_ref().map(|held| &held.token)
    }

    pub(super) fn store_error(&self) -> Option<&Error> {
        self.store_error.as_ref()
    }

    /// Takes a token from outside: everything known about the one before is void. Gives what it replaces, for the caller to
    /// drop where no lock is held.
    pub(super) fn install(&mut self, token: Option<Token>) -> Result<Self, Error> {
        let held = token.map(|token| self.hold(token)).transpose()?;
        self.last += 1; // a renewal in flight sees that it is for nothing
        let new = Self { logged_out: held.is_none(), held, last: self.last, ..Self::new(self.means) };
        Ok(std::mem::replace(self, new))
    }

    /// A login: the token before is void, and the new one is used when the store has it. See [`install`](Self::install) for
    /// what it gives.
    pub(super) fn log_in(&mut self, token: Token) -> Self {
        let new = Self { last: self.last + 1, unsaved: Some(token), ..Self::new(self.means) };
        std::mem::replace(self, new)
    }

    /// The newest token there is, saved or not.
    pub(super) fn newest(&self) -> Option<&Token> {
        self.unsaved.as_ref().or_else(|| self.token())
    }

    /// The next call tries again at once: a person saw the failure.
    pub(super) fn end_rest(&mut self) {
        self.rest = None;
    }

    /// What a call goes out with that finds nothing to be done, and until when that is so; for ever without an end.
    pub(super) fn ready(&self) -> Option<(&Ready, Option<SystemTime>)> {
        let held = self.held.as_ref().filter(|held| !held.refused)?;
        let fresh = held.fresh_until();
        let save = self.save_is_due_at();
        Some((&held.ready, [fresh, save].into_iter().flatten().min()))
    }

    /// When a token that calls go out with, and that the store did not take, is given to it again.
    fn save_is_due_at(&self) -> Option<SystemTime> {
        let pending = self.means.best_effort && self.unsaved.is_some();
        pending.then(|| self.save_again.unwrap_or(SystemTime::UNIX_EPOCH))
    }

    /// Whether a renewal that took off with this id is still the current one.
    pub(super) fn is_flying(&self, id: u64) -> bool {
        self.flight.as_ref().is_some_and(|flying| flying.id == id)
    }

    fn hold(&mut self, token: Token) -> Result<Held, Error> {
        let header = token.header()?;
        self.last += 1;
        let ready = Ready { header, generation: self.last, accepted: Arc::default() };
        Ok(Held { token, ready, refused: false, renew_ahead: true, after_refusal: false })
    }

    /// What a call that is about to go out has to do.
    pub(super) fn want(&self, now: SystemTime) -> Want<F> {
        let usable = self.held.as_ref().filter(|held| held.is_usable(now));
        let nothing_due = |held: &Held| {
            held.is_fresh(now) && self.save_is_due_at().is_none_or(|due| now < due)
                || self.flight.is_some()
                || self.is_resting(now)
        };
        match usable {
            Some(held) if nothing_due(held) => Want::Use(held.clone()),
            _ => match (self.renewal(now), usable) {
                (Want::Fail(_), Some(held)) => Want::Use(held.clone()),
                (renewal, _) => renewal,
            },
        }
    }

    /// What a call has to do whose token was just refused. [`Want::Use`] of the same generation means: the 401 stands.
    ///
    /// A 401 need not be the token's fault (facts 3.2). So other calls wait for one renewal, and then go on with what there
    /// is; and until the rest is over, no other renewal is begun for this token, nor for the one that came in its place and
    /// was never let in either.
    pub(super) fn refused(&mut self, generation: u64, now: SystemTime) -> Want<F> {
        let in_vain =
            self.held.as_ref().is_some_and(|held| held.ready.generation == generation && held.was_in_vain());
        // Once: when that rest is over, it is tried again.
        if in_vain && self.rest.is_none() && self.flight.is_none() {
            self.rest = Some((now + REST_AFTER_REFUSAL, None));
        }
        let resting = self.is_resting(now);
        match &mut self.held {
            Some(held) if held.ready.generation == generation && !resting => held.refused = true,
            Some(held) if held.ready.generation == generation => {
                return match &self.rest {
                    Some((_, Some(error))) => Want::Fail(error.clone()),
                    _ => Want::Use(held.clone()),
                };
            }
            _ => {}
        }
        let want = self.want(now);
        if let (Want::Use(_) | Want::Fail(_), Some(held)) = (&want, &mut self.held) {
            held.refused = false; // there is no renewal that would
        }
        want
    }

    fn renewal(&self, now: SystemTime) -> Want<F> {
        if let Some(flying) = &self.flight {
            return Want::Join(flying.id, flying.handle.clone());
        }
        if let Some((until, why)) = &self.rest
            && now < *until
        {
            match (why, &self.held) {
                (Some(error), _) => return Want::Fail(error.clone()),
                (None, Some(held)) if !held.is_over(now) => return Want::Use(held.clone()),
                _ => {}
            }
        }
        let old = match (&self.unsaved, &self.held) {
            // One that is refused is worth nothing to the store.
            (Some(token), held) if !token.is_over(now) && held.as_ref().is_none_or(|held| !held.refused) => {
                return Want::Start(Plan::Save { token: token.clone(), login: false });
            }
            (Some(token), _) => Some(token), // the newest there is, and with it the newest refresh token
            (None, held) => held.as_ref().map(|held| &held.token),
        };
        let look = self.means.store && !self.logged_out;
        match (old, &self.held) {
            (None, _) if !look && !self.means.grant => Want::Fail(no_token()),
            (Some(old), held) if !look && !self.means.grant && old.refresh_token().is_none() => match held {
                // Nothing to renew it with: a refused token may be good elsewhere, an expired one may not.
                Some(held) if !held.is_over(now) => Want::Use(held.clone()),
                _ => Want::Fail(no_refresh_token()),
            },
            (old, _) => Want::Start(Plan::Obtain { old: old.cloned(), look }),
        }
    }

    /// A renewal begins; it is told its id, which is for [`landed`](Self::landed).
    pub(super) fn take_off(&mut self, flight: impl FnOnce(u64) -> F) -> (u64, F) {
        self.last += 1;
        let (id, handle) = (self.last, flight(self.last));
        let saves = self.held.is_some()
            && self.unsaved.is_some()
            && self.held.as_ref().is_none_or(|held| !held.refused);
        self.flight = Some(Flying { id, handle: handle.clone(), saves, waiters: 0 });
        (id, handle)
    }

    /// Somebody waits for a flight.
    pub(super) fn joined(&mut self, id: u64) {
        if let Some(flying) = self.flight.as_mut().filter(|flying| flying.id == id) {
            flying.waiters += 1;
        }
    }

    /// Somebody waits no longer. Where others may wait for the store's lease, a flight that nobody waits for is given up: what
    /// it gives is to be dropped with the lock open.
    pub(super) fn left(&mut self, id: u64) -> Option<F> {
        let flying = self.flight.as_mut().filter(|flying| flying.id == id)?;
        flying.waiters = flying.waiters.saturating_sub(1);
        let abandoned = flying.waiters == 0 && self.means.store;
        if abandoned { self.flight.take().map(|flying| flying.handle) } else { None }
    }

    /// A renewal has ended: everyone who waited for it calls this, and the first one's call counts. A fresh token is
    /// used at least once by each of them, however short its life. `None` means: ask again, something else came between.
    ///
    /// `refused` is whether the caller's own token had been refused: then a failure is its answer, even if the token lives on.
    pub(super) fn landed(
        &mut self,
        id: u64,
        result: Result<Obtained, Failure>,
        refused: bool,
        now: SystemTime,
    ) -> Result<Option<Held>, Error> {
        let first = self.is_flying(id);
        if first {
            let saves = self.flight.take().is_some_and(|flying| flying.saves);
            self.landed = (id, saves);
        } else if self.landed.0 != id {
            return Ok(None); // a login or a logout took its place
        }
        let held = match result {
            Ok(obtained) if first => self.arrived(obtained, now)?,
            Ok(_) => self.held.clone(),
            Err(failure) => {
                if first {
                    self.failed(&failure, now);
                }
                let usable = self.held.as_ref().filter(|held| held.is_usable(now) && !refused);
                return usable.cloned().map(Some).ok_or(failure.error);
            }
        };
        // That the store has it now says nothing of a token that was refused.
        Ok(held.filter(|_| !(refused && self.landed.1)))
    }

    fn arrived(&mut self, obtained: Obtained, now: SystemTime) -> Result<Option<Held>, Error> {
        self.logged_out = false;
        self.unsaved = obtained.unsaved.as_ref().map(|_| obtained.token.clone());
        self.save_again = obtained.unsaved.as_ref().map(|_| now + SAVE_AGAIN);
        self.store_error = obtained.unsaved;
        if self.landed.1 && self.held.as_ref().is_some_and(|held| held.token == obtained.token) {
            return Ok(self.held.clone());
        }
        self.renewed(obtained.token, now).map(Some)
    }

    fn renewed(&mut self, token: Token, now: SystemTime) -> Result<Held, Error> {
        self.rest = None;
        if let Some(held) = &mut self.held
            && held.token.access_token() == token.access_token()
        {
            held.token = token;
            held.renew_ahead = false;
            if std::mem::take(&mut held.refused) {
                self.rest = Some((now + REST_AFTER_REFUSAL, None));
            }
            return Ok(held.clone());
        }
        let after_refusal = self.held.as_ref().is_some_and(|held| held.refused);
        let held = Held { after_refusal, ..self.hold(token)? };
        self.held = Some(held.clone());
        Ok(held)
    }

    fn failed(&mut self, failure: &Failure, now: SystemTime) {
        let refused_password = self.means.password && failure.error.kind() == Kind::TokenRefused;
        let rest = if refused_password { REST_AFTER_PASSWORD } else { rest_after(&failure.error) };
        self.rest = Some((now + rest, Some(failure.error.clone())));
        if let Some(held) = &mut self.held {
            held.refused = false;
        }
        if let Some(token) = &failure.unsaved {
            self.unsaved = Some(token.clone());
        }
    }

    fn is_resting(&self, now: SystemTime) -> bool {
        self.rest.as_ref().is_some_and(|(until, _)| now < *until)
    }
}

impl Held {
    fn is_over(&self, now: SystemTime) -> bool {
        self.token.is_over(now)
    }

    /// Whether it came in place of one that was refused, and was never let in: then the refusal is not the token's fault.
    fn was_in_vain(&self) -> bool {
        self.after_refusal && !self.ready.accepted.load(Ordering::Relaxed)
    }

    /// Whether a call may go out with it.
    fn is_usable(&self, now: SystemTime) -> bool {
        !self.refused && !self.is_over(now)
    }

    /// Whether nothing needs to be done about it yet.
    fn is_fresh(&self, now: SystemTime) -> bool {
        self.fresh_until().is_none_or(|until| now < until)
    }

    /// From when on it is renewed ahead; from its end on, where that was in vain.
    fn fresh_until(&self) -> Option<SystemTime> {
        let end = self.token.expires_at()?;
        let skew = self.token.expires_in().map_or(SKEW, |life| SKEW.min(life / 10));
        let skew = if self.renew_ahead { skew } else { Duration::ZERO };
        Some(end.checked_sub(skew).unwrap_or(end))
    }
}

/// How long nothing is asked after this failure.
pub(super) fn rest_after(error: &Error) -> Duration {
    let usual = match error.kind() {
        Kind::LoginAgain | Kind::TokenRefused => REST_AFTER_REFUSAL,
        _ => REST_AFTER_FAILURE,
    };
    error.retry_after().unwrap_or(usual).min(LONGEST_REST)
}

pub(super) fn no_token() -> Error {
    Error::new(Kind::NoToken, "there is no token yet")
}

pub(super) fn no_refresh_token() -> Error {
    Error::new(Kind::LoginAgain, "the token is over and came without a refresh token")
}

#[cfg(test)]
mod tests;
