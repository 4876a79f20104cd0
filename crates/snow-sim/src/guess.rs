//! What no source settles, and what the simulator does then.
//!
//! The list is the only one: `SimResponse::guess` takes nothing that is not in it, and a test compares it with `docs/simulator.md`.

macro_rules! guesses {
    ($($name:ident: $reason:literal,)*) => {
        /// Behavior that no source settles: what the simulator does then. Each response that depends on a guess says so in a header,
        /// `X-Sim-Guess: REASON`, and in its [`Entry`](crate::Entry) of the journal. A real instance may do something else, so a
        /// program that needs one of these to be true is at risk.
        ///
        /// ```
        /// use snow_sim::Guess;
        ///
        /// assert_eq!(Guess::LimitZero.reason(), "a limit of 0 selects no records");
        /// assert!(Guess::ALL.contains(&Guess::LimitZero));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Guess {
            $(#[doc = concat!("Assumes that ", $reason, ".")] $name,)*
        }

        impl Guess {
            /// Lists every guess.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns what is assumed: the value of the header.
            pub fn reason(self) -> &'static str {
                match self {
                    $(Self::$name => $reason,)*
                }
            }
        }
    };
}

guesses! {
    LimitNotANumber: "a limit or an offset that is not a number counts as not given",
    LimitZero: "a limit of 0 selects no records",
    NoCountHeaders: "sysparm_no_count leaves out X-Total-Count and Link",
    TextCase: "text is compared without regard to case",
    NegativesAndEmpty: "the setting negatives_match_empty decides whether !=, NOT IN, NOT LIKE and NOTON match records without a value",
    NumberAgainstText: "a number compared with something that is not a number matches nothing",
    DoubledCaret: "^^ in a query is a caret inside a value",
    NotInWithoutSpace: "NOTIN without a space means NOT IN",
    QueryAndPairs: "names with values are ignored together with sysparm_query",
    OrderByReference: "references are ordered by their display values",
    TextSearch: "a text search looks at every column, including those that the user may not read",
    NoResponseBody: "X-no-response-body changes the body and not the status",
    NullClears: "null in a write clears the field",
    UnreadableBody: "a body that cannot be read is 400 with the text of the parser",
    ValueTaken: "a value that may be there once and is there is 403 as a write that failed",
    ValueCut: "a value that is longer than its string column is cut without an error",
    ClosedTable: "a table that is closed as a whole is refused as a closed API is",
    PostToRecord: "a POST to the path of a record is a path that no API has",
    MethodNotSupported: "405 has the usual envelope and this message",
    MediaTypeNotSupported: "415 has the usual envelope and this message",
    FileTooLarge: "a file that is too large is 400",
    FileExtension: "a file extension that is not allowed is 403",
    FileStillScanned: "a file that is still scanned can be downloaded",
    FileNoteTaken: "a key of a file's attributes that is taken is 400",
    GroupOrder: "groups without sysparm_order_by come in the order of their fields",
    SumOfDates: "dates have neither a sum nor an average",
    SumOfDurations: "a sum or an average of durations is a duration",
    UnreadableHaving: "a part of sysparm_having that cannot be read is dropped",
    ImportSetOfItsOwn: "every import request makes an import set of its own",
    NoStagingTable: "an import into a table that is not a staging table is 400",
    BatchWithoutVersion: "a batch has no path without a version",
    BatchCountsOnce: "a batch counts once for a rate rule",
    BatchOutOfTime: "a batch item that runs out of time is a cancelled transaction that was carried out",
    BatchItemTooLarge: "a batch item that is too large is not serviced, nor are those after it",
    QueueFull: "a full queue is 429 and not 503",
    SessionTimeout: "the setting session_timeout decides when an idle session ends",
    Revocation: "revocation is 200 with an empty body, whatever the token",
    ClientByBasic: "the token endpoint takes the client's credentials by HTTP Basic",
    RemainingLifetime: "expires_in of a token that was issued before is what is left of its lifetime",
    RefreshOfLockedUser: "a refresh grant of a locked user succeeds, and calls with the token are 401",
    OneTimePasswordGrant: "the token endpoint takes a one-time password appended to the password, as basic authentication does",
    TokenOutsideScope: "a good token outside the APIs of its scope is 403 and not 401",
    ChallengeRequired: "a public client needs a code challenge",
    LoopbackPort: "a redirect URI on a loopback address may have any port",
    AuthorizationRefused: "an authorization that cannot be given is a page with status 400, or 403 for a form without its token",
    ConsentDenied: "a user who denies is sent back with error=access_denied",
    LoginPage: "the login page is /login.do and answers a wrong password with itself and 200",
    ChangeListMeta: "__meta names the fields of the conditions as applied or ignored",
    ChangeStates: "the next states of a change follow a model of the simulator's own",
    GermanTexts: "messages in German are translations of the simulator's own",
}
