//! A store may lose its lease to another process: then calls use the token that the store has, and nothing in it is overwritten or
//! removed.

use futures_util::future::join_all;
use snow_client::{
    Error, ErrorKind, OAuthClient,
    client::OAuthClientBuilder,
    oauth::{
        Algorithm, Grant, JwtBearer, Lease, RefreshFailure, Signer, StorePolicy, StoreWrite, Token,
        TokenStore,
    },
};
use snow_core::Body;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The row of a database that processes share, with a version that each lease counts up.
#[derive(Clone, Default)]
struct Row(Arc<Mutex<Columns>>);

#[derive(Default)]
struct Columns {
    token: Option<Token>,
    failure: Option<RefreshFailure>,
    version: u64,
    /// How long the next leases last; then they last a minute.
    leases: VecDeque<u64>,
    /// How long the next loads take.
    loads: VecDeque<u64>,
    /// Who takes the lease over after each of the next loads.
    after_loads: VecDeque<TakesOver>,
    /// How many of the next leases another process takes over at once.
    lost: usize,
    /// Whether leases can be extended.
    extends: bool,
    /// What the process that took the lease over has saved by the time of the next lease.
    saved_later: Option<Token>,
    broken: bool,
}

/// The version of the row that a lease was given with.
struct Version(u64);

/// Another process, during a token request or after a load.
#[derive(Clone, Copy, Debug)]
enum TakesOver {
    Saves(&'static str),
    SavesLater(&'static str),
    Removes,
    Fails,
}

impl Row {
    fn with(token: Option<Token>) -> Self {
        let row = Self::default();
        row.0.lock().unwrap().token = token;
        row
    }

    /// What another process does that takes the lease over.
    fn taken_over(&self, by: TakesOver) {
        let mut row = self.0.lock().unwrap();
        row.version += 1;
        match by {
            TakesOver::Saves(token) => (row.token, row.failure) = (Some(good(token)), None),
            TakesOver::SavesLater(token) => row.saved_later = Some(good(token)),
            TakesOver::Removes => row.token = None,
            TakesOver::Fails => {}
        }
    }

    fn token(&self) -> Option<Token> {
        self.0.lock().unwrap().token.clone()
    }

    fn version(&self) -> u64 {
        self.0.lock().unwrap().version
    }

    fn remembered(&self) -> Option<RefreshFailure> {
        self.0.lock().unwrap().failure.clone()
    }

    /// Writes to the row, if the lease was not taken over.
    fn write(&self, lease: &Lease, write: impl FnOnce(&mut Columns)) -> io::Result<StoreWrite> {
        let mut row = self.0.lock().unwrap();
        if row.broken {
            return Err(io::Error::other("the disk is full"));
        }
        let version = lease.guard::<Version>().ok_or_else(|| io::Error::other("written without a lease"))?;
        if row.version != version.0 {
            return Ok(StoreWrite::Superseded);
        }
        write(&mut row);
        Ok(StoreWrite::Applied)
    }
}

impl TokenStore for Row {
    type Error = io::Error;

    async fn load(&self) -> io::Result<Option<Token>> {
        let seconds = self.0.lock().unwrap().loads.pop_front().unwrap_or_default();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let token = self.token();
        let taken_over = self.0.lock().unwrap().after_loads.pop_front();
        if let Some(by) = taken_over {
            self.taken_over(by);
        }
        Ok(token)
    }

    async fn save(&self, token: &Token, lease: &Lease) -> io::Result<StoreWrite> {
        self.write(lease, |row| (row.token, row.failure) = (Some(token.clone()), None))
    }

    async fn remove(&self, lease: &Lease) -> io::Result<StoreWrite> {
        self.write(lease, |row| (row.token, row.failure) = (None, None))
    }

    async fn extend(&self, lease: &Lease, longer_than: Duration) -> io::Result<Option<Duration>> {
        let own = lease.guard::<Version>().unwrap().0;
        let row = self.0.lock().unwrap();
        Ok((row.extends && row.version == own).then(|| longer_than + Duration::from_secs(1)))
    }

    async fn failure(&self) -> io::Result<Option<RefreshFailure>> {
        Ok(self.remembered())
    }

    async fn save_failure(&self, failure: &RefreshFailure, lease: &Lease) -> io::Result<StoreWrite> {
        self.write(lease, |row| row.failure = Some(failure.clone()))
    }

    async fn lease(&self) -> io::Result<Lease> {
        let mut row = self.0.lock().unwrap();
        row.version += 1;
        let version = row.version;
        if let Some(token) = row.saved_later.take() {
            row.token = Some(token);
        }
        if row.lost > 0 {
            row.lost -= 1;
            row.version += 1;
        }
        let seconds = row.leases.pop_front().unwrap_or(60);
        Ok(Lease::new(Version(version)).valid_for(Duration::from_secs(seconds)))
    }
}

fn good(access: &str) -> Token {
    let json = format!(r#"{{"access_token":"{access}","refresh_token":"refresh of {access}"}}"#);
    serde_json::from_str(&json).unwrap()
}

fn expired() -> Token {
    let json = r#"{"access_token":"expired","refresh_token":"r0","expires_in":1,"expires_at":1000.0}"#;
    serde_json::from_str(json).unwrap()
}

/// An issuer with an instance behind it: something may happen to the row during a token request.
#[derive(Clone)]
struct Issuer {
    row: Row,
    state: Arc<Mutex<IssuerState>>,
}

#[derive(Default)]
struct IssuerState {
    /// Token requests, each with the version of the row when it came.
    requests: Vec<(u64, String)>,
    /// What calls went out with.
    used: Vec<String>,
    /// Who takes the lease over during each token request.
    takes_over: VecDeque<TakesOver>,
    /// Whether refresh tokens and passwords are refused.
    refuses: bool,
    revoked: usize,
}

impl Issuer {
    fn new(row: &Row, takes_over: &[TakesOver]) -> Self {
        let state = IssuerState { takes_over: takes_over.iter().copied().collect(), ..Default::default() };
        Self { row: row.clone(), state: Arc::new(Mutex::new(state)) }
    }

    fn respond(&self, head: &http::request::Parts, form: String) -> (u16, String) {
        let mut state = self.state.lock().unwrap();
        if head.uri.path() == "/oauth_revoke_token.do" {
            state.revoked += 1;
            return (200, String::new());
        }
        if head.uri.path() != "/oauth_token.do" {
            state.used.push(head.headers["authorization"].to_str().unwrap().to_owned());
            return (200, r#"{"result":[]}"#.to_owned());
        }
        state.requests.push((self.row.version(), form));
        if let Some(by) = state.takes_over.pop_front() {
            self.row.taken_over(by);
        }
        if state.refuses {
            return (401, r#"{"error":"access_denied","error_description":"access_denied"}"#.to_owned());
        }
        let number = state.requests.len();
        let json =
            format!(r#"{{"access_token":"ours{number}","refresh_token":"r{number}","expires_in":1800}}"#);
        (200, json)
    }

    fn builder(&self) -> OAuthClientBuilder {
        let own = self.clone();
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let own = own.clone();
            async move {
                let (head, body) = request.into_parts();
                let form = String::from_utf8(body.collect(1 << 20).await?.to_vec()).unwrap();
                tokio::task::yield_now().await;
                let (status, json) = own.respond(&head, form);
                let response = http::Response::builder().status(status);
                let response = response.header("content-type", "application/json");
                Ok::<_, Error>(response.body(Body::from(json)).unwrap())
            }
        });
        crate::oauth_builder().transport(service).token_store(self.row.clone())
    }

    fn client(&self) -> OAuthClient {
        self.builder().build().unwrap()
    }

    /// The versions of the row that token requests came with.
    fn requests(&self) -> Vec<u64> {
        self.state.lock().unwrap().requests.iter().map(|(version, _)| *version).collect()
    }

    fn form(&self, number: usize) -> String {
        self.state.lock().unwrap().requests[number].1.clone()
    }

    fn used(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().used)
    }
}

async fn read(client: &OAuthClient) -> Result<(), Error> {
    client.table("incident").list().limit(1).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn calls_use_the_token_of_the_process_that_took_the_lease_over() {
    let row = Row::with(Some(expired()));
    let issuer = Issuer::new(&row, &[TakesOver::Saves("theirs")]);
    let client = issuer.client();
    for call in join_all((0..20).map(|_| read(&client))).await {
        call.unwrap();
    }
    assert_eq!(issuer.used(), vec!["Bearer theirs"; 20]);
    assert_eq!(issuer.requests(), [1], "one token request");
    assert_eq!(row.token(), Some(good("theirs")), "and nothing was stored over its token");
    assert_eq!(client.token(), Some(good("theirs")));
}

/// It holds the lease, and has not saved its token yet: the lease is waited for.
#[tokio::test(start_paused = true)]
async fn a_process_that_took_the_lease_over_and_is_not_done_is_waited_for() {
    for stored in [Some(expired()), None] {
        let row = Row::with(stored);
        let issuer = Issuer::new(&row, &[TakesOver::SavesLater("theirs")]);
        let client = issuer.builder().grant(Grant::client_credentials()).build().unwrap();
        read(&client).await.unwrap();
        assert_eq!(issuer.used(), ["Bearer theirs"]);
        assert_eq!((issuer.requests(), row.token()), (vec![1], Some(good("theirs"))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_taken_over_by_one_who_left_no_token_is_an_error_that_says_so() {
    let row = Row::with(Some(expired()));
    let issuer = Issuer::new(&row, &[TakesOver::Removes]);
    let client = issuer.client();
    let errors = join_all((0..3).map(|_| read(&client))).await;
    for error in errors.into_iter().map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::TokenNotSaved, "{error}");
        let text = error.to_string();
        assert!(
            text.contains("took over the token store's lease") && text.contains("holds no token"),
            "{text}"
        );
        assert!(!error.may_have_executed());
    }
    assert_eq!((issuer.requests().len(), row.token(), client.token()), (1, None, None));
    assert!(issuer.used().is_empty(), "no call went out with the token that was discarded");
}

#[tokio::test(start_paused = true)]
async fn a_lease_too_short_for_the_token_request_is_acquired_again() {
    for (leases, loads) in [(vec![30, 31], vec![]), (vec![50, 50], vec![0, 25, 0])] {
        let row = Row::with(Some(expired()));
        let (first, second) = (leases[0], leases.get(1).copied());
        {
            let mut columns = row.0.lock().unwrap();
            (columns.leases, columns.loads) = (leases.into(), loads.into());
        }
        let issuer = Issuer::new(&row, &[]);
        read(&issuer.client()).await.unwrap();
        assert_eq!(issuer.requests(), [2], "{first} s, then {second:?}: not asked under the first lease");
        assert_eq!(issuer.used(), ["Bearer ours1"]);
        assert!(issuer.form(0).contains("refresh_token=r0"), "{}", issuer.form(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_too_short_for_the_token_request_is_extended_unless_it_was_taken_over() {
    let row = Row::with(Some(expired()));
    {
        let mut columns = row.0.lock().unwrap();
        (columns.leases, columns.extends) = ([20, 20].into(), true);
    }
    let issuer = Issuer::new(&row, &[]);
    read(&issuer.client()).await.unwrap();
    assert_eq!(
        (issuer.requests(), issuer.used()),
        (vec![1], vec!["Bearer ours1".to_owned()]),
        "under one lease"
    );

    let row = Row::with(Some(expired()));
    {
        let mut columns = row.0.lock().unwrap();
        (columns.leases, columns.extends) = ([20, 20].into(), true);
        columns.after_loads = [TakesOver::Saves("theirs")].into();
    }
    let issuer = Issuer::new(&row, &[]);
    read(&issuer.client()).await.unwrap();
    assert_eq!((issuer.requests().len(), issuer.used()), (0, vec!["Bearer theirs".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn leases_that_are_always_too_short_are_an_error_that_says_so() {
    let row = Row::with(Some(expired()));
    row.0.lock().unwrap().leases = vec![20; 4].into();
    let issuer = Issuer::new(&row, &[]);
    let error = read(&issuer.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotLoaded, "{error}");
    let text = error.to_string();
    assert!(text.contains("3 leases") && text.contains("30s") && text.contains("token_timeout"), "{text}");
    assert_eq!((issuer.requests(), row.version()), (vec![], 3));

    // A shorter token request fits, and with best effort calls do without the store.
    row.0.lock().unwrap().leases = vec![20; 4].into();
    let quick = issuer.builder().token_timeout(Duration::from_secs(19)).build().unwrap();
    read(&quick).await.unwrap();
    assert_eq!((issuer.requests(), row.version()), (vec![4], 4));
    *row.0.lock().unwrap() =
        Columns { token: Some(expired()), leases: vec![20; 4].into(), ..Columns::default() };
    let client = issuer.builder().store_policy(StorePolicy::BestEffort).build().unwrap();
    read(&client).await.unwrap();
    assert_eq!(client.store_error().unwrap().kind(), ErrorKind::TokenNotSaved);
    assert_eq!((issuer.requests().len(), row.token()), (2, Some(expired())));
}

/// Where refresh tokens rotate, the one of the discarded token is the only one that still works.
#[tokio::test(start_paused = true)]
async fn a_lease_that_is_always_taken_over_is_an_error_that_says_so() {
    let row = Row::with(Some(expired()));
    let issuer = Issuer::new(&row, &[TakesOver::Fails; 3]);
    let error = read(&issuer.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotSaved, "{error}");
    assert!(error.to_string().contains("another process took over the last one"), "{error}");
    assert_eq!((issuer.requests().len(), row.token()), (3, Some(expired())));
    for number in 0..3 {
        let form = format!("{}&", issuer.form(number));
        assert!(form.contains(&format!("refresh_token=r{number}&")), "{form}");
    }
    assert!(issuer.used().is_empty());
}

/// A login is what the user wants: the token of somebody else is not used in its place.
#[tokio::test(start_paused = true)]
async fn a_login_is_saved_under_the_next_lease() {
    let row = Row::with(Some(good("theirs")));
    let issuer = Issuer::new(&row, &[]);
    let client = issuer.client();
    row.0.lock().unwrap().lost = 1;
    let token = client.generate_token("admin", "secret").await.unwrap();
    assert_eq!((token.access_token().expose(), row.token()), ("ours1", Some(token.clone())));
    read(&client).await.unwrap();
    assert_eq!(issuer.used(), ["Bearer ours1"]);

    row.0.lock().unwrap().lost = 3;
    let error = client.generate_token("admin", "secret").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotSaved, "{error}");
    assert!(error.to_string().contains("3 leases of the token store"), "{error}");
    assert_eq!(row.token(), Some(token));
    read(&client).await.unwrap();
    assert_eq!(issuer.used(), ["Bearer ours1"], "the store's token, not that of the login that failed");
}

/// It was obtained, the store failed, and when it is given to the store again another process is faster.
#[tokio::test(start_paused = true)]
async fn a_token_that_waits_to_be_saved_is_discarded_for_a_newer_one() {
    let row = Row::with(Some(expired()));
    let issuer = Issuer::new(&row, &[]);
    let client = issuer.client();
    row.0.lock().unwrap().broken = true;
    assert_eq!(read(&client).await.unwrap_err().kind(), ErrorKind::TokenNotSaved);
    tokio::time::advance(Duration::from_secs(2)).await;
    {
        let mut columns = row.0.lock().unwrap();
        (columns.broken, columns.lost) = (false, 1);
    }
    issuer.state.lock().unwrap().takes_over = [TakesOver::SavesLater("theirs")].into();
    read(&client).await.unwrap();
    assert_eq!(issuer.used(), ["Bearer theirs"]);
    assert_eq!(row.token(), Some(good("theirs")));
    let form = issuer.form(1);
    assert!(form.contains("refresh_token=r1"), "only the refresh token of the first one was used: {form}");
}

/// Between loading the store and removing the token, another process takes the lease over.
#[tokio::test(start_paused = true)]
async fn a_logout_does_not_remove_the_token_of_the_process_that_took_the_lease_over() {
    for (taken_over, left) in [
        (TakesOver::Saves("theirs"), Some(good("theirs"))),
        (TakesOver::SavesLater("theirs"), Some(good("theirs"))),
        (TakesOver::Removes, None),
        (TakesOver::Fails, None), // the revoked token is removed under the next lease
    ] {
        let row = Row::with(Some(good("ours")));
        let issuer = Issuer::new(&row, &[]);
        let client = issuer.client();
        read(&client).await.unwrap();
        row.0.lock().unwrap().after_loads = [taken_over].into();
        client.revoke().await.unwrap();
        assert_eq!((row.token(), client.token()), (left, None), "{taken_over:?}");
        assert_eq!(issuer.state.lock().unwrap().revoked, 2, "the token and its refresh token, once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_logout_whose_leases_are_always_taken_over_is_an_error_that_says_so() {
    let row = Row::with(Some(good("ours")));
    let issuer = Issuer::new(&row, &[]);
    let client = issuer.client();
    read(&client).await.unwrap();
    row.0.lock().unwrap().after_loads = [TakesOver::Fails; 3].into();
    let error = client.revoke().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotSaved, "{error}");
    let text = error.to_string();
    assert!(text.contains("is revoked") && text.contains("may still be in the token store"), "{text}");
    assert_eq!((row.token(), client.token()), (Some(good("ours")), None));
}

/// The refresh token may have been refused only because the other process has used it.
#[tokio::test(start_paused = true)]
async fn a_failure_is_not_remembered_after_the_lease_was_taken_over() {
    for taken_over in [TakesOver::Saves("theirs"), TakesOver::SavesLater("theirs")] {
        let row = Row::with(Some(expired()));
        let issuer = Issuer::new(&row, &[taken_over]);
        issuer.state.lock().unwrap().refuses = true;
        let client = issuer.client();
        for call in join_all((0..3).map(|_| read(&client))).await {
            call.unwrap();
        }
        assert_eq!(issuer.used(), vec!["Bearer theirs"; 3], "{taken_over:?}");
        assert_eq!((row.token(), row.remembered()), (Some(good("theirs")), None), "{taken_over:?}");
        assert_eq!(issuer.requests(), [1], "one token request");
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_that_was_refused_is_not_sent_under_the_next_lease() {
    let row = Row::with(None);
    let issuer = Issuer::new(&row, &[TakesOver::Fails]);
    issuer.state.lock().unwrap().refuses = true;
    let client = issuer.builder().grant(Grant::password("admin", "wrong")).build().unwrap();
    assert_eq!(read(&client).await.unwrap_err().kind(), ErrorKind::TokenRefused);
    assert_eq!((issuer.requests(), row.remembered()), (vec![1], None));

    // Under a lease that lasts, other processes hear of it.
    let other = issuer.builder().grant(Grant::password("admin", "wrong")).build().unwrap();
    assert_eq!(read(&other).await.unwrap_err().kind(), ErrorKind::TokenRefused);
    assert!(row.remembered().is_some_and(|failure| failure.refused));
}

/// Takes its time for the first signature.
struct SlowAtFirst(Mutex<u64>);

impl Signer for SlowAtFirst {
    type Error = io::Error;

    fn algorithm(&self) -> Algorithm {
        Algorithm::Es256
    }

    async fn sign(&self, _: &[u8]) -> io::Result<Vec<u8>> {
        let seconds = std::mem::take(&mut *self.0.lock().unwrap());
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(vec![0; 64])
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_signature_takes_counts() {
    let row = Row::with(None);
    row.0.lock().unwrap().leases = [45, 45].into();
    let issuer = Issuer::new(&row, &[]);
    let grant = Grant::jwt_bearer(JwtBearer::new("admin", SlowAtFirst(Mutex::new(20))));
    read(&issuer.builder().grant(grant).build().unwrap()).await.unwrap();
    assert_eq!(issuer.requests(), [2]);
}
