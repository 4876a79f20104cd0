//! An answer taken in piece by piece, and given out record by record.

use super::envelope::{Beside, Member, cut, odd};
use super::feed::Feed;
use super::scan::{self, DEPTH, Stop};
use super::shape::Shapes;
use super::split::Splitter;
use super::{Record, annotate, total};
use crate::{Error, Kind};
use bytes::Bytes;
use http::response::Parts;
use std::fmt;

/// What a single record may have at most, unless it is set: [`Records::max_record`].
const MAX_RECORD: usize = 16 << 20;

/// The records of an answer, while it comes: chunks of the body in, records out, and at the end whether it was whole.
///
/// Nothing is kept but what has not been given out: of a page of any size, that is as much of a record as has come. All of it
/// is checked. A record that is given out is good; that the answer is whole is known when [`next`](Self::next) has said
/// `None` after [`finish`](Self::finish), and not before: an error may stand behind the last record (facts 3.4).
///
/// ```
/// use snow_core::{Kind, decode::Records};
///
/// let mut records = Records::list();
/// records.push(r#"{"result":[{"number":"INC1"},{"num"#.into());
/// assert_eq!(records.next()?.unwrap().value("number")?, "INC1");
/// assert!(records.next()?.is_none());
///
/// records.push(r#"ber":"INC2"}],"error":{"message":"Transaction cancelled"},"status":"failure"}"#.into());
/// records.finish();
/// assert_eq!(records.next()?.unwrap().value("number")?, "INC2");
/// assert_eq!(records.next().unwrap_err().kind(), Kind::Cut);
/// # Ok::<_, snow_core::Error>(())
/// ```
pub struct Records {
    head: Option<Box<Parts>>,
    wanted: Wanted,
    max_record: usize,
    feed: Feed,
    splitter: Splitter,
    state: State,
    beside: Beside,
    /// What is wrong with it, told at the end unless the answer tells of an error itself.
    doubt: Option<Error>,
    /// Something is wrong, and no more records are given out.
    withheld: bool,
    begun: bool,
    failed: Option<Error>,
    given: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    List,
    One,
    /// Only what stands beside the result.
    Nothing,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// A member of the envelope, or its end.
    First,
    Member,
    Value(Member),
    AfterValue,
    /// A row, or the end of the list.
    FirstRow,
    Row,
    AfterRow,
    /// The one record that is the result.
    Single,
    /// Nothing but white space.
    Behind,
}

/// How a step ended that was no failure.
enum Step {
    Made,
    Found(Record),
    /// The answer is over, and nothing came behind it so far.
    Over,
}

enum Halt {
    Stop(Stop),
    Told(Error),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl Records {
    /// For the records of `{"result":[…]}`.
    pub fn list() -> Self {
        Self::new(Wanted::List)
    }

    /// For the one record of `{"result":{…}}`.
    pub fn one() -> Self {
        Self::new(Wanted::One)
    }

    /// For no record: only whether the answer is whole.
    pub(super) fn skipping() -> Self {
        Self::new(Wanted::Nothing)
    }

    fn new(wanted: Wanted) -> Self {
        Self {
            head: None,
            wanted,
            max_record: MAX_RECORD,
            feed: Feed::default(),
            splitter: Splitter::default(),
            state: State::Start,
            beside: Beside::default(),
            doubt: None,
            withheld: false,
            begun: false,
            failed: None,
            given: 0,
        }
    }

    /// Adds the head of the answer: errors then tell its status and transaction, and [`total`](Self::total) is known.
    #[must_use]
    pub fn head(mut self, head: Parts) -> Self {
        self.head = Some(Box::new(head));
        self
    }

    /// The largest record to take, in bytes, and the largest of what else may stand in an answer. 16 MiB by default.
    #[must_use]
    pub fn max_record(mut self, bytes: usize) -> Self {
        self.max_record = bytes;
        self
    }

    /// Tells that the request asked for what a person sees (`sysparm_display_value=true`). Then a field's text is no stored
    /// value, and only [`Displayed`](super::Displayed) reads it as a type.
    #[must_use]
    pub fn displayed(mut self, displayed: bool) -> Self {
        self.splitter.shapes = Shapes::new(displayed);
        self
    }

    /// Begins with what records looked like before.
    pub(super) fn shapes(mut self, shapes: Shapes) -> Self {
        self.splitter.shapes = shapes;
        self
    }

    /// An empty one for the next answer to the same question, which knows already what the records look like.
    #[must_use]
    pub fn again(&self) -> Self {
        let mut next = Self::new(self.wanted).max_record(self.max_record);
        next.splitter.shapes = self.splitter.shapes.clone();
        next
    }

    /// Takes a chunk of the body.
    pub fn push(&mut self, chunk: Bytes) {
        self.feed.push(chunk);
    }

    /// Takes note that the body is over.
    pub fn finish(&mut self) {
        self.feed.end();
    }

    /// The next record. `None` means: not enough has come; or, after [`finish`](Self::finish), that the answer was whole and all
    /// of its records have been given out.
    ///
    /// # Errors
    /// [`Kind::Cut`] if the answer breaks off, is malformed, tells of an error beside its result or has something else
    /// among its records. [`Kind::Decode`] if it is whole and holds something else, [`Kind::NotJson`] if it is a page,
    /// [`Kind::AnswerTooLarge`] for a record past the limit. What failed once stays so.
    #[expect(clippy::should_implement_trait, reason = "None is not the end before finish()")]
    pub fn next(&mut self) -> Result<Option<Record>, Error> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None => self.advance().map_err(|error| {
                let error = match &self.head {
                    Some(head) => annotate(error, head),
                    None => error,
                };
                self.failed = Some(error.clone());
                error
            }),
        }
    }

    /// How many bytes have come and not been given out.
    pub fn buffered(&self) -> usize {
        self.feed.len()
    }

    /// How many records have been given out.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// How many rows match the query, from `X-Total-Count`. It counts rows that the caller may not read, too (facts 9).
    pub fn total(&self) -> Option<u64> {
        total(&self.head.as_ref()?.headers)
    }

    /// Whether the result has begun.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// What the answer tells of an error so far.
    pub(super) fn fault(&self) -> Option<(String, String)> {
        self.beside.fault()
    }

    fn advance(&mut self) -> Result<Option<Record>, Error> {
        while self.feed.is_ready() {
            match self.step() {
                Ok(Step::Made) => {}
                Ok(Step::Found(record)) => {
                    self.given += 1;
                    return Ok(Some(record));
                }
                Ok(Step::Over) if self.feed.has_ended() => return self.conclude().map(|()| None),
                Ok(Step::Over) => return Ok(None),
                Err(Halt::Told(error)) => return Err(error),
                Err(Halt::Stop(Stop::Deep)) => return Err(odd("the answer is nested too deep")),
                Err(Halt::Stop(Stop::Bad)) => return Err(self.broken()),
                Err(Halt::Stop(Stop::Short)) => {
                    let held = self.feed.bytes().len();
                    if held > self.max_record {
                        return Err(self.too_large());
                    }
                    if !self.feed.want(held - self.splitter.seen().min(held)) {
                        return Err(self.broken());
                    }
                }
            }
        }
        Ok(None)
    }

    fn step(&mut self) -> Result<Step, Halt> {
        let bytes = self.feed.bytes();
        let at = scan::space(bytes, 0);
        if at > 0 {
            self.feed.take(at);
            return Ok(Step::Made);
        }
        if self.state == State::Behind && bytes.is_empty() {
            return Ok(Step::Over);
        }
        let next = scan::byte(bytes, 0)?;
        match (self.state, next) {
            (State::Start, b'{') => self.go(1, State::First),
            (State::Start, _) => Err(Halt::Told(no_envelope(next))),
            (State::First | State::AfterValue, b'}') => self.go(1, State::Behind),
            (State::First | State::Member, b'"') => self.member(),
            (State::AfterValue, b',') => self.go(1, State::Member),
            (State::Value(member), _) => self.value(member, next),
            (State::FirstRow | State::AfterRow, b']') => self.go(1, State::AfterValue),
            (State::AfterRow, b',') => self.go(1, State::Row),
            (State::FirstRow | State::Row, b'{') => self.record(State::AfterRow),
            (State::FirstRow | State::Row, _) => self.no_record(),
            (State::Single, _) => self.record(State::AfterValue),
            _ => Err(Stop::Bad.into()),
        }
    }

    fn go(&mut self, count: usize, state: State) -> Result<Step, Halt> {
        self.feed.take(count);
        self.state = state;
        Ok(Step::Made)
    }

    fn member(&mut self) -> Result<Step, Halt> {
        let bytes = self.feed.bytes();
        let (end, _) = scan::string(bytes, 1)?;
        let value = scan::colon(bytes, end)?;
        let name = str::from_utf8(bytes.get(1..end - 1).unwrap_or_default()).map_err(|_| Stop::Bad)?;
        let member = Member::of(name);
        if !self.beside.meet(member) {
            return Err(Halt::Told(cut("the answer has two results, errors or states")));
        }
        self.go(value, State::Value(member))
    }

    fn value(&mut self, member: Member, first: u8) -> Result<Step, Halt> {
        if member == Member::Result {
            match (self.wanted, first) {
                (Wanted::List, b'[') => return self.begin(State::FirstRow),
                (Wanted::One, b'{') => return self.begin(State::Single),
                (Wanted::Nothing, _) => {}
                (_, b'n') => self.doubt = Some(odd(NO_RESULT)),
                (Wanted::List, _) => self.doubt = Some(odd("the answer's result is not a list")),
                (Wanted::One, _) => self.doubt = Some(odd("the answer's result is not one record")),
            }
        }
        let (value, end) = checked(self.feed.bytes())?;
        match member {
            Member::Error => self.beside.error(value),
            Member::Status => self.beside.status(value),
            _ => {}
        }
        self.behind(end, State::AfterValue)
    }

    /// The result. An error that came before it is told at once; a bare status waits for the error that may follow.
    fn begin(&mut self, state: State) -> Result<Step, Halt> {
        self.begun = true;
        match self.beside.fault() {
            Some(_) if self.beside.has_met_error() => Err(Halt::Told(self.failure())),
            fault => {
                self.withheld = fault.is_some();
                self.go(usize::from(state == State::FirstRow), state)
            }
        }
    }

    fn record(&mut self, state: State) -> Result<Step, Halt> {
        if self.withheld {
            let (_, end) = checked(self.feed.bytes())?;
            return self.behind(end, state);
        }
        let (record, end) = self.splitter.next(self.feed.bytes())?;
        self.behind(end, state).map(|_| Step::Found(record))
    }

    /// A cancelled transaction may leave a text where a record should be (facts 3.4). Which error that is may follow.
    fn no_record(&mut self) -> Result<Step, Halt> {
        let (_, end) = checked(self.feed.bytes())?;
        self.withheld = true;
        self.doubt.get_or_insert_with(|| cut("the answer has something else among its records"));
        self.behind(end, State::AfterRow)
    }

    /// Goes on behind a value, if it was not too large.
    fn behind(&mut self, end: usize, state: State) -> Result<Step, Halt> {
        if end > self.max_record { Err(Halt::Told(self.too_large())) } else { self.go(end, state) }
    }

    /// The end of a whole answer.
    fn conclude(&self) -> Result<(), Error> {
        if self.beside.fault().is_some() {
            return Err(self.failure());
        }
        match &self.doubt {
            Some(doubt) => Err(doubt.clone()),
            None if self.wanted != Wanted::Nothing && !self.begun => Err(odd(NO_RESULT)),
            None => Ok(()),
        }
    }

    fn broken(&self) -> Error {
        if self.beside.fault().is_some() { self.failure() } else { cut("the answer breaks off") }
    }

    fn failure(&self) -> Error {
        let (message, detail) = self.beside.fault().unwrap_or_default();
        cut("the answer began well and ended in an error").with_fault(&message, &detail)
    }

    fn too_large(&self) -> Error {
        let why = format!("a record of the answer is larger than {} bytes", self.max_record);
        Error::new(Kind::AnswerTooLarge, why)
    }
}

const NO_RESULT: &str = "the answer has no result";

/// A whole value at the front, and its length.
fn checked(bytes: &[u8]) -> Result<(&str, usize), Halt> {
    let end = scan::value(bytes, 0, DEPTH)?;
    let value = str::from_utf8(bytes.get(..end).unwrap_or_default()).map_err(|_| Stop::Bad)?;
    Ok((value, end))
}

/// What does not begin as an envelope does.
fn no_envelope(first: u8) -> Error {
    match first {
        b'<' => Error::new(Kind::NotJson, "the answer is an HTML page, not JSON"),
        b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
            odd("the answer is not an object with a result")
        }
        _ => cut("the answer breaks off"),
    }
}

impl fmt::Debug for Records {
    /// How far it is: what it holds may be anybody's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Records({} given, {} bytes buffered)", self.given, self.buffered())
    }
}
