//! The life of a token, as a machine without I/O: which token calls use, and when it is renewed.
//!
//! The instance returns the *same* token until it expires (facts 4.2), so renewing early is worth little: one renewal
//! that brings the same token is the last one ahead of its end.

use super::Token;
use http::HeaderValue;
use snow_core::{Error, Kind};
use std::time::{Duration, SystemTime};

/// How long before its end a token is renewed, at most; a tenth of its life if that is less.
const SKEW: Duration = Duration::from_secs(30);
/// How long nothing is asked of an endpoint that could not answer.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long nothing is asked of an endpoint that said no, or that brought the very token that had been refused.
const REST_AFTER_REFUSAL: Duration = Duration::from_secs(30);

/// A token that calls go out with.
#[derive(Clone)]
pub(crate) struct Held {
    pub(super) token: Token,
    pub(crate) header: HeaderValue,
    /// Tells whether a refused token is still the current one.
    pub(crate) generation: u64,
    refused: bool,
    renew_ahead: bool,
}

/// `F` is a handle on a renewal in flight.
pub(super) struct State<F> {
    held: Option<Held>,
    /// Obtained, but the user's storage did not take it: saved before another one is asked for.
    unsaved: Option<Token>,
    flight: Option<(u64, F)>,
    /// Until when no renewal is begun, and why.
    rest: Option<(SystemTime, Option<Error>)>,
    last: u64,
}

/// What a call has to do.
pub(super) enum Want<F> {
    Use(Held),
    Join(u64, F),
    /// Begin this renewal, and tell [`State::take_off`].
    Start(Plan),
    Fail(Error),
}

pub(super) enum Plan {
    Refresh(Token),
    Save(Token),
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
    pub(super) fn new() -> Self {
        Self { held: None, unsaved: None, flight: None, rest: None, last: 0 }
    }

    pub(super) fn token(&self) -> Option<&Token> {
        self.held.as_ref().map(|held| &held.token)
    }

    /// Takes a token from outside: everything known about the one before is void. Gives what it replaces, for the caller to
    /// drop where no lock is held.
    pub(super) fn install(&mut self, token: Option<Token>) -> Result<Self, Error> {
        let held = token.map(|token| self.hold(token)).transpose()?;
        self.last += 1; // a renewal in flight sees that it is for nothing
        let new = Self { held, last: self.last, ..Self::new() };
        Ok(std::mem::replace(self, new))
    }

    /// Whether a renewal that took off with this id is still the current one.
    pub(super) fn is_flying(&self, id: u64) -> bool {
        self.flight.as_ref().is_some_and(|(flying, _)| *flying == id)
    }

    /// Keeps a token that the user's storage did not take.
    pub(super) fn keep_unsaved(&mut self, token: Token) {
        self.unsaved = Some(token);
    }

    fn hold(&mut self, token: Token) -> Result<Held, Error> {
        let header = token.header()?;
        self.last += 1;
        Ok(Held { token, header, generation: self.last, refused: false, renew_ahead: true })
    }

    /// What a call that is about to go out has to do.
    pub(super) fn want(&self, now: SystemTime) -> Want<F> {
        let usable = self.held.as_ref().filter(|held| held.is_usable(now));
        match usable {
            Some(held) if held.is_fresh(now) || self.flight.is_some() || self.is_resting(now) => {
                Want::Use(held.clone())
            }
            _ => match (self.renewal(now), usable) {
                (Want::Fail(_), Some(held)) => Want::Use(held.clone()),
                (renewal, _) => renewal,
            },
        }
    }

    /// What a call has to do whose token was just refused. [`Want::Use`] of the same generation means: the 401 stands.
    ///
    /// A 401 need not be the token's fault (facts 3.2). So other calls wait for one renewal, and then go on with what there
    /// is; and until the rest is over, no other renewal is begun for this token.
    pub(super) fn refused(&mut self, generation: u64, now: SystemTime) -> Want<F> {
        let resting = self.is_resting(now);
        match &mut self.held {
            Some(held) if held.generation == generation && !resting => held.refused = true,
            Some(held) if held.generation == generation => {
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
        if let Some((id, flight)) = &self.flight {
            return Want::Join(*id, flight.clone());
        }
        if let Some((until, why)) = &self.rest
            && now < *until
        {
            return match (why, &self.held) {
                (Some(error), _) => Want::Fail(error.clone()),
                (None, Some(held)) => Want::Use(held.clone()),
                (None, None) => Want::Fail(no_token()),
            };
        }
        match (&self.unsaved, &self.held) {
            (Some(token), _) => Want::Start(Plan::Save(token.clone())),
            (None, None) => Want::Fail(no_token()),
            (None, Some(held)) if held.token.refresh_token().is_some() => {
                Want::Start(Plan::Refresh(held.token.clone()))
            }
            // Nothing to renew it with: a refused token may be good elsewhere, an expired one may not.
            (None, Some(held)) if !held.is_over(now) => Want::Use(held.clone()),
            (None, Some(_)) => {
                Want::Fail(Error::new(Kind::LoginAgain, "the token is over and came without a refresh token"))
            }
        }
    }

    /// A renewal begins; it is told its id, which is for [`landed`](Self::landed).
    pub(super) fn take_off(&mut self, flight: impl FnOnce(u64) -> F) -> (u64, F) {
        self.last += 1;
        let flight = flight(self.last);
        self.flight = Some((self.last, flight.clone()));
        (self.last, flight)
    }

    /// A renewal has ended: everyone who waited for it calls this, and the first one's call counts. A fresh token is
    /// used at least once by each of them, however short its life.
    ///
    /// `refused` is whether the caller's own token had been refused: then a failure is its answer, even if the token lives on.
    pub(super) fn landed(
        &mut self,
        id: u64,
        result: Result<Token, Failure>,
        refused: bool,
        now: SystemTime,
    ) -> Result<Held, Error> {
        let first = self.flight.as_ref().is_some_and(|(flying, _)| *flying == id);
        match result {
            Ok(token) if first => {
                self.flight = None;
                self.unsaved = None;
                self.renewed(token, now)
            }
            Ok(token) => match &self.held {
                Some(held) => Ok(held.clone()),
                None => self.hold(token),
            },
            Err(failure) => {
                if first {
                    self.flight = None;
                    self.failed(&failure, now);
                }
                let usable = self.held.as_ref().filter(|held| held.is_usable(now) && !refused);
                usable.cloned().ok_or(failure.error)
            }
        }
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
        let held = self.hold(token)?;
        self.held = Some(held.clone());
        Ok(held)
    }

    fn failed(&mut self, failure: &Failure, now: SystemTime) {
        let rest = match failure.error.kind() {
            Kind::LoginAgain | Kind::TokenRefused => REST_AFTER_REFUSAL,
            _ => REST_AFTER_FAILURE,
        };
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
        self.token.expires_at().is_some_and(|end| now >= end)
    }

    /// Whether a call may go out with it.
    fn is_usable(&self, now: SystemTime) -> bool {
        !self.refused && !self.is_over(now)
    }

    /// Whether nothing needs to be done about it yet.
    fn is_fresh(&self, now: SystemTime) -> bool {
        let Some(end) = self.token.expires_at() else { return true };
        let skew = self.token.expires_in().map_or(SKEW, |life| SKEW.min(life / 10));
        !self.renew_ahead || now + skew < end
    }
}

fn no_token() -> Error {
    Error::new(Kind::NoToken, "there is no token yet")
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: SystemTime = SystemTime::UNIX_EPOCH;

    fn after(seconds: u64) -> SystemTime {
        T0 + Duration::from_secs(seconds)
    }

    fn token(access: &str, end: u64) -> Token {
        let json = format!(
            r#"{{"access_token":"{access}","refresh_token":"r","expires_in":100,"expires_at":{end}.0}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn holding(access: &str, end: u64) -> State<()> {
        let mut state = State::new();
        drop(state.install(Some(token(access, end))).unwrap());
        state
    }

    /// `Want` in a word.
    fn word<F>(want: &Want<F>) -> String {
        match want {
            Want::Use(held) => held.token.access_token().expose().to_owned(),
            Want::Join(..) => "join".into(),
            Want::Start(Plan::Refresh(_)) => "refresh".into(),
            Want::Start(Plan::Save(_)) => "save".into(),
            Want::Fail(error) => format!("{:?}", error.kind()),
        }
    }

    fn failure(kind: Kind) -> Failure {
        Failure { error: Error::new(kind, "as the test says"), unsaved: None }
    }

    #[test]
    fn without_a_token_nothing_goes_out() {
        assert_eq!(word(&State::<()>::new().want(T0)), "NoToken");
    }

    #[test]
    fn one_caller_renews_ahead_while_the_others_go_on() {
        let mut state = holding("a", 100);
        assert_eq!(word(&state.want(after(89))), "a");
        assert_eq!(word(&state.want(after(90))), "refresh");
        let (id, ()) = state.take_off(|_| ());
        assert_eq!(word(&state.want(after(90))), "a");
        assert_eq!(word(&state.want(after(100))), "join");
        state.landed(id, Ok(token("b", 200)), false, after(101)).ok().unwrap();
        assert_eq!(word(&state.want(after(101))), "b");
    }

    #[test]
    fn the_same_token_again_is_not_renewed_ahead_a_second_time() {
        let mut state = holding("a", 100);
        let (id, ()) = state.take_off(|_| ());
        state.landed(id, Ok(token("a", 105)), false, after(90)).ok().unwrap();
        assert_eq!(word(&state.want(after(104))), "a");
        assert_eq!(word(&state.want(after(105))), "refresh");
    }

    #[test]
    fn a_refusal_counts_only_for_the_current_token() {
        let mut state = holding("a", 100);
        let Want::Use(old) = state.want(T0) else { panic!("a token is held") };
        assert_eq!(word(&state.refused(old.generation, T0)), "refresh");
        let (id, ()) = state.take_off(|_| ());
        assert_eq!(word(&state.want(T0)), "join");
        state.landed(id, Ok(token("b", 100)), false, T0).ok().unwrap();
        assert_eq!(word(&state.refused(old.generation, T0)), "b");
    }

    #[test]
    fn a_renewal_that_brings_the_refused_token_rests() {
        let mut state = holding("a", 1000);
        let Want::Use(old) = state.want(T0) else { panic!("a token is held") };
        state.refused(old.generation, T0);
        let (id, ()) = state.take_off(|_| ());
        let held = state.landed(id, Ok(token("a", 1000)), false, T0).ok().unwrap();
        assert_eq!(held.generation, old.generation);
        assert_eq!(word(&state.want(after(1))), "a");
        assert_eq!(word(&state.refused(old.generation, after(29))), "a");
        assert_eq!(word(&state.refused(old.generation, after(30))), "refresh");
    }

    #[test]
    fn a_failure_is_shared_and_rests_and_a_valid_token_outlives_it() {
        let mut state = holding("a", 100);
        let (id, ()) = state.take_off(|_| ());
        let held = state.landed(id, Err(failure(Kind::Connect)), false, after(95)).ok().unwrap();
        assert_eq!(held.token.access_token().expose(), "a");
        assert_eq!(word(&state.want(after(95))), "a");
        let (id, ()) = state.take_off(|_| ());
        assert!(state.landed(id, Err(failure(Kind::LoginAgain)), false, after(100)).is_err());
        assert!(state.landed(id, Err(failure(Kind::LoginAgain)), false, after(100)).is_err());
        assert_eq!(word(&state.want(after(129))), "LoginAgain");
        assert_eq!(word(&state.want(after(130))), "refresh");
        drop(state.install(Some(token("b", 300))).unwrap());
        assert_eq!(word(&state.want(after(129))), "b");
    }

    #[test]
    fn one_refusal_by_an_odd_api_takes_nothing_from_the_other_calls() {
        let mut state = holding("a", 1000);
        let Want::Use(old) = state.want(T0) else { panic!("a token is held") };
        assert_eq!(word(&state.refused(old.generation, T0)), "refresh");
        let (id, ()) = state.take_off(|_| ());
        assert!(state.landed(id, Err(failure(Kind::LoginAgain)), true, T0).is_err());
        assert_eq!(word(&state.want(after(1))), "a");
        assert_eq!(word(&state.refused(old.generation, after(1))), "LoginAgain");
        assert_eq!(word(&state.want(after(900))), "a");
    }

    #[test]
    fn a_renewal_that_was_replaced_is_told_so() {
        let mut state = holding("a", 100);
        let (id, ()) = state.take_off(|_| ());
        assert!(state.is_flying(id));
        drop(state.install(Some(token("c", 300))).unwrap());
        assert!(!state.is_flying(id));
        let held = state.landed(id, Ok(token("b", 200)), false, T0).ok().unwrap();
        assert_eq!(held.token.access_token().expose(), "c");
    }

    #[test]
    fn a_token_that_was_not_saved_is_saved_before_another_is_asked_for() {
        let mut state = holding("a", 100);
        let (id, ()) = state.take_off(|_| ());
        let unsaved = Failure { unsaved: Some(token("b", 300)), ..failure(Kind::TokenNotSaved) };
        assert!(state.landed(id, Err(unsaved), false, after(100)).is_err());
        assert_eq!(word(&state.want(after(101))), "save");
    }

    #[test]
    fn a_fresh_answer_is_used_once_by_everyone_however_short_its_life() {
        let mut state = holding("a", 100);
        let (id, ()) = state.take_off(|_| ());
        for _ in 0..3 {
            let held = state.landed(id, Ok(token("b", 50)), false, after(100)).ok().unwrap();
            assert_eq!(held.token.access_token().expose(), "b");
        }
        assert_eq!(word(&state.want(after(100))), "refresh");
    }

    #[test]
    fn what_no_header_can_carry_is_refused_without_showing_it() {
        let mut state = State::<()>::new();
        let error = state.install(Some(token("can\\nary", 100))).err().unwrap();
        assert_eq!(error.kind(), Kind::InvalidInput);
        assert!(!format!("{error:?}").contains("ary"));
    }
}
