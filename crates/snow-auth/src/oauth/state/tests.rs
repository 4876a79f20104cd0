//! The life of a token, told as stories; and any life at all.

use super::*;

const T0: SystemTime = SystemTime::UNIX_EPOCH;

fn after(seconds: u64) -> SystemTime {
    T0 + Duration::from_secs(seconds)
}

fn token(access: &str, end: u64) -> Token {
    let json =
        format!(r#"{{"access_token":"{access}","refresh_token":"r","expires_in":100,"expires_at":{end}.0}}"#);
    serde_json::from_str(&json).unwrap()
}

fn holding(access: &str, end: u64) -> State<()> {
    let mut state = State::new(Means::default());
    drop(state.install(Some(token(access, end))).unwrap());
    state
}

/// `Want` in a word.
fn word<F>(want: &Want<F>) -> String {
    match want {
        Want::Use(held) => held.token.access_token().expose().to_owned(),
        Want::Join(..) => "join".into(),
        Want::Start(Plan::Obtain { old: Some(_), .. }) => "refresh".into(),
        Want::Start(Plan::Obtain { old: None, .. }) => "begin".into(),
        Want::Start(Plan::Save { .. }) => "save".into(),
        Want::Fail(error) => format!("{:?}", error.kind()),
    }
}

fn obtained(token: Token) -> Obtained {
    Obtained { token, unsaved: None }
}

fn failure(kind: Kind) -> Failure {
    Failure { error: Error::new(kind, "as the test says"), unsaved: None }
}

#[test]
fn without_a_token_nothing_goes_out() {
    assert_eq!(word(&State::<()>::new(Means::default()).want(T0)), "NoToken");
}

#[test]
fn one_caller_renews_ahead_while_the_others_go_on() {
    let mut state = holding("a", 100);
    assert_eq!(word(&state.want(after(89))), "a");
    assert_eq!(word(&state.want(after(90))), "refresh");
    let (id, ()) = state.take_off(|_| ());
    assert_eq!(word(&state.want(after(90))), "a");
    assert_eq!(word(&state.want(after(100))), "join");
    state.landed(id, Ok(obtained(token("b", 200))), false, after(101)).ok().unwrap().unwrap();
    assert_eq!(word(&state.want(after(101))), "b");
}

#[test]
fn the_same_token_again_is_not_renewed_ahead_a_second_time() {
    let mut state = holding("a", 100);
    let (id, ()) = state.take_off(|_| ());
    state.landed(id, Ok(obtained(token("a", 105))), false, after(90)).ok().unwrap().unwrap();
    assert_eq!(word(&state.want(after(104))), "a");
    assert_eq!(word(&state.want(after(105))), "refresh");
}

#[test]
fn a_refusal_counts_only_for_the_current_token() {
    let mut state = holding("a", 100);
    let Want::Use(old) = state.want(T0) else { panic!("a token is held") };
    assert_eq!(word(&state.refused(old.ready.generation, T0)), "refresh");
    let (id, ()) = state.take_off(|_| ());
    assert_eq!(word(&state.want(T0)), "join");
    state.landed(id, Ok(obtained(token("b", 100))), false, T0).ok().unwrap().unwrap();
    assert_eq!(word(&state.refused(old.ready.generation, T0)), "b");
}

#[test]
fn a_renewal_that_brings_the_refused_token_rests() {
    let mut state = holding("a", 1000);
    let Want::Use(old) = state.want(T0) else { panic!("a token is held") };
    state.refused(old.ready.generation, T0);
    let (id, ()) = state.take_off(|_| ());
    let held = state.landed(id, Ok(obtained(token("a", 1000))), false, T0).ok().unwrap().unwrap();
    assert_eq!(held.ready.generation, old.ready.generation);
    assert_eq!(word(&state.want(after(1))), "a");
    assert_eq!(word(&state.refused(old.ready.generation, after(29))), "a");
    assert_eq!(word(&state.refused(old.ready.generation, after(30))), "refresh");
}

#[test]
fn a_failure_is_shared_and_rests_and_a_valid_token_outlives_it() {
    let mut state = holding("a", 100);
    let (id, ()) = state.take_off(|_| ());
    let held = state.landed(id, Err(failure(Kind::Connect)), false, after(95)).ok().unwrap().unwrap();
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
    assert_eq!(word(&state.refused(old.ready.generation, T0)), "refresh");
    let (id, ()) = state.take_off(|_| ());
    assert!(state.landed(id, Err(failure(Kind::LoginAgain)), true, T0).is_err());
    assert_eq!(word(&state.want(after(1))), "a");
    assert_eq!(word(&state.refused(old.ready.generation, after(1))), "LoginAgain");
    assert_eq!(word(&state.want(after(900))), "a");
}

#[test]
fn a_renewal_that_was_replaced_is_told_so() {
    let mut state = holding("a", 100);
    let (id, ()) = state.take_off(|_| ());
    assert!(state.is_flying(id));
    drop(state.install(Some(token("c", 300))).unwrap());
    assert!(!state.is_flying(id));
    let landed = state.landed(id, Ok(obtained(token("b", 200))), false, T0);
    assert!(matches!(landed, Ok(None)), "it is to ask again");
    assert_eq!(word(&state.want(T0)), "c");
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
        let held = state.landed(id, Ok(obtained(token("b", 50))), false, after(100)).ok().unwrap().unwrap();
        assert_eq!(held.token.access_token().expose(), "b");
    }
    assert_eq!(word(&state.want(after(100))), "refresh");
}

#[test]
fn what_no_header_can_carry_is_refused_without_showing_it() {
    let mut state = State::<()>::new(Means::default());
    let error = state.install(Some(token("can\\nary", 100))).err().unwrap();
    assert_eq!(error.kind(), Kind::InvalidInput);
    assert!(!format!("{error:?}").contains("ary"));
}

#[test]
fn a_grant_and_a_store_are_ways_to_a_first_token_unless_the_user_logged_out() {
    let with = |store, grant| State::<()>::new(Means { store, grant, ..Means::default() });
    assert_eq!(word(&with(true, false).want(T0)), "begin");
    assert_eq!(word(&with(false, true).want(T0)), "begin");
    let mut logged_out = with(true, false);
    drop(logged_out.install(None).unwrap());
    assert_eq!(word(&logged_out.want(T0)), "NoToken");
    let mut logged_out = with(true, true);
    drop(logged_out.install(None).unwrap());
    assert!(matches!(logged_out.want(T0), Want::Start(Plan::Obtain { old: None, look: false })));
}

#[test]
fn with_best_effort_a_token_that_is_refused_is_renewed_and_not_only_saved() {
    let mut state = State::new(Means { store: true, best_effort: true, ..Means::default() });
    drop(state.install(Some(token("a", 1000))).unwrap());
    let (id, ()) = state.take_off(|_| ());
    let error = Error::new(Kind::TokenNotSaved, "the disk is full");
    let unsaved = Obtained { token: token("b", 1000), unsaved: Some(error) };
    let held = state.landed(id, Ok(unsaved), false, T0).ok().unwrap().unwrap();
    held.ready.accepted();
    assert_eq!(word(&state.refused(held.ready.generation, after(1))), "refresh");
    let (id, ()) = state.take_off(|_| ());
    let new = state.landed(id, Ok(obtained(token("c", 1000))), true, after(1)).ok().unwrap().unwrap();
    assert_eq!(new.token.access_token().expose(), "c");
}

#[test]
fn a_refused_password_is_left_alone_for_long() {
    let mut state = State::<()>::new(Means { grant: true, password: true, ..Means::default() });
    let (id, ()) = state.take_off(|_| ());
    assert!(state.landed(id, Err(failure(Kind::TokenRefused)), false, T0).is_err());
    assert_eq!(word(&state.want(after(1_799))), "TokenRefused");
    assert_eq!(word(&state.want(after(1_800))), "begin");
}

#[test]
fn a_flight_that_nobody_waits_for_is_given_up_where_others_share_the_store() {
    for shared in [true, false] {
        let mut state = State::<()>::new(Means { store: shared, ..Means::default() });
        let (id, ()) = state.take_off(|_| ());
        state.joined(id);
        state.joined(id);
        assert_eq!(state.left(id), None);
        assert_eq!(state.left(id).is_some(), shared);
        assert_eq!(state.is_flying(id), !shared);
    }
}

#[test]
fn with_best_effort_a_token_that_was_not_saved_is_used_and_given_to_the_store_again() {
    let mut state = State::new(Means { store: true, best_effort: true, ..Means::default() });
    drop(state.install(Some(token("a", 100))).unwrap());
    let (id, ()) = state.take_off(|_| ());
    let error = Error::new(Kind::TokenNotSaved, "the disk is full");
    let unsaved = Obtained { token: token("b", 200), unsaved: Some(error) };
    state.landed(id, Ok(unsaved), false, after(90)).ok().unwrap().unwrap();
    assert_eq!(word(&state.want(after(91))), "b");
    assert_eq!(state.ready().unwrap().1, Some(after(120)));
    assert_eq!(word(&state.want(after(120))), "save");
    let (id, ()) = state.take_off(|_| ());
    assert_eq!(word(&state.want(after(120))), "b");
    assert!(state.store_error().is_some());
    state.landed(id, Ok(obtained(token("b", 200))), false, after(120)).ok().unwrap().unwrap();
    assert!(state.store_error().is_none());
    assert_eq!(word(&state.want(after(121))), "b");
}

#[test]
fn a_token_that_was_never_saved_and_is_over_gives_its_refresh_token() {
    let mut state = holding("a", 100);
    let (id, ()) = state.take_off(|_| ());
    let unsaved = Failure { unsaved: Some(token("b", 150)), ..failure(Kind::TokenNotSaved) };
    assert!(state.landed(id, Err(unsaved), false, after(100)).is_err());
    let Want::Start(Plan::Obtain { old: Some(old), .. }) = state.want(after(150)) else { panic!("renewed") };
    assert_eq!(old.access_token().expose(), "b");
}

#[test]
fn an_endpoint_that_asks_to_be_left_alone_is_left_alone_for_an_hour_at_most() {
    for (asked, rest) in [(5, 5), (100_000, 3_600)] {
        let mut state = holding("a", 100);
        let (id, ()) = state.take_off(|_| ());
        let error = Error::new(Kind::Busy, "as the test says").with_retry_after(Duration::from_secs(asked));
        assert!(state.landed(id, Err(error.into()), false, after(100)).is_err());
        assert_eq!(word(&state.want(after(99 + rest))), "Busy");
        assert_eq!(word(&state.want(after(100 + rest))), "refresh");
    }
}

/// Any life of a token: many callers, a clock that goes on, servers that say whatever they like.
mod any_life {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Wait(u64),
        Call,
        /// The server refuses the token that an earlier call went out with.
        Refuse(usize),
        /// The flight ends: with a token that lives so long (0: the same one again), or a failure.
        Land(Option<u64>),
        LoseSave,
        SetToken(u64),
        LogIn,
        LogOut,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..60_u64).prop_map(Step::Wait),
            8 => Just(Step::Call),
            3 => any::<usize>().prop_map(Step::Refuse),
            4 => prop::option::weighted(0.7, 0..120_u64).prop_map(Step::Land),
            1 => Just(Step::LoseSave),
            1 => (0..120_u64).prop_map(Step::SetToken),
            1 => Just(Step::LogIn),
            1 => Just(Step::LogOut),
        ]
    }

    /// The machine with those who use it.
    struct World {
        state: State<u64>,
        now: u64,
        made: u64,
        /// The plan of the flight under way.
        flying: Option<(u64, Plan)>,
        /// Who waits for which flight.
        waiting: Vec<(u64, bool)>,
        /// What calls went out with.
        out: Vec<Ready>,
    }

    impl World {
        fn new(means: Means) -> Self {
            Self {
                state: State::new(means),
                now: 1_000,
                made: 0,
                flying: None,
                waiting: Vec::new(),
                out: Vec::new(),
            }
        }

        fn make(&mut self, life: u64) -> Token {
            self.made += 1;
            token(&format!("t{}", self.made), self.now + life)
        }

        /// `refused` is the generation of the token that was.
        fn asked(&mut self, want: Want<u64>, refused: Option<u64>) {
            match want {
                Want::Use(held) if refused == Some(held.ready.generation) => {} // the 401 stands
                Want::Use(held) => {
                    assert!(!held.is_over(after(self.now)), "an expired token went out");
                    self.out.push(held.ready);
                }
                Want::Fail(_) => {}
                Want::Join(id, flight) => {
                    assert_eq!(id, flight);
                    let (flying, _) = self.flying.as_ref().expect("nobody joins what does not fly");
                    assert_eq!(*flying, id, "there is one flight");
                    self.waiting.push((id, refused.is_some()));
                }
                Want::Start(plan) => {
                    assert!(self.flying.is_none(), "a second flight took off");
                    let (id, _) = self.state.take_off(|id| id);
                    self.flying = Some((id, plan));
                    self.waiting.push((id, refused.is_some()));
                }
            }
        }

        /// Everybody who waits for a flight is answered by it, and then nobody waits.
        fn land(&mut self, result: Result<Obtained, Failure>) {
            let Some((id, _)) = self.flying.take() else { return };
            for (waited, refused) in std::mem::take(&mut self.waiting) {
                assert_eq!(waited, id, "nobody waits for a flight that is over");
                if let Ok(Some(held)) = self.state.landed(waited, result.clone(), refused, after(self.now)) {
                    self.out.push(held.ready);
                }
            }
            assert!(!self.state.is_flying(id), "a flight that landed is over");
        }

        /// A login, a logout or a stored token: what flew before ends, too, and is told that it is for nothing.
        fn replaced(&mut self) {
            let Some((id, _)) = self.flying.take() else { return };
            assert!(!self.state.is_flying(id));
            for (waited, refused) in std::mem::take(&mut self.waiting) {
                let late = Ok(obtained(token("late", self.now + 50)));
                let landed = self.state.landed(waited, late, refused, after(self.now));
                assert!(matches!(landed, Ok(None)), "nobody goes out with what was overtaken");
            }
        }

        fn take(&mut self, step: Step) {
            match step {
                Step::Wait(seconds) => self.now += seconds,
                Step::Call => {
                    let want = self.state.want(after(self.now));
                    self.asked(want, None);
                }
                Step::Refuse(which) if !self.out.is_empty() => {
                    let refused = self.out[which % self.out.len()].generation;
                    let want = self.state.refused(refused, after(self.now));
                    self.asked(want, Some(refused));
                }
                Step::Refuse(_) => {}
                Step::Land(None) => self.land(Err(failure(Kind::Connect))),
                Step::Land(Some(life)) => {
                    let token = match (&self.flying, life) {
                        (Some((_, Plan::Save { token, .. })), _) => token.clone(),
                        (Some((_, Plan::Obtain { old: Some(old), .. })), 0) => old.clone(),
                        _ => self.make(life),
                    };
                    self.land(Ok(obtained(token)));
                }
                Step::LoseSave => {
                    let unsaved = Some(self.make(100));
                    self.land(Err(Failure { unsaved, ..failure(Kind::TokenNotSaved) }));
                }
                Step::SetToken(life) => {
                    let token = self.make(life);
                    drop(self.state.install(Some(token)).unwrap());
                    self.replaced();
                }
                Step::LogOut => {
                    drop(self.state.install(None).unwrap());
                    self.replaced();
                }
                Step::LogIn => {
                    let token = self.make(100);
                    drop(self.state.log_in(token.clone()));
                    self.replaced();
                    let (id, _) = self.state.take_off(|id| id);
                    self.flying = Some((id, Plan::Save { token, login: true }));
                    self.waiting.push((id, true));
                }
            }
        }

        /// What those see who take no lock is what the machine itself says.
        fn check_ready(&self) {
            let Some((ready, until)) = self.state.ready() else { return };
            if until.is_some_and(|until| after(self.now) >= until) {
                return;
            }
            match self.state.want(after(self.now)) {
                Want::Use(held) => assert_eq!(held.ready.generation, ready.generation),
                _ => panic!("ready, and yet there is something to do"),
            }
        }
    }

    proptest! {
        #[test]
        fn has_one_flight_at_a_time_sends_no_expired_token_and_leaves_nobody_waiting(
            (store, grant, best_effort) in any::<(bool, bool, bool)>(),
            steps in prop::collection::vec(step(), 1..80),
        ) {
            let mut world = World::new(Means { store, grant, best_effort, password: false });
            for step in steps {
                world.take(step);
                world.check_ready();
            }
            // However it came to this: once the flight lands and time goes on, a call gets somewhere.
            world.land(Err(failure(Kind::Connect)));
            assert!(world.waiting.is_empty());
            world.now += 10_000;
            let token = world.make(100);
            drop(world.state.install(Some(token)).unwrap());
            assert!(matches!(world.state.want(after(world.now)), Want::Use(_)));
        }
    }
}

/// Nobody is ever let in, whatever the server gives: one renewal, and then a rest.
#[test]
fn a_token_that_came_for_a_refused_one_and_was_never_let_in_rests() {
    let mut state = holding("a", 1000);
    let Want::Use(old) = state.want(T0) else { panic!("a token is held") };
    assert_eq!(word(&state.refused(old.ready.generation, T0)), "refresh");
    let (id, ()) = state.take_off(|_| ());
    let new = state.landed(id, Ok(obtained(token("b", 1000))), true, T0).ok().unwrap().unwrap();
    assert_eq!(word(&state.refused(new.ready.generation, T0)), "b");
    assert_eq!(word(&state.refused(new.ready.generation, after(29))), "b");
    assert_eq!(word(&state.refused(new.ready.generation, after(30))), "refresh", "one renewal a rest");
    let (id, ()) = state.take_off(|_| ());
    let third = state.landed(id, Ok(obtained(token("c", 1000))), true, after(30)).ok().unwrap().unwrap();
    third.ready.accepted();
    assert_eq!(
        word(&state.refused(third.ready.generation, after(31))),
        "refresh",
        "it was let in: it was revoked"
    );
}
