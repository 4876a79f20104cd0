//! The life of a token as scenarios, and as random histories.

mod any_life;

use super::*;
use std::time::Duration;

const T0: SystemTime = SystemTime::UNIX_EPOCH;

fn after(seconds: u64) -> SystemTime {
    T0 + Duration::from_secs(seconds)
}

fn token(access: &str, end: u64) -> Token {
    let json =
        format!(r#"{{"access_token":"{access}","refresh_token":"r","expires_in":100,"expires_at":{end}.0}}"#);
    serde_json::from_str(&json).unwrap()
}

fn holding(access: &str, end: u64) -> TokenMachine<()> {
    let mut state = TokenMachine::new(Capabilities::default());
    drop(state.set_token(Some(token(access, end))).unwrap());
    state
}

/// `NextStep` as one word.
fn word<F>(want: &NextStep<F>) -> String {
    match want {
        NextStep::Use(current) => current.token.access_token().expose().to_owned(),
        NextStep::Join(..) => "join".into(),
        NextStep::Start(RefreshPlan::Replace { old: Some(_), .. }) => "refresh".into(),
        NextStep::Start(RefreshPlan::Replace { old: None, .. }) => "begin".into(),
        NextStep::Start(RefreshPlan::Save { .. }) => "save".into(),
        NextStep::Fail(error) => format!("{:?}", error.kind()),
    }
}

fn refreshed(token: Token) -> Refreshed {
    Refreshed::saved(token)
}

fn failure(kind: ErrorKind) -> FailedRefresh {
    Error::new(kind, "as the test says").into()
}

fn not_saved(token: Token) -> FailedRefresh {
    FailedRefresh::unsaved(Error::new(ErrorKind::TokenNotSaved, "as the test says"), token)
}

#[test]
fn without_a_token_nothing_goes_out() {
    assert_eq!(word(&TokenMachine::<()>::new(Capabilities::default()).next_step(T0)), "NoToken");
}

#[test]
fn one_caller_refreshes_ahead_while_the_others_go_on() {
    let mut state = holding("a", 100);
    assert_eq!(word(&state.next_step(after(89))), "a");
    assert_eq!(word(&state.next_step(after(90))), "refresh");
    let (id, ()) = state.start_refresh(|_| ());
    assert_eq!(word(&state.next_step(after(90))), "a");
    assert_eq!(word(&state.next_step(after(100))), "join");
    state.finish_refresh(id, Ok(refreshed(token("b", 200))), false, after(101)).ok().unwrap().unwrap();
    assert_eq!(word(&state.next_step(after(101))), "b");
}

#[test]
fn the_same_token_again_is_not_refreshed_ahead_a_second_time() {
    let mut state = holding("a", 100);
    let (id, ()) = state.start_refresh(|_| ());
    state.finish_refresh(id, Ok(refreshed(token("a", 105))), false, after(90)).ok().unwrap().unwrap();
    assert_eq!(word(&state.next_step(after(104))), "a");
    assert_eq!(word(&state.next_step(after(105))), "refresh");
}

#[test]
fn a_refusal_counts_only_for_the_current_token() {
    let mut state = holding("a", 100);
    let NextStep::Use(old) = state.next_step(T0) else { panic!("a token is held") };
    assert_eq!(word(&state.refused(old.header.generation, T0)), "refresh");
    let (id, ()) = state.start_refresh(|_| ());
    assert_eq!(word(&state.next_step(T0)), "join");
    state.finish_refresh(id, Ok(refreshed(token("b", 100))), false, T0).ok().unwrap().unwrap();
    assert_eq!(word(&state.refused(old.header.generation, T0)), "b");
}

#[test]
fn a_refresh_that_brings_the_refused_token_cools_down() {
    let mut state = holding("a", 1000);
    let NextStep::Use(old) = state.next_step(T0) else { panic!("a token is held") };
    state.refused(old.header.generation, T0);
    let (id, ()) = state.start_refresh(|_| ());
    let current = state.finish_refresh(id, Ok(refreshed(token("a", 1000))), false, T0).ok().unwrap().unwrap();
    assert_eq!(current.header.generation, old.header.generation);
    assert_eq!(word(&state.next_step(after(1))), "a");
    assert_eq!(word(&state.refused(old.header.generation, after(29))), "a");
    assert_eq!(word(&state.refused(old.header.generation, after(30))), "refresh");
}

#[test]
fn a_failure_is_shared_and_cools_down_and_a_valid_token_outlives_it() {
    let mut state = holding("a", 100);
    let (id, ()) = state.start_refresh(|_| ());
    let current =
        state.finish_refresh(id, Err(failure(ErrorKind::Connect)), false, after(95)).ok().unwrap().unwrap();
    assert_eq!(current.token.access_token().expose(), "a");
    assert_eq!(word(&state.next_step(after(95))), "a");
    let (id, ()) = state.start_refresh(|_| ());
    assert!(
        state
            .finish_refresh(id, Err(failure(ErrorKind::ReauthenticationRequired)), false, after(100))
            .is_err()
    );
    assert!(
        state
            .finish_refresh(id, Err(failure(ErrorKind::ReauthenticationRequired)), false, after(100))
            .is_err()
    );
    assert_eq!(word(&state.next_step(after(129))), "ReauthenticationRequired");
    assert_eq!(word(&state.next_step(after(130))), "refresh");
    drop(state.set_token(Some(token("b", 300))).unwrap());
    assert_eq!(word(&state.next_step(after(129))), "b");
}

/// Its timeout began to run for callers that are gone.
#[test]
fn a_refresh_that_everybody_gave_up_and_that_is_late_fails_nobody() {
    for (abandoned, kind, asks_again) in [
        (true, ErrorKind::TimedOut, true),
        (true, ErrorKind::ReauthenticationRequired, false),
        (false, ErrorKind::TimedOut, false),
    ] {
        let mut state = holding("a", 100);
        let (id, ()) = state.start_refresh(|_| ());
        state.add_waiter(id);
        if abandoned {
            let kept = state.remove_waiter(id, |()| panic!("without a store it is kept"));
            assert!(kept.is_none(), "its response may hold the only refresh token");
        }
        for _ in 0..2 {
            state.add_waiter(id);
        }
        for _ in 0..2 {
            let landed = state.finish_refresh(id, Err(failure(kind)), false, after(200));
            assert_eq!(matches!(landed, Ok(None)), asks_again, "{kind:?}");
        }
        let next = if asks_again { "refresh".to_owned() } else { format!("{kind:?}") };
        assert_eq!(word(&state.next_step(after(200))), next, "{abandoned}");
    }
}

#[test]
fn one_refusal_by_an_odd_api_takes_nothing_from_the_other_calls() {
    let mut state = holding("a", 1000);
    let NextStep::Use(old) = state.next_step(T0) else { panic!("a token is held") };
    assert_eq!(word(&state.refused(old.header.generation, T0)), "refresh");
    let (id, ()) = state.start_refresh(|_| ());
    assert!(state.finish_refresh(id, Err(failure(ErrorKind::ReauthenticationRequired)), true, T0).is_err());
    assert_eq!(word(&state.next_step(after(1))), "a");
    assert_eq!(word(&state.refused(old.header.generation, after(1))), "ReauthenticationRequired");
    assert_eq!(word(&state.next_step(after(900))), "a");
}

#[test]
fn a_refresh_that_was_replaced_asks_again() {
    let mut state = holding("a", 100);
    let (id, ()) = state.start_refresh(|_| ());
    assert!(state.is_in_flight(id));
    drop(state.set_token(Some(token("c", 300))).unwrap());
    assert!(!state.is_in_flight(id));
    let landed = state.finish_refresh(id, Ok(refreshed(token("b", 200))), false, T0);
    assert!(matches!(landed, Ok(None)), "it is to ask again");
    assert_eq!(word(&state.next_step(T0)), "c");
}

#[test]
fn a_token_that_was_not_saved_is_saved_before_another_is_requested() {
    let mut state = holding("a", 100);
    let (id, ()) = state.start_refresh(|_| ());
    let unsaved = not_saved(token("b", 300));
    assert!(state.finish_refresh(id, Err(unsaved), false, after(100)).is_err());
    assert_eq!(word(&state.next_step(after(101))), "save");
}

#[test]
fn a_token_whose_lease_was_taken_over_is_not_saved_later() {
    let mut state = TokenMachine::new(Capabilities { store: true, ..Capabilities::default() });
    drop(state.log_in(token("a", 100)));
    assert_eq!(word(&state.next_step(T0)), "save");
    let (id, ()) = state.start_refresh(|_| ());
    let superseded = FailedRefresh::superseded(Error::new(ErrorKind::TokenNotSaved, "as the test says"));
    assert!(state.finish_refresh(id, Err(superseded), false, T0).is_err());
    assert!(state.newest().is_none());
    assert_eq!(word(&state.next_step(after(1))), "begin", "the store is read");
}

#[test]
fn a_fresh_token_is_used_once_by_everyone_however_short_its_lifetime() {
    let mut state = holding("a", 100);
    let (id, ()) = state.start_refresh(|_| ());
    for _ in 0..3 {
        let current =
            state.finish_refresh(id, Ok(refreshed(token("b", 50))), false, after(100)).ok().unwrap().unwrap();
        assert_eq!(current.token.access_token().expose(), "b");
    }
    assert_eq!(word(&state.next_step(after(100))), "refresh");
}

#[test]
fn a_token_that_no_header_can_carry_is_refused_without_showing_it() {
    let mut state = TokenMachine::<()>::new(Capabilities::default());
    let error = state.set_token(Some(token("can\\nary", 100))).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(!format!("{error:?}").contains("ary"));
}

#[test]
fn a_grant_and_a_store_are_ways_to_a_first_token_unless_the_user_logged_out() {
    let with =
        |store, grant| TokenMachine::<()>::new(Capabilities { store, grant, ..Capabilities::default() });
    assert_eq!(word(&with(true, false).next_step(T0)), "begin");
    assert_eq!(word(&with(false, true).next_step(T0)), "begin");
    let mut logged_out = with(true, false);
    drop(logged_out.set_token(None).unwrap());
    assert_eq!(word(&logged_out.next_step(T0)), "NoToken");
    let mut logged_out = with(true, true);
    drop(logged_out.set_token(None).unwrap());
    assert!(matches!(
        logged_out.next_step(T0),
        NextStep::Start(RefreshPlan::Replace { old: None, read_store: false })
    ));
}

#[test]
fn with_best_effort_a_token_that_is_refused_is_refreshed_and_not_only_saved() {
    let mut state =
        TokenMachine::new(Capabilities { store: true, best_effort: true, ..Capabilities::default() });
    drop(state.set_token(Some(token("a", 1000))).unwrap());
    let (id, ()) = state.start_refresh(|_| ());
    let error = Error::new(ErrorKind::TokenNotSaved, "the disk is full");
    let unsaved = Refreshed { token: token("b", 1000), store_error: Some(error) };
    let current = state.finish_refresh(id, Ok(unsaved), false, T0).ok().unwrap().unwrap();
    current.header.mark_accepted();
    assert_eq!(word(&state.refused(current.header.generation, after(1))), "refresh");
    let (id, ()) = state.start_refresh(|_| ());
    let new =
        state.finish_refresh(id, Ok(refreshed(token("c", 1000))), true, after(1)).ok().unwrap().unwrap();
    assert_eq!(new.token.access_token().expose(), "c");
}

#[test]
fn a_refused_password_is_not_sent_again_for_long() {
    let mut state =
        TokenMachine::<()>::new(Capabilities { grant: true, password: true, ..Capabilities::default() });
    let (id, ()) = state.start_refresh(|_| ());
    assert!(state.finish_refresh(id, Err(failure(ErrorKind::TokenRefused)), false, T0).is_err());
    assert_eq!(word(&state.next_step(after(1_799))), "TokenRefused");
    assert_eq!(word(&state.next_step(after(1_800))), "begin");
}

#[test]
fn a_refresh_that_nobody_waits_for_is_kept_or_ends_without_losing_its_token() {
    let abandoned = |abandonment: Abandonment| {
        let mut state = TokenMachine::<()>::new(Capabilities { store: true, ..Capabilities::default() });
        let (id, ()) = state.start_refresh(|_| ());
        state.add_waiter(id);
        state.add_waiter(id);
        assert_eq!(state.remove_waiter(id, |()| panic!("somebody waits")), None);
        let ended = state.remove_waiter(id, |()| abandonment).is_some();
        assert_eq!(state.is_in_flight(id), !ended);
        (ended, word(&state.next_step(T0)))
    };
    assert_eq!(abandoned(Abandonment::Keep), (false, "join".into()));
    assert_eq!(abandoned(Abandonment::End(None)), (true, "begin".into()));
    assert_eq!(abandoned(Abandonment::End(Some(token("a", 100)))), (true, "save".into()));
}

/// It lasts for as long as the process that sent the password says, and not from the moment on in which this one heard of it.
#[test]
fn a_password_that_another_process_sent_rests_until_the_same_moment() {
    let mut state =
        TokenMachine::<()>::new(Capabilities { grant: true, password: true, ..Capabilities::default() });
    let (id, ()) = state.start_refresh(|_| ());
    let refused = Error::new(ErrorKind::TokenRefused, "as the test says");
    let heard = FailedRefresh::of_other_process(refused, Duration::from_secs(60));
    assert!(state.finish_refresh(id, Err(heard), false, T0).is_err());
    assert_eq!(word(&state.next_step(after(59))), "TokenRefused");
    assert_eq!(word(&state.next_step(after(60))), "begin");
}

#[test]
fn with_best_effort_a_token_that_was_not_saved_is_used_and_given_to_the_store_again() {
    let mut state =
        TokenMachine::new(Capabilities { store: true, best_effort: true, ..Capabilities::default() });
    drop(state.set_token(Some(token("a", 100))).unwrap());
    let (id, ()) = state.start_refresh(|_| ());
    let error = Error::new(ErrorKind::TokenNotSaved, "the disk is full");
    let unsaved = Refreshed { token: token("b", 200), store_error: Some(error) };
    state.finish_refresh(id, Ok(unsaved), false, after(90)).ok().unwrap().unwrap();
    assert_eq!(word(&state.next_step(after(91))), "b");
    assert_eq!(state.header().unwrap().1, Some(after(120)));
    assert_eq!(word(&state.next_step(after(120))), "save");
    let (id, ()) = state.start_refresh(|_| ());
    assert_eq!(word(&state.next_step(after(120))), "b");
    assert!(state.store_error().is_some());
    state.finish_refresh(id, Ok(refreshed(token("b", 200))), false, after(120)).ok().unwrap().unwrap();
    assert!(state.store_error().is_none());
    assert_eq!(word(&state.next_step(after(121))), "b");
}

#[test]
fn a_token_that_was_never_saved_and_has_expired_gives_its_refresh_token() {
    let mut state = holding("a", 100);
    let (id, ()) = state.start_refresh(|_| ());
    let unsaved = not_saved(token("b", 150));
    assert!(state.finish_refresh(id, Err(unsaved), false, after(100)).is_err());
    let NextStep::Start(RefreshPlan::Replace { old: Some(old), .. }) = state.next_step(after(150)) else {
        panic!("refreshed")
    };
    assert_eq!(old.access_token().expose(), "b");
}

#[test]
fn an_endpoint_that_asks_to_be_left_alone_is_left_alone_for_an_hour_at_most() {
    for (asked, rest) in [(5, 5), (100_000, 3_600)] {
        let mut state = holding("a", 100);
        let (id, ()) = state.start_refresh(|_| ());
        let error = Error::new(ErrorKind::InstanceBusy, "as the test says")
            .with_retry_after(Duration::from_secs(asked));
        assert!(state.finish_refresh(id, Err(error.into()), false, after(100)).is_err());
        assert_eq!(word(&state.next_step(after(99 + rest))), "InstanceBusy");
        assert_eq!(word(&state.next_step(after(100 + rest))), "refresh");
    }
}

/// The instance lets nobody in, whatever token it issues: one refresh, and then a cool-down.
#[test]
fn a_token_that_came_for_a_refused_one_and_was_never_accepted_cools_down() {
    let mut state = holding("a", 1000);
    let NextStep::Use(old) = state.next_step(T0) else { panic!("a token is held") };
    assert_eq!(word(&state.refused(old.header.generation, T0)), "refresh");
    let (id, ()) = state.start_refresh(|_| ());
    let new = state.finish_refresh(id, Ok(refreshed(token("b", 1000))), true, T0).ok().unwrap().unwrap();
    assert_eq!(word(&state.refused(new.header.generation, T0)), "b");
    assert_eq!(word(&state.refused(new.header.generation, after(29))), "b");
    assert_eq!(word(&state.refused(new.header.generation, after(30))), "refresh", "one refresh a cool-down");
    let (id, ()) = state.start_refresh(|_| ());
    let third =
        state.finish_refresh(id, Ok(refreshed(token("c", 1000))), true, after(30)).ok().unwrap().unwrap();
    third.header.mark_accepted();
    assert_eq!(
        word(&state.refused(third.header.generation, after(31))),
        "refresh",
        "it was let in: it was revoked"
    );
}
