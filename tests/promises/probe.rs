//! A probe says what a login may do on its instance, and names the reason for what it may not.

use http::Method;
use snow_client::{Client, ErrorKind};
use snow_sim::{AccessPolicy, Builder, Fault, LoginMethod, Node, Rule, Simulator, User};

fn builder() -> Builder {
    Simulator::builder().user("admin", "secret").user_with(User::new("reader", "secret").role("itil"))
}

fn client(simulator: &Simulator, user: &str) -> Client {
    let client = Client::builder().instance("dev1").user(user).password("secret").max_attempts(1);
    client.transport(simulator.clone()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_administrator_sees_everything() {
    let anna = User::new("anna", "secret").role("admin").role("itil").time_zone("Europe/Berlin");
    let simulator = Simulator::builder().user_with(anna.date_format("dd.MM.yyyy")).build().unwrap();
    let client = client(&simulator, "anna");
    let probe = client.probe().await.unwrap();
    let user = probe.user.as_ref().unwrap();
    assert_eq!((user.user_name.as_str(), user.name.as_str()), ("anna", "anna"));
    assert_eq!(user.time_zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(user.date_format.as_deref(), Some("dd.MM.yyyy"));
    assert_eq!(client.me().await.unwrap(), *user);
    assert_eq!(probe.roles.as_ref().unwrap(), &["admin", "itil"]);
    assert!(probe.release.as_ref().unwrap().starts_with("glide-australia-"), "{:?}", probe.release);
    assert!(probe.apis.iter().all(|api| api.outcome.is_ok()), "{probe}");
    let report = probe.to_string();
    for line in
        ["https://dev1.service-now.com", "anna (anna), sys_id ", "admin, itil", "Europe/Berlin", "responds"]
    {
        assert!(report.contains(line), "{line:?} is not in:\n{report}");
    }
    assert!(
        simulator.journal().iter().all(|entry| entry.method == Method::GET || entry.path.ends_with("/batch"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_user_may_not_do_is_a_finding_with_its_reason() {
    let simulator = builder()
        .rule(Rule::DenyAggregates { table: "sys_user".into() })
        .rule(Rule::HideRows { table: "sys_user_has_role".into(), query: String::new() })
        .access_policy(AccessPolicy::new("/api/now/attachment").allow(LoginMethod::OAuth))
        .build()
        .unwrap();
    let probe = client(&simulator, "reader").probe().await.unwrap();
    let kind = |name: &str| {
        let api = probe.apis.iter().find(|api| api.name == name).unwrap();
        api.outcome.as_ref().err().map(snow_client::Error::kind)
    };
    assert_eq!(kind("Table API"), None);
    assert_eq!(kind("Batch API"), None);
    assert_eq!(kind("Aggregate API"), Some(ErrorKind::Forbidden));
    assert_eq!(kind("Attachment API"), Some(ErrorKind::Unauthenticated));
    assert_eq!(kind("dictionary"), Some(ErrorKind::NoResults));
    assert_eq!(probe.user.as_ref().unwrap().user_name, "reader");
    // Hidden is not the same as none.
    assert_eq!(probe.roles.as_ref().unwrap_err().kind(), ErrorKind::NoResults);
    assert_eq!(probe.release.as_ref().unwrap_err().kind(), ErrorKind::NoResults);
    let report = probe.to_string();
    for part in ["unknown: the release is not readable", "GET /api/now/stats/sys_user: ", "403", "401"] {
        assert!(report.contains(part), "{part:?} is not in:\n{report}");
    }
    assert!(!report.contains("secret"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_user_without_roles_has_none() {
    let simulator = Simulator::builder().user_with(User::new("guest", "secret")).build().unwrap();
    let probe = client(&simulator, "guest").probe().await.unwrap();
    assert_eq!(probe.roles.unwrap(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_a_finding_and_an_instance_that_sleeps_an_error() {
    let simulator = builder().build().unwrap();
    let probe = client(&simulator, "nobody").probe().await.unwrap();
    assert!(
        probe.apis.iter().all(|api| {
            api.outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unauthenticated)
        })
    );
    assert_eq!(probe.user.unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert_eq!(simulator.journal().len(), 2, "more failed logins could lock the user out");
    simulator.settings(|settings| settings.node = Node::Hibernating);
    let before = simulator.journal().len();
    let error = client(&simulator, "admin").probe().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Hibernating);
    assert_eq!(simulator.journal().len(), before + 1, "one request is enough to know");
}

#[tokio::test(start_paused = true)]
async fn the_clocks_are_compared() {
    let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(3_600);
    let simulator = builder().start_at(ahead).build().unwrap();
    let offset = client(&simulator, "admin").probe().await.unwrap().clock_offset.unwrap();
    assert!((3_500..=3_600).contains(&offset), "{offset}");
}

#[tokio::test(start_paused = true)]
async fn a_user_who_cannot_read_their_own_record_is_told_so() {
    let hide = Rule::HideRows { table: "sys_user".into(), query: "user_name=reader".into() };
    let simulator = builder().rule(hide).build().unwrap();
    let error = client(&simulator, "reader").me().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoResults);
    assert!(error.to_string().contains("sys_user"), "{error}");
    simulator.fail(Fault::RateLimited(std::time::Duration::from_secs(5))).always();
    assert_eq!(client(&simulator, "reader").me().await.unwrap_err().kind(), ErrorKind::RateLimited);
}
