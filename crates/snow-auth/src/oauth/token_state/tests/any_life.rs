//! Any life of a token: many callers, time that passes, and servers that respond in any way.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Call,
    /// The server refuses the token that an earlier call went out with.
    Refuse(usize),
    /// The flight ends: with a token that lives so long (0: the same one again), or a failure.
    Finish(Option<u64>),
    LoseSave,
    /// Everybody who waits gives up, while the token request is under way or a token is being saved.
    GiveUp {
        saving: bool,
    },
    /// Another process took the lease over, and the store holds nothing.
    Supersede,
    SetToken(u64),
    LogIn,
    LogOut,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..60_u64).prop_map(Step::Wait),
        8 => Just(Step::Call),
        3 => any::<usize>().prop_map(Step::Refuse),
        4 => prop::option::weighted(0.7, 0..120_u64).prop_map(Step::Finish),
        1 => Just(Step::LoseSave),
        2 => any::<bool>().prop_map(|saving| Step::GiveUp { saving }),
        1 => Just(Step::Supersede),
        1 => (0..120_u64).prop_map(Step::SetToken),
        1 => Just(Step::LogIn),
        1 => Just(Step::LogOut),
    ]
}

/// The machine with those who use it.
struct World {
    state: TokenMachine<u64>,
    now: u64,
    made: u64,
    /// The plan of the flight under way.
    in_flight: Option<(u64, RefreshPlan)>,
    /// Who waits for which flight.
    waiting: Vec<(u64, bool)>,
    /// What calls went out with.
    out: Vec<BearerHeader>,
}

impl World {
    fn new(means: Capabilities) -> Self {
        Self {
            state: TokenMachine::new(means),
            now: 1_000,
            made: 0,
            in_flight: None,
            waiting: Vec::new(),
            out: Vec::new(),
        }
    }

    fn make(&mut self, life: u64) -> Token {
        self.made += 1;
        token(&format!("t{}", self.made), self.now + life)
    }

    /// `refused` is the generation of the token that was.
    fn take_step(&mut self, want: NextStep<u64>, refused: Option<u64>) {
        match want {
            NextStep::Use(current) if refused == Some(current.header.generation) => {} // the 401 stands
            NextStep::Use(current) => {
                assert!(!current.token.is_expired(after(self.now)), "an expired token went out");
                self.out.push(current.header);
            }
            NextStep::Fail(_) => {}
            NextStep::Join(id, flight) => {
                assert_eq!(id, flight);
                let (in_flight, _) = self.in_flight.as_ref().expect("nobody joins what does not fly");
                assert_eq!(*in_flight, id, "there is one flight");
                self.state.add_waiter(id);
                self.waiting.push((id, refused.is_some()));
            }
            NextStep::Start(plan) => {
                assert!(self.in_flight.is_none(), "a second flight took off");
                let (id, _) = self.state.start_refresh(|id| id);
                self.in_flight = Some((id, plan));
                self.state.add_waiter(id);
                self.waiting.push((id, refused.is_some()));
            }
        }
    }

    /// Everybody who waits for a flight gets its result, and then nobody waits.
    fn finish(&mut self, result: Result<Refreshed, FailedRefresh>) {
        if self.waiting.is_empty() {
            return; // a flight that nobody waits for stands still
        }
        let Some((id, _)) = self.in_flight.take() else { return };
        for (waited, refused) in std::mem::take(&mut self.waiting) {
            assert_eq!(waited, id, "nobody waits for a flight that has ended");
            if let Ok(Some(current)) =
                self.state.finish_refresh(waited, result.clone(), refused, after(self.now))
            {
                self.out.push(current.header);
            }
        }
        assert!(!self.state.is_in_flight(id), "a flight that landed has ended");
    }

    /// A login, a logout or a stored token: what flew before ends, too, and is told that it is for nothing.
    fn replaced(&mut self) {
        let Some((id, _)) = self.in_flight.take() else { return };
        assert!(!self.state.is_in_flight(id));
        for (waited, refused) in std::mem::take(&mut self.waiting) {
            let late = Ok(refreshed(token("late", self.now + 50)));
            let landed = self.state.finish_refresh(waited, late, refused, after(self.now));
            assert!(matches!(landed, Ok(None)), "nobody goes out with what was overtaken");
        }
    }

    /// A flight is kept, or it ends and its token is not lost. Without a store it is always kept.
    fn give_up(&mut self, saving: bool) {
        let obtained = saving.then(|| self.make(100));
        let mut ended = false;
        for (id, _) in std::mem::take(&mut self.waiting) {
            let abandonment = |_: &u64| match &obtained {
                Some(token) => Abandonment::End(Some(token.clone())),
                None => Abandonment::Keep,
            };
            ended |= self.state.remove_waiter(id, abandonment).is_some();
        }
        if ended {
            let (id, _) = self.in_flight.take().expect("what ended was in flight");
            assert!(!self.state.is_in_flight(id));
            assert_eq!(self.state.newest(), obtained.as_ref(), "the token is not lost");
        }
        assert!(!ended || saving);
        assert!(self.in_flight.as_ref().is_none_or(|(id, _)| self.state.is_in_flight(*id)), "it is kept");
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Wait(seconds) => self.now += seconds,
            Step::Call => {
                let want = self.state.next_step(after(self.now));
                self.take_step(want, None);
            }
            Step::Refuse(which) if !self.out.is_empty() => {
                let refused = self.out[which % self.out.len()].generation;
                let want = self.state.refused(refused, after(self.now));
                self.take_step(want, Some(refused));
            }
            Step::Refuse(_) => {}
            Step::GiveUp { saving } => self.give_up(saving),
            Step::Finish(None) => self.finish(Err(failure(ErrorKind::Connect))),
            Step::Finish(Some(life)) => {
                let token = match (&self.in_flight, life) {
                    (Some((_, RefreshPlan::Save { token, .. })), _) => token.clone(),
                    (Some((_, RefreshPlan::Replace { old: Some(old), .. })), 0) => old.clone(),
                    _ => self.make(life),
                };
                self.finish(Ok(refreshed(token)));
            }
            Step::LoseSave => {
                let unsaved = self.make(100);
                self.finish(Err(not_saved(unsaved)));
            }
            Step::Supersede => {
                let flies = !self.waiting.is_empty();
                self.finish(Err(FailedRefresh::superseded(Error::new(
                    ErrorKind::TokenNotSaved,
                    "superseded",
                ))));
                let has_unsaved = self.state.unsaved.is_some();
                assert!(!(flies && has_unsaved), "what was superseded is not saved later");
            }
            Step::SetToken(life) => {
                let token = self.make(life);
                drop(self.state.set_token(Some(token)).unwrap());
                self.replaced();
            }
            Step::LogOut => {
                drop(self.state.set_token(None).unwrap());
                self.replaced();
            }
            Step::LogIn => {
                let token = self.make(100);
                drop(self.state.log_in(token.clone()));
                self.replaced();
                let (id, _) = self.state.start_refresh(|id| id);
                self.in_flight = Some((id, RefreshPlan::Save { token, login: true }));
                self.state.add_waiter(id);
                self.waiting.push((id, true));
            }
        }
    }

    /// What those see who take no lock is what the machine itself says.
    fn check_header(&self) {
        let Some((header, until)) = self.state.header() else { return };
        if until.is_some_and(|until| after(self.now) >= until) {
            return;
        }
        match self.state.next_step(after(self.now)) {
            NextStep::Use(current) => assert_eq!(current.header.generation, header.generation),
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
        let mut world = World::new(Capabilities { store, grant, best_effort, password: false });
        for step in steps {
            world.apply(step);
            world.check_header();
        }
        // However it came to this: once the flight lands and time goes on, a call gets somewhere.
        world.finish(Err(failure(ErrorKind::Connect)));
        assert!(world.waiting.is_empty());
        world.now += 10_000;
        let token = world.make(100);
        drop(world.state.set_token(Some(token)).unwrap());
        assert!(matches!(world.state.next_step(after(world.now)), NextStep::Use(_)));
    }
}
