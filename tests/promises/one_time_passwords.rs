//! A one-time password is asked for whenever a password is sent, appended to it, and kept by nobody.

use snow_client::{
    Client, Error, ErrorKind,
    client::BasicWithOneTimePassword,
    oauth::{Grant, MemoryStore},
};
use snow_sim::{BasicRestriction, Simulator, User};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const LIFE: Duration = Duration::from_secs(1_800);

/// An instance that wants a second factor in every login of `person`, and lets nobody else in by a password.
fn simulator() -> Simulator {
    let person = User::new("person", "secret").role("itil").one_time_password("000000");
    let builder = Simulator::builder().user_with(person).oauth_client("my-id", "my-secret");
    let builder = builder.settings(|settings| {
        settings.basic_restriction = Some(BasicRestriction::enforced());
        settings.basic_needs_one_time_password = true;
        settings.password_grant_needs_one_time_password = true;
    });
    builder.build().unwrap()
}

/// A device that shows another code each time, which the instance knows. It counts how often somebody looks at it.
#[derive(Clone)]
struct Device {
    simulator: Simulator,
    looks: Arc<AtomicUsize>,
}

impl Device {
    fn new(simulator: &Simulator) -> Self {
        Self { simulator: simulator.clone(), looks: Arc::default() }
    }

    fn looks(&self) -> usize {
        self.looks.load(Ordering::SeqCst)
    }

    fn grant(&self) -> Grant {
        let device = self.clone();
        Grant::one_time_password("person", "secret", move || device.clone().look())
    }

    async fn look(self) -> Result<String, Error> {
        let code = format!("{:06}", self.looks.fetch_add(1, Ordering::SeqCst) + 1);
        self.simulator.set_one_time_password("person", &code);
        Ok(code)
    }
}

async fn read(client: &Client) -> Result<usize, Error> {
    client.table("incident").list().limit(1).await.map(|page| page.len())
}

#[tokio::test(start_paused = true)]
async fn oauth_asks_for_a_code_when_it_sends_the_password() {
    let simulator = simulator();
    let device = Device::new(&simulator);
    let builder = crate::oauth_builder().transport(simulator.clone()).token_store(MemoryStore::new());
    let client = builder.grant(device.grant()).build().unwrap();
    for call in futures_util::future::join_all((0..20).map(|_| read(&client))).await {
        assert_eq!(call.unwrap(), 1);
    }
    for _ in 0..5 {
        tokio::time::advance(LIFE).await;
        assert_eq!(read(&client).await.unwrap(), 1);
    }
    assert_eq!(device.looks(), 1, "refresh tokens need none");
    simulator.revoke_refresh_tokens();
    tokio::time::advance(LIFE).await;
    assert_eq!(read(&client).await.unwrap(), 1);
    assert_eq!(device.looks(), 2);

    // The token that is kept has neither of them.
    let kept = serde_json::to_string(&client.token().unwrap()).unwrap();
    assert!(!kept.contains("secret") && !kept.contains("000002"), "{kept}");
}

#[tokio::test(start_paused = true)]
async fn a_code_that_is_not_right_or_does_not_come() {
    let simulator = simulator();
    let log_in = async |grant: Grant| {
        let client = crate::oauth_client(&simulator);
        client.log_in(&grant).await.unwrap_err()
    };
    let error =
        log_in(Grant::one_time_password("person", "secret", || async { Ok::<_, Error>("999999") })).await;
    assert_eq!(error.kind(), ErrorKind::TokenRefused);
    assert!(error.advice().unwrap().contains("one-time password was still valid"), "{error}");
    assert!(!format!("{error:?}").contains("999999"), "{error:?}");
    let asked = simulator.token_requests();

    let nobody = || async { Err::<String, _>(std::io::Error::other("nobody is at the keyboard")) };
    let error = log_in(Grant::one_time_password("person", "secret", nobody)).await;
    assert!(error.to_string().contains("nobody is at the keyboard"), "{error}");
    let never = || std::future::pending::<Result<String, std::io::Error>>();
    let error = log_in(Grant::one_time_password("person", "secret", never)).await;
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("one-time passwords did not finish within 30s"), "{error}");
    let empty = log_in(Grant::one_time_password("person", "secret", || async { Ok::<_, Error>("") })).await;
    assert_eq!(empty.kind(), ErrorKind::InvalidInput, "{empty}");
    let no_user = log_in(Grant::one_time_password("", "secret", || async { Ok::<_, Error>("1") })).await;
    assert_eq!(no_user.kind(), ErrorKind::InvalidInput, "{no_user}");
    assert_eq!(simulator.token_requests(), asked, "nothing was sent");
}

/// A login of one time: the code is appended by the caller.
#[tokio::test(start_paused = true)]
async fn a_password_with_its_code_at_the_end() {
    let simulator = simulator();
    let client = crate::oauth_client(&simulator);
    let error = client.generate_token("person", "secret").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRefused);
    client.generate_token("person", "secret000000").await.unwrap();
    assert_eq!(read(&client).await.unwrap(), 1);
}

#[tokio::test]
async fn basic_asks_for_a_code_for_each_request() {
    let simulator = simulator();
    let device = Device::new(&simulator);
    let (shown, looking) = (device.clone(), device.clone());
    let credentials =
        BasicWithOneTimePassword::new("person", "secret", move || looking.clone().look()).unwrap();
    assert!(!format!("{credentials:?}").contains("secret"), "{credentials:?}");
    let client = Client::builder().instance("dev12345").transport(simulator.clone());
    let client = client.credentials(credentials).build().unwrap();
    for requests in 1..=3 {
        assert_eq!(read(&client).await.unwrap(), 1);
        assert_eq!(shown.looks(), requests);
        assert_eq!(simulator.journal().last().unwrap().user, "person");
    }

    let stale = BasicWithOneTimePassword::new("person", "secret", || async { Ok::<_, Error>("999999") });
    let client = Client::builder().instance("dev12345").transport(simulator.clone());
    let error = read(&client.credentials(stale.unwrap()).build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("second factor"), "{error}");
    assert!(error.advice().unwrap().contains("one-time password"), "{error}");

    for (user, password) in [("", "secret"), ("person", ""), ("a:b", "secret"), ("person", "secret\n")] {
        let refused = BasicWithOneTimePassword::new(user, password, || async { Ok::<_, Error>("1") });
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

/// The instance asks for a second factor, and the error of a client that sends none says what to do.
#[tokio::test]
async fn a_password_without_a_code_says_what_is_missing() {
    let simulator = simulator();
    let client = Client::builder().instance("dev12345").user("person").password("secret");
    let client = client.transport(simulator.clone()).build().unwrap();
    let error = read(&client).await.unwrap_err();
    assert!(error.to_string().contains("asks for a second factor"), "{error}");
    assert!(error.advice().unwrap().contains("log in with OAuth"), "{error}");
}
