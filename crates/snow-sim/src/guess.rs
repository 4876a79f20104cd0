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
    FlagWord: "a flag that is neither true nor false is false",
    NegativesAndEmpty: "the setting negatives_match_empty decides whether !=, NOT IN, NOT LIKE and NOTON match records without a value",
    NumberAgainstText: "a number compared with something that is not a number matches nothing",
    DoubledCaret: "^^ in a query is a caret inside a value",
    NotInWithoutSpace: "NOTIN without a space means NOT IN",
    QueryAndPairs: "names with values are ignored together with sysparm_query",
    OrderByReference: "references are ordered by their display values",
    OrderByChoice: "choices are ordered by their values",
    OrderOfEmpty: "records without a value come first in ascending order",
    EmptyGroup: "a group of conditions that were all dropped selects every record",
    EmptyFields: "two fields without a value are the same",
    RelatedDropped: "a related list or a join of what does not exist is dropped",
    HiddenPage: "a page of v1 whose records are all hidden is 404, as an empty list is",
    TextSearch: "a text search looks at every column, including those that the user may not read",
    NoResponseBody: "X-no-response-body changes the body and not the status",
    NullClears: "null in a write clears the field",
    NestedValue: "an object or a list in place of a value is stored as its JSON",
    ReferenceToNothing: "a reference to a record that does not exist is stored",
    BooleanNumber: "1 and 0 are true and false in a boolean column",
    WrongDate: "a date that does not exist is read leniently, and what is not a date at all empties the column",
    PriorityAlone: "a priority that is changed without impact and urgency is kept",
    StoredPassword: "a password that is set is stars in stored form, too",
    FirstChoice: "a column that has got its first choice takes no other value",
    InactiveChoice: "an inactive choice counts as no choice",
    MandatoryJournal: "a data policy wants an entry in a journal when a record is created, and never an empty one",
    RuleAfterSaving: "a business rule that does not run before saving aborts nothing",
    RuleMessage: "the message of a business rule is not part of the refusal",
    HiddenByChange: "a change after which the user may not see the record is refused, and was done",
    UnreadableBody: "a body that cannot be read is 400 with the text of the parser",
    ValueTaken: "a value that may be there once and is there is 403 as a write that failed",
    UniqueValue: "a value that may be there once is compared without regard to case, and may be missing often",
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
    UnknownAggregateField: "a field that does not exist has no aggregates and makes no groups",
    CountOfField: "the count of a field is that of the records that have a value in it",
    NothingToAggregate: "a sum, an average, a minimum and a maximum of no values are empty",
    UnreadableHaving: "a part of sysparm_having that cannot be read is dropped",
    ImportSetOfItsOwn: "every import request makes an import set of its own",
    ImportIgnored: "a row that changes nothing in its record is ignored",
    ImportOfNothing: "an empty value of a row leaves the field of its record as it is",
    NoStagingTable: "an import into a table that is not a staging table is 400",
    BatchWithoutVersion: "a batch has no path without a version",
    BatchCountsOnce: "a batch counts once for a rate rule",
    BatchItemLogin: "an item of a batch is refused where the way in which the batch logged in is not allowed by an access policy, or the token by its scope",
    BatchItemSize: "the size of an item of a batch is that of its decoded body",
    BatchOutOfTime: "a batch item that runs out of time is a cancelled transaction that was executed",
    BatchItemTooLarge: "a batch item that is too large is not serviced, nor are those after it",
    QueueFull: "a full queue is 429 and not 503",
    SessionTimeout: "the setting session_timeout decides when an idle session ends",
    Revocation: "revocation is 200 with an empty body, whatever the token",
    ClientByBasic: "the token endpoint takes the client's credentials by HTTP Basic",
    RemainingLifetime: "expires_in of a token that was issued before is what is left of its lifetime",
    RefreshOfLockedUser: "a refresh grant of a locked user succeeds, and calls with the token are 401",
    OneTimePasswordGrant: "the token endpoint takes a one-time password appended to the password, as basic authentication does",
    TokenRequestNotForm: "a token request that is not a form is refused like any other",
    TokenOutsideScope: "a good token outside the APIs of its scope is 403 and not 401",
    ChallengeRequired: "a public client needs a code challenge",
    LoopbackPort: "a redirect URI on a loopback address may have any port",
    AuthorizationRefused: "an authorization that cannot be given is a page with status 400, or 403 for a form without its token",
    ConsentDenied: "a user who denies is sent back with error=access_denied",
    LoginPage: "the login page is /login.do and responds to a wrong password with itself and 200",
    UserLocale: "a time zone or a date format of a user's row that cannot be read counts as not given",
    UserWithoutPicture: "a user without a picture has an empty avatar",
    MetaOfUnknownTable: "the columns of an unknown table are 400, as in the Table API",
    ReadOnlyColumns: "the columns that the instance fills are read-only",
    TinyUrlMade: "a tiny URL is made with 200, however short the URL is",
    TinyUrlOfNothing: "a tiny URL of no URL is 400",
    TinyUrlUnknown: "an unknown sysparm_tiny stands for no parameters",
    TinyUrlAndMore: "a parameter in addition to sysparm_tiny takes precedence over the one that it stands for",
    ChangeListMeta: "__meta names the fields of the conditions as applied or ignored",
    ChangeStates: "the next states of a change follow a model of the simulator's own",
    GermanTexts: "messages in German are translations of the simulator's own",
}
