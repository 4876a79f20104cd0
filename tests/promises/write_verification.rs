//! The client reports what the service made of a write: fields that were ignored or changed, creations whose response was lost, and the
//! outcome of each record of many.

use futures_util::StreamExt;
use serde_json::{Value, json};
use snow_client::{
    Client, DisplayValue, Error, ErrorKind, SysId, Transport, field,
    layer::RetryPolicy,
    table::{Upserted, WriteReport},
};
use snow_sim::{Fault, Rule, Simulator, User, WireFault, WriteLie};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// `clerk` is not an administrator: rules hold.
fn simulator(rules: impl IntoIterator<Item = Rule>) -> Simulator {
    let builder = Simulator::builder().user("admin", "secret").incidents(20);
    let builder = builder.user_with(User::new("clerk", "secret").role("itil"));
    rules.into_iter().fold(builder, snow_sim::Builder::rule).build().unwrap()
}

fn client(simulator: &Simulator) -> Client {
    let builder = Client::builder().instance("dev12345").user("clerk").password("secret");
    builder.transport(simulator.clone()).build().unwrap()
}

fn incident(rule: fn(String) -> Rule) -> Rule {
    rule("incident".to_owned())
}

fn lock(name: &str) -> Rule {
    Rule::LockField { table: "incident".into(), field: name.into() }
}

fn hide(query: &str) -> Rule {
    Rule::HideRows { table: "incident".into(), query: query.into() }
}

fn hide_field(name: &str) -> Rule {
    Rule::HideField { table: "incident".into(), field: name.into() }
}

fn told<T>(echo: &WriteReport<T>) -> (Vec<&str>, Vec<(&str, &str)>, Vec<&str>) {
    (
        echo.ignored.iter().map(String::as_str).collect(),
        echo.changed.iter().map(|change| (change.field.as_str(), change.now.as_str())).collect(),
        echo.unknown.iter().map(String::as_str).collect(),
    )
}

/// How many incidents have this correlation id: asked as the administrator, who sees all.
async fn there_are(simulator: &Simulator, correlation: &str) -> u64 {
    let rows =
        crate::client(simulator).table("incident").list().query(field("correlation_id").eq(correlation));
    rows.count().await.unwrap()
}

#[tokio::test]
async fn a_number_that_was_rounded_is_told_as_changed() {
    for (sent, stored, is_same) in [
        ("9007199254740993", "9007199254740992", false),
        ("9007199254740993", "9007199254740993", true),
        ("340282366920938463463374607431768211455", "340282366920938463463374607431768211456", false),
        ("340282366920938463463374607431768211455", "340282366920938463463374607431768211455.00", true),
        ("0.30", "0.3", true),
        ("1e21", "1000000000000000000000", true),
        ("1e21", "1000000000000000000001", false),
    ] {
        let service = tower::service_fn(move |_: http::Request<snow_core::Body>| async move {
            let body = json!({ "result": { "sys_id": "c1", "u_count": stored } }).to_string();
            let response = http::Response::builder().status(201).header("content-type", "application/json");
            Ok::<_, std::convert::Infallible>(response.body(snow_core::Body::from(body)).unwrap())
        });
        let builder = Client::builder().instance("dev1").user("a").password("b");
        let table = builder.transport(service).build().unwrap().table("u_thing");
        let fields: snow_client::Record = serde_json::from_str(&format!(r#"{{"u_count":{sent}}}"#)).unwrap();
        let echo = table.create(&fields).verified().await.unwrap();
        assert_eq!(echo.is_applied(), is_same, "{sent} {stored}: {echo:?}");
        assert_eq!(table.create(&fields).require_applied(true).await.is_ok(), is_same, "{sent} {stored}");
    }
}

#[tokio::test]
async fn fields_that_are_ignored_or_changed_are_told() {
    let simulator = simulator([lock("description"), hide_field("close_notes")]);
    let user = crate::client(&simulator).table("sys_user").list().first().await.unwrap().sys_id().unwrap();
    let fields = json!({
        "short_description": "näh \"so\"\nand so",
        "caller_id": user,
        "urgency": 1,
        "made_sla": false,
        "close_code": null,
        "description": "may not be written",
        "close_notes": "may not be read",
        "shrot_description": "does not exist",
        "category": "no such choice",
        "work_notes": "is appended",
        "order": { "is": "no value" },
    });
    let incidents = client(&simulator).table("incident");
    let expected = (
        vec!["close_notes", "shrot_description"],
        vec![("category", "inquiry"), ("description", "")],
        vec!["order", "work_notes"],
    );
    let echo = incidents.create(&fields).verified().await.unwrap();
    assert_eq!(told(&echo), expected);
    assert!(!echo.is_applied() && echo.record.value("number").unwrap().starts_with("INC"));

    // Whatever else is asked for, and in whatever order it is said.
    for values in [DisplayValue::Stored, DisplayValue::All] {
        let call = || incidents.create(&fields).display_value(values);
        assert_eq!(told(&call().verified().fields(["number"]).await.unwrap()), expected);
        assert_eq!(told(&call().fields(["number", "urgency"]).verified().await.unwrap()), expected);
        assert_eq!(told(&call().exclude_reference_link(true).verified().await.unwrap()), expected);
    }
    let sys_id = echo.record.sys_id().unwrap();
    let echo = incidents.update(sys_id, &fields).verified().await.unwrap();
    assert_eq!(told(&echo), expected);
    let echo = incidents.update(sys_id, &json!({ "urgency": "1" })).use_put(true).verified().await.unwrap();
    assert!(echo.is_applied() && echo.unknown.is_empty());
}

#[tokio::test]
async fn a_typed_answer_is_compared_as_it_came() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Incident {
        number: String,
        urgency: u8,
    }
    let simulator = simulator([lock("description")]);
    let incidents = client(&simulator).table("incident").typed::<Incident>();
    let fields = json!({ "urgency": "2", "impact": "0", "description": "x", "nmber": "x" });
    let echo = incidents.create(&fields).verified().await.unwrap();
    assert_eq!(told(&echo), (vec!["nmber"], vec![("description", ""), ("impact", "3")], vec![]));
    assert!(echo.record.number.starts_with("INC") && echo.record.urgency == 2);
}

#[tokio::test]
async fn a_choice_that_cannot_be_cleared_and_one_that_a_rule_changes() {
    let simulator = simulator([]);
    let incidents = client(&simulator).table("incident");
    // The priority follows from impact and urgency.
    let echo = incidents.create(&json!({ "urgency": "", "priority": "1" })).verified().await.unwrap();
    assert_eq!(told(&echo), (vec![], vec![("priority", "5"), ("urgency", "3")], vec![]));
}

#[tokio::test]
async fn what_a_person_sees_is_compared_as_such_or_not_at_all() {
    let simulator = simulator([]);
    let incidents = client(&simulator).table("incident");
    let shown = json!({ "urgency": "1 - High", "short_description": "x", "impact": "no such label" });
    let call = || incidents.create(&shown).input_display_value(true).verified();
    let all: Vec<&str> = vec!["impact", "short_description", "urgency"];
    assert_eq!(told(&call().await.unwrap()), (vec![], vec![], all));
    for values in [DisplayValue::All, DisplayValue::Display] {
        assert_eq!(told(&call().display_value(values).await.unwrap()), (vec![], vec![], vec!["impact"]));
    }
    // Stored values were sent, and what a person sees came back.
    let user = crate::client(&simulator).table("sys_user").list().first().await.unwrap().sys_id().unwrap();
    let stored = json!({ "urgency": "1", "short_description": "x", "caller_id": user });
    let echo = incidents.create(&stored).display_value(DisplayValue::Display).verified().await.unwrap();
    assert_eq!(told(&echo), (vec![], vec![], vec!["urgency"]));
}

#[tokio::test]
async fn fields_outside_a_view_are_unknown_and_not_ignored() {
    let simulator = simulator([]);
    let create =
        || client(&simulator).table("incident").create(&json!({ "short_description": "x", "nmber": "x" }));
    assert_eq!(told(&create().view("mobile").verified().await.unwrap()), (vec![], vec![], vec!["nmber"]));
    // Fields that are asked for come whatever the view.
    let echo = create().view("mobile").fields(["number"]).verified().await.unwrap();
    assert_eq!(told(&echo), (vec!["nmber"], vec![], vec![]));
}

#[tokio::test]
async fn strictly_any_such_field_is_an_error_of_a_write_that_was_carried_out() {
    let simulator = simulator([lock("description")]);
    let incidents = client(&simulator).table("incident");
    let fields = json!({ "description": "canary", "nmber": "canary", "correlation_id": "strict" });
    let error = incidents.create(&fields).require_applied(true).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FieldsNotApplied);
    assert!(error.may_have_executed() && !error.is_retryable());
    let text = error.to_string();
    assert!(
        text.contains("was executed, but the service ignored nmber, and changed or refused description"),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(there_are(&simulator, "strict").await, 1);

    let made = incidents
        .create(&json!({ "short_description": "x", "work_notes": "y" }))
        .require_applied(true)
        .await
        .unwrap();
    assert_eq!(made.value("short_description").unwrap(), "x");
    // Looking for it would find what is there, and take the complaint away.
    let error =
        incidents.create(&fields).require_applied(true).confirm_by("correlation_id").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FieldsNotApplied);
    // The same where the response got lost, and the record was found.
    simulator.settings(|settings| settings.write_lie = Some(WriteLie::Cancelled));
    let lost = json!({ "description": "canary", "nmber": "canary", "correlation_id": "lost" });
    let call = incidents.create(&lost).confirm_by("correlation_id").require_applied(true);
    let error = call.await.unwrap_err();
    assert!(error.kind() == ErrorKind::FieldsNotApplied && error.may_have_executed(), "{error}");
    assert!(!error.to_string().contains("could not be read"), "{error}");
}

#[tokio::test]
async fn only_what_was_sent_can_be_compared() {
    let simulator = simulator([]);
    let incidents = client(&simulator).table("incident");
    for error in [
        incidents.create(&json!({ "number": "1" })).confirm_by("correlation_id").await.map(drop).unwrap_err(),
        incidents.create(&json!({ "number": "" })).confirm_by("number").await.map(drop).unwrap_err(),
        incidents.create(&json!({ "number": "a^b" })).confirm_by("number").await.map(drop).unwrap_err(),
        incidents.create(&json!({ "Number": "1" })).confirm_by("Number").await.map(drop).unwrap_err(),
        incidents.upsert("correlation_id", &json!({ "number": "1" })).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert!(simulator.journal().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn a_refusal_of_the_instance_leaves_doubt_and_a_look_decides_it() {
    let simulator = simulator([]);
    let incidents = client(&simulator).table("incident");
    // That nothing is found counts, once this client has seen that the table stores such a value as it is sent.
    let earlier = json!({ "correlation_id": "earlier" });
    incidents.create(&earlier).confirm_by("correlation_id").await.unwrap();
    simulator.add_rule(incident(|table| Rule::Abort { table, rule: "No more".into() }));
    let fields = json!({ "correlation_id": "refused" });
    let error = incidents.create(&fields).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Forbidden && error.may_have_executed(), "{error}");
    let error = incidents.create(&fields).confirm_by("correlation_id").await.unwrap_err();
    assert!(error.kind() == ErrorKind::Forbidden && !error.may_have_executed(), "{error}");
    assert!(error.to_string().contains("was looked up, and was not executed"), "{error}");
    assert!(error.to_string().contains("aborted by Business Rule"), "{error}");
    assert_eq!(there_are(&simulator, "refused").await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_was_carried_out_is_a_success_whatever_was_answered() {
    let simulator = simulator([]);
    let incidents = client(&simulator).table("incident");
    for (lie, kind) in
        [(WriteLie::Forbidden, ErrorKind::Forbidden), (WriteLie::Cancelled, ErrorKind::TransactionCancelled)]
    {
        simulator.settings(|settings| settings.write_lie = Some(lie));
        let fields = json!({ "short_description": "x", "correlation_id": format!("{lie:?}"), "nmber": "x" });
        let error = incidents.create(&fields).await.unwrap_err();
        assert!(error.kind() == kind && error.may_have_executed(), "{error}");
        let fields =
            json!({ "short_description": "x", "correlation_id": format!("{lie:?} 2"), "nmber": "x" });
        let call = incidents.create(&fields).confirm_by("correlation_id").fields(["short_description"]);
        let echo = call.verified().await.unwrap();
        assert_eq!(
            (told(&echo).0, echo.record.value("short_description").unwrap()),
            (vec!["nmber"], "x".into())
        );
        assert_eq!(there_are(&simulator, &format!("{lie:?} 2")).await, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_arrived_is_looked_for_until_it_cannot_come_any_more() {
    let simulator = simulator([]);
    let incidents = client(&simulator).table("incident");
    let call = || incidents.create(&json!({ "correlation_id": "lost" })).confirm_by("correlation_id");
    // That nothing is found counts, once this client has seen that the table stores such a value as it is sent.
    incidents.create(&json!({ "correlation_id": "seen" })).confirm_by("correlation_id").await.unwrap();
    simulator.take_journal();
    simulator.fail_next(Fault::NoNode);
    let began = Instant::now();
    let error = call().await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Unavailable && !error.may_have_executed() && error.is_retryable(),
        "{error}"
    );
    assert!(
        began.elapsed() > Duration::from_secs(60) && began.elapsed() < Duration::from_secs(70),
        "{:?}",
        began.elapsed()
    );
    let posts = |simulator: &Simulator| {
        simulator.take_journal().iter().filter(|entry| entry.method == http::Method::POST).count()
    };
    assert_eq!(posts(&simulator), 1);

    // With less time it stays open, and the deadline holds.
    simulator.fail_next(Fault::NoNode);
    let began = Instant::now();
    let error = call().deadline(Duration::from_secs(10)).await.unwrap_err();
    assert!(error.may_have_executed() && !error.is_retryable(), "{error}");
    assert!(error.to_string().contains("may still be at work"), "{error}");
    assert!(began.elapsed() <= Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(posts(&simulator), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_seen_stays_open() {
    for (rules, unknown_fields_select_nothing, name, why) in [
        (vec![hide("correlation_id=open")], false, "correlation_id", "hidden from this user"),
        (vec![hide_field("correlation_id")], false, "correlation_id", "could not be looked up"),
        (vec![], false, "corelation_id", "no such field"),
        (vec![], true, "corelation_id", "no such field"),
    ] {
        let simulator = simulator(rules);
        simulator.settings(|settings| {
            settings.invalid_query_returns_no_rows = unknown_fields_select_nothing;
            settings.write_lie = Some(WriteLie::Cancelled);
        });
        let error = client(&simulator)
            .table("incident")
            .create(&json!({ name: "open" }))
            .confirm_by(name)
            .await
            .unwrap_err();
        assert!(error.may_have_executed() && error.kind() == ErrorKind::TransactionCancelled, "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_rows_with_the_value_decide_nothing() {
    let simulator = simulator([]);
    let incidents = client(&simulator).table("incident");
    let fields = json!({ "correlation_id": "twice" });
    incidents.create(&fields).await.unwrap();
    simulator.settings(|settings| settings.write_lie = Some(WriteLie::Cancelled));
    let error = incidents.create(&fields).confirm_by("correlation_id").await.unwrap_err();
    assert!(error.may_have_executed() && error.to_string().contains("several records"), "{error}");
}

/// Over a socket, whatever breaks: the record is there once, and the call says so.
#[tokio::test(start_paused = true)]
async fn answers_that_break_on_the_wire_are_looked_for_and_a_post_goes_out_once() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    let soon = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO).budget(1_000);
    let builder = Client::builder().instance(listener.url()).user("admin").password("secret").retry(soon);
    let transport = Transport::builder().no_proxy().build().unwrap();
    let client = builder.transport(transport).build().unwrap();
    for (at, fault) in [
        WireFault::ResetAt(0),
        WireFault::ResetAt(700),
        WireFault::CutAt(900),
        WireFault::StallAt(0),
        WireFault::LongLength(5),
    ]
    .into_iter()
    .enumerate()
    {
        let fields =
            json!({ "short_description": "x".repeat(2_000), "correlation_id": format!("wire-{at}") });
        simulator.take_journal();
        simulator.break_next(fault);
        let made = client.table("incident").create(&fields).confirm_by("correlation_id").await.unwrap();
        assert_eq!(made.value("correlation_id").unwrap(), format!("wire-{at}"), "{fault:?}");
        let journal = simulator.take_journal();
        let posts = journal.iter().filter(|entry| entry.method == http::Method::POST).count();
        assert_eq!((posts, there_are(&simulator, &format!("wire-{at}")).await), (1, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn an_upsert_creates_once_and_updates_from_then_on() {
    let simulator = simulator([]);
    let incidents = client(&simulator).table("incident");
    let alert = |text: &str| json!({ "correlation_id": "alert-7", "short_description": text });
    let Upserted::Created(made) =
        incidents.upsert("correlation_id", &alert("one")).fields(["sys_id"]).await.unwrap()
    else {
        panic!("nothing was there to update");
    };
    let done =
        incidents.upsert("correlation_id", &alert("two")).display_value(DisplayValue::All).await.unwrap();
    assert!(!done.is_created());
    let record = done.into_record();
    assert_eq!(record.sys_id().unwrap(), made.sys_id().unwrap());
    assert_eq!(record.value("short_description").unwrap(), "two");
    assert_eq!(there_are(&simulator, "alert-7").await, 1);

    incidents.create(&alert("three")).await.unwrap();
    simulator.take_journal();
    let error = incidents.upsert("correlation_id", &alert("four")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::MultipleResults && !error.may_have_executed(), "{error}");
    assert_eq!(simulator.take_journal().len(), 1, "it looked, and wrote nothing");
}

/// Of the record that it creates as of the one that it changes.
#[tokio::test]
async fn an_upsert_tells_what_the_service_made_of_it() {
    let simulator = simulator([]);
    let incidents = client(&simulator).table("incident");
    let alert = json!({ "correlation_id": "alert-8", "urgncy": 1, "impact": "urgent" });
    for created in [true, false] {
        let done = incidents.upsert("correlation_id", &alert).fields(["number"]).verified().await.unwrap();
        assert_eq!(done.is_created(), created);
        let echo = done.into_record();
        assert_eq!(
            (echo.ignored.as_slice(), echo.changed[0].field.as_str()),
            (&["urgncy".into()][..], "impact")
        );
        assert!(echo.record.value("number").unwrap().starts_with("INC"));
        let error = incidents.upsert("correlation_id", &alert).require_applied(true).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FieldsNotApplied, "{error}");
        assert!(error.to_string().contains("urgncy") && error.may_have_executed(), "{error}");
        let good = json!({ "correlation_id": "alert-8", "short_description": "x" });
        assert!(!incidents.upsert("correlation_id", &good).require_applied(true).await.unwrap().is_created());
    }
    assert_eq!(there_are(&simulator, "alert-8").await, 1);
}

#[tokio::test]
async fn an_upsert_by_a_field_that_is_not_there_touches_no_other_row() {
    let simulator = simulator([hide("correlation_id=hidden")]);
    let incidents = client(&simulator).table("incident");
    // The service drops such a condition, and answers with the whole table.
    let error = incidents.upsert("corelation_id", &json!({ "corelation_id": "1" })).await.unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput && !error.may_have_executed(), "{error}");
    let hidden = json!({ "correlation_id": "hidden" });
    crate::client(&simulator).table("incident").create(&hidden).await.unwrap();
    let error = incidents.upsert("correlation_id", &hidden).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Forbidden && !error.may_have_executed(), "{error}");
    assert!(simulator.journal().iter().all(|entry| entry.method != http::Method::PATCH));

    // Or it answers with no row, each time.
    simulator.settings(|settings| settings.invalid_query_returns_no_rows = true);
    let error = incidents.upsert("corelation_id", &json!({ "corelation_id": "1" })).await.unwrap_err();
    assert!(error.kind() == ErrorKind::FieldsNotApplied && error.may_have_executed(), "{error}");
}

async fn some_ids(simulator: &Simulator, count: usize) -> Vec<SysId> {
    let rows = crate::client(simulator).table("incident").list().fields(["sys_id"]).all().await.unwrap();
    rows.iter().take(count).map(|row| row.sys_id().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn many_rows_have_an_outcome_each() {
    let simulator = simulator([]);
    simulator.settings(|settings| settings.latency = Duration::from_millis(100));
    let incidents = client(&simulator).table("incident");
    let mut ids = some_ids(&simulator, 10).await;
    let absent: SysId = "0".repeat(32).parse().unwrap();
    ids.insert(3, absent);
    let told = Arc::new(Mutex::new(Vec::new()));
    let progress = told.clone();
    let began = Instant::now();
    let many =
        incidents.update_many(ids.clone(), &json!({ "short_description": "all alike" })).concurrency(3);
    let done = many.on_progress(move |at| progress.lock().unwrap().push(at)).all().await;
    assert_eq!(
        done.outcomes.iter().map(|row| row.sys_id).collect::<BTreeSet<_>>(),
        ids.iter().copied().collect()
    );
    assert_eq!(began.elapsed().as_millis() / 100, 4, "eleven, three at once");
    let failures: Vec<_> = done.failures().map(|(sys_id, error)| (sys_id, error.kind())).collect();
    assert_eq!(failures, [(absent, ErrorKind::NotFound)]);
    assert!(!done.is_complete() && done.untouched.is_empty());
    let told = told.lock().unwrap().clone();
    let (last, told) = (*told.last().unwrap(), told.len());
    assert_eq!((told, last.succeeded, last.failed, last.under_way, last.waiting), (11, 10, 1, 0, 0));
    let changed = incidents.list().query(field("short_description").eq("all alike")).count().await.unwrap();
    assert_eq!(changed, 10);
    assert_eq!(done.into_result().unwrap_err().kind(), ErrorKind::NotFound);

    let own =
        ids.iter().filter(|id| **id != absent).map(|id| (*id, json!({ "description": id, "nmber": "x" })));
    let mut many = incidents.update_each(own).verified().stream();
    let mut seen = 0;
    while let Some(outcome) = many.next().await {
        let outcome = outcome.unwrap();
        let echo = outcome.result.unwrap();
        assert_eq!(echo.record.value("description").unwrap(), outcome.sys_id.as_str());
        assert_eq!(echo.ignored, ["nmber"]);
        seen += 1;
    }
    assert_eq!(seen, 10);
}

#[tokio::test(start_paused = true)]
async fn many_stop_at_the_first_error_if_told_to_and_none_is_lost() {
    let simulator = simulator([]);
    let mut ids = some_ids(&simulator, 12).await;
    ids[4] = "0".repeat(32).parse().unwrap();
    let done = client(&simulator)
        .table("incident")
        .delete_many(ids.clone())
        .concurrency(2)
        .stop_at_first_error(true)
        .all()
        .await;
    assert_eq!(done.failures().count(), 1);
    assert_eq!(done.outcomes.len() + done.untouched.len(), ids.len());
    assert!((5..=6).contains(&done.outcomes.len()), "{}", done.outcomes.len());
    let all: BTreeSet<_> = done.outcomes.iter().map(|row| row.sys_id).chain(done.untouched.clone()).collect();
    assert_eq!(all, ids.iter().copied().collect());
    for id in &done.untouched {
        crate::client(&simulator).table("incident").get(id).await.unwrap();
    }
    assert_eq!(
        simulator.journal().iter().filter(|entry| entry.method == http::Method::DELETE).count(),
        done.outcomes.len()
    );
}

#[tokio::test(start_paused = true)]
async fn the_rows_of_a_query_are_written_each_once() {
    for user in ["admin", "clerk"] {
        let simulator = Simulator::builder()
            .user("admin", "secret")
            .user("clerk", "secret")
            .incidents(2_500)
            .build()
            .unwrap();
        let builder = Client::builder().instance("dev12345").user(user).password("secret").concurrency(1);
        let incidents = builder.transport(simulator.clone()).build().unwrap().table("incident");
        let low = field("priority").eq(5);
        let before = incidents.list().query(&low).count().await.unwrap();
        assert!(before > 100);
        // The write takes the row out of the query, and, in order of what it changes, moves it to the end.
        for query in [low.clone(), low.clone().order_by("sys_updated_on")] {
            let done = incidents
                .list()
                .query(&query)
                .limit(50)
                .update_all(&json!({ "short_description": "x" }))
                .all()
                .await;
            assert!(done.is_complete() && done.outcomes.len() == 50, "{done:?}");
        }
        let done = incidents.list().query(&low).delete_all().all().await;
        assert!(done.is_complete());
        let rows: BTreeSet<_> = done.outcomes.iter().map(|row| row.sys_id).collect();
        assert_eq!((rows.len() as u64, done.outcomes.len() as u64), (before, before));
        assert_eq!(incidents.list().query(&low).count().await.unwrap(), 0);
        assert!(incidents.list().count().await.unwrap() > 1_000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_would_select_more_than_it_says_writes_nothing() {
    let simulator = simulator([hide_field("severity")]);
    simulator.settings(|settings| settings.query_acls = false);
    let incidents = client(&simulator).table("incident");
    let rows = || incidents.list();
    use snow_client::Query;
    for list in [
        rows(),
        rows().query(Query::new().order_by("number")),
        rows().query(field("active").eq(true)).offset(3),
        rows().query(Query::raw("active~true")),
        rows().query(field("u_no_such").eq(1)),
        rows().query(field("severity").eq(3)),
        rows().query(field("active").eq(true).and(field("caller_id.nmae").eq("x"))).limit(3),
        rows().query(Query::raw("u_no_such=1^ORDERBYnumber")),
    ] {
        let told = format!("{list:?}");
        let done = list.delete_all().all().await;
        assert!(
            done.outcomes.is_empty() && done.untouched.is_empty() && !done.is_complete(),
            "{told} {done:?}"
        );
        let error = done.into_result().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert!(simulator.journal().iter().all(|entry| entry.method == http::Method::GET));
}

#[tokio::test(start_paused = true)]
async fn rows_that_cannot_be_read_further_are_an_error_behind_the_outcomes() {
    let simulator = simulator([]);
    let rows = client(&simulator).table("incident").list().query(field("active").eq(true));
    let mut many = rows.update_all(&json!({ "urgency": "1" })).stream().boxed();
    simulator.fail_always(Some(Fault::Hibernating));
    let outcome = many.next().await.unwrap();
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Hibernating);
    assert!(many.next().await.is_none());
}

/// Fields of any type that serde writes.
#[tokio::test]
async fn fields_that_are_no_object_are_refused_one_by_one() {
    let simulator = simulator([]);
    let ids = some_ids(&simulator, 2).await;
    simulator.take_journal();
    let incidents = client(&simulator).table("incident");
    let changes = [(ids[0], json!({ "urgency": "1" })), (ids[1], Value::from("no object"))];
    let done = incidents.update_each(changes).all().await;
    let failures: Vec<(SysId, ErrorKind)> =
        done.failures().map(|(id, error): (_, &Error)| (id, error.kind())).collect();
    assert_eq!((failures, simulator.journal().len()), (vec![(ids[1], ErrorKind::InvalidInput)], 1));
}
