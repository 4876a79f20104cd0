//! A feed refuses what would lose changes unnoticed.

use crate::{client, instance};
use snow_client::changes::{Change, ChangeFeed, Deletions, FeedCursor};
use snow_client::{Client, ErrorKind, Query, Record, SysId, field};
use snow_sim::{ColumnType, Rule, Simulator, Table};
use std::time::Duration;

async fn refusal(mut feed: ChangeFeed<Record>) -> (ErrorKind, String) {
    let error = feed.poll().await.unwrap_err();
    (error.kind(), error.to_string())
}

#[tokio::test(start_paused = true)]
async fn settings_that_would_lose_changes_are_refused_before_anything_is_sent() {
    let simulator = instance(5);
    let client = client(&simulator, "admin");
    let feed = || client.table("incident").changes();
    let active = field("active").eq(true);
    for (feed, why) in [
        (feed().query(active.clone()), "stops matching"),
        (feed().query(active.clone()).deletions(Deletions::Audited), "stops matching"),
        (feed().query(Query::new().order_by("number")), "order"),
        (feed().display_value(snow_client::DisplayValue::Display), "stored values"),
        (feed().overlap(Duration::from_secs(100_000)), "longer than a day"),
        (feed().param("sysparm_query", "active=true"), "query()"),
    ] {
        let (kind, text) = refusal(feed).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{text}");
        assert!(text.contains(why), "{text}");
    }
    assert_eq!(simulator.take_journal().len(), 0);
    for mut allowed in [
        feed().query(active.clone()).records_may_leave_unseen(true),
        feed().query(active).deletions(Deletions::Swept { every: Duration::from_secs(60) }),
        feed().query(field("sys_created_by").eq("admin")),
    ] {
        assert!(allowed.poll().await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_of_another_feed_is_refused() {
    let simulator = instance(5);
    let client = client(&simulator, "admin");
    let other = crate::client(&simulator, "admin");
    let feed = || client.table("incident").changes().fields(["number"]);
    let stored = serde_json::to_string(feed().poll().await.unwrap().cursor()).unwrap();
    let cursor = || serde_json::from_str::<FeedCursor>(&stored).unwrap();
    let leaves = |feed: ChangeFeed<Record>| feed.records_may_leave_unseen(true);
    for foreign in [
        client.table("problem").changes().fields(["number"]),
        feed().fields(["number", "state"]),
        leaves(feed().query(field("active").eq(true))),
        feed().overlap(Duration::from_secs(60)),
        feed().deletions(Deletions::Audited),
        feed().created_only(true),
        feed().query_category("list"),
    ] {
        let (kind, text) = refusal(foreign.resume(cursor())).await;
        assert_eq!((kind, text.contains("another feed")), (ErrorKind::InvalidInput, true), "{text}");
    }
    let elsewhere = Client::builder().instance("dev99999").user("admin").password("secret");
    let elsewhere = elsewhere.transport(simulator.clone()).build().unwrap();
    let foreign = elsewhere.table("incident").changes().fields(["number"]);
    let (kind, text) = refusal(foreign.resume(cursor())).await;
    assert_eq!((kind, text.contains("another feed")), (ErrorKind::InvalidInput, true), "{text}");
    let mut same = other.table("incident").changes().fields(["number"]).resume(cursor());
    assert!(same.poll().await.unwrap().changes().is_empty());
}

/// Database views have neither, and tables that only grow have no time of change.
#[tokio::test(start_paused = true)]
async fn a_table_without_a_time_of_change_or_without_ids_is_refused() {
    for field in ["sys_updated_on", "sys_id"] {
        let simulator = instance(2);
        simulator.add_rule(Rule::HideField { table: "incident".into(), field: field.into() });
        simulator.settings(|settings| settings.query_acls = false);
        let client = client(&simulator, "reader");
        let (kind, text) = refusal(client.table("incident").changes()).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{field}");
        assert!(text.contains("created_only") && text.contains("database views"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn records_that_are_hidden_are_refused_unless_they_are_accepted() {
    let simulator = instance(0);
    simulator.insert("incident", [("short_description", "secret")]).unwrap();
    simulator.insert("incident", [("short_description", "open")]).unwrap();
    simulator.add_rule(Rule::HideRows { table: "incident".into(), query: "short_description=secret".into() });
    let client = client(&simulator, "reader");
    let (kind, text) = refusal(client.table("incident").changes()).await;
    assert_eq!(kind, ErrorKind::Forbidden);
    assert!(text.contains("accept_hidden"), "{text}");
    let mut feed = client.table("incident").changes().accept_hidden(true);
    assert!(matches!(feed.poll().await.unwrap().changes(), [Change::Record { .. }]));
}

/// One that is hidden in the middle of a page which nobody counted is seen as well as the last one.
#[tokio::test(start_paused = true)]
async fn a_hidden_record_is_seen_wherever_it_stands() {
    for at in [20, 150, 320, 349] {
        let simulator = instance(350);
        let stamp = |id: &String| simulator.stored("incident", id, "sys_updated_on").unwrap();
        let mut ids = simulator.ids("incident");
        ids.sort_by_key(|id| (stamp(id), id.clone()));
        let hidden = ids[at].clone();
        simulator.add_rule(Rule::HideRows { table: "incident".into(), query: format!("sys_id={hidden}") });
        let client = client(&simulator, "reader");
        let mut feed = client.table("incident").changes().fields(["number"]);
        let error = loop {
            match feed.poll().await {
                Ok(batch) => assert!(!batch.is_caught_up(), "the record at {at} is missed"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Forbidden, "{error}");
        assert!(error.to_string().contains("accept_hidden"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_audit_without_classes_or_without_audits_is_refused() {
    let simulator = instance(2);
    let admin = client(&simulator, "admin");
    let audited = |client: &Client| client.table("task").changes().deletions(Deletions::Audited);
    assert!(audited(&admin).poll().await.is_ok());
    let hidden = Rule::HideRows { table: "sys_db_object".into(), query: "name=incident".into() };
    simulator.add_rule(hidden.clone());
    simulator.settings(|settings| settings.platform_acls = false);
    let (kind, text) = refusal(audited(&client(&simulator, "reader"))).await;
    assert_eq!((kind, text.contains("Deletions::Swept")), (ErrorKind::Forbidden, true), "{text}");
    assert!(simulator.remove_rule(&hidden));

    // A class that extends the table is not audited.
    let entries = simulator.ids("sys_dictionary");
    let is_table = |id: &&String| {
        let stored = |field: &str| simulator.stored("sys_dictionary", id, field).unwrap();
        (stored("name"), stored("internal_type")) == ("incident".into(), "collection".into())
    };
    let entry = entries.iter().find(is_table).unwrap();
    for (attributes, is_refused) in
        [("text_index,no_audit_delete=true", true), ("no_audit_delete=false", false), ("no_audit", false)]
    {
        simulator.update("sys_dictionary", entry, [("attributes", attributes)]).unwrap();
        let polled = audited(&admin).poll().await;
        assert_eq!(polled.is_err(), is_refused, "{attributes}");
        if let Err(error) = polled {
            assert!(error.to_string().contains("deletions of incident are not audited"), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_audit_that_cannot_be_read_is_refused() {
    let simulator = instance(2);
    let gone = simulator.insert("incident", [("short_description", "gone")]).unwrap();
    simulator.delete("incident", &gone);
    simulator.add_rule(Rule::HideRows { table: "sys_audit_delete".into(), query: String::new() });
    let reader = client(&simulator, "reader");
    let (kind, text) = refusal(reader.table("incident").changes().deletions(Deletions::Audited)).await;
    assert_eq!((kind, text.contains("sys_audit_delete")), (ErrorKind::Forbidden, true), "{text}");
    let admin = client(&simulator, "admin");
    let mut feed = admin.table("incident").changes().deletions(Deletions::Audited);
    let _ = feed.poll().await.unwrap();
    assert_eq!(feed.saw_audited_deletion(), Some(true));
}

/// Some deletions may be hidden from a user who can read the others.
#[tokio::test(start_paused = true)]
async fn an_audit_of_which_a_part_can_be_read_is_not_refused() {
    let simulator = instance(2);
    simulator.settings(|settings| settings.platform_acls = false);
    let delete = |table: &str| {
        let gone = simulator.insert(table, [("short_description", "gone")]).unwrap();
        simulator.advance(Duration::from_secs(1));
        simulator.delete(table, &gone);
        gone
    };
    let hide = |gone: &str| {
        let query = format!("documentkey={gone}");
        simulator.add_rule(Rule::HideRows { table: "sys_audit_delete".into(), query });
    };
    hide(&delete("incident"));
    delete("problem");
    let reader = client(&simulator, "reader");
    for (table, is_audited) in [("incident", true), ("problem", true), ("sys_user_group", false)] {
        let mut feed = reader.table(table).changes().deletions(Deletions::Audited).accept_hidden(true);
        let _ = feed.poll().await.unwrap();
        assert_eq!(feed.saw_audited_deletion(), Some(is_audited), "{table}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_is_set_before_its_first_poll() {
    let simulator = instance(2);
    let client = client(&simulator, "admin");
    let mut feed = client.table("incident").changes();
    let _ = feed.poll().await.unwrap();
    let (kind, text) = refusal(feed.overlap(Duration::from_secs(5))).await;
    assert_eq!((kind, text.contains("after its first poll")), (ErrorKind::InvalidInput, true), "{text}");
}

/// Without an end of a page there is no proof: an instance that ignores the order is told.
#[tokio::test(start_paused = true)]
async fn an_instance_that_ignores_the_order_is_refused() {
    let orders = Table::new("u_order", "Order").column("u_amount", ColumnType::Decimal);
    let simulator = Simulator::builder().user("admin", "secret").table(orders).build().unwrap();
    let early = [("sys_id", "f0000000000000000000000000000001"), ("sys_updated_on", "2026-01-01 00:00:00")];
    let late = [("sys_id", "00000000000000000000000000000001"), ("sys_updated_on", "2026-01-02 00:00:00")];
    for fields in [early, late] {
        simulator.insert("u_order", fields).unwrap();
    }
    let by_id = crate::times::with_queries(&simulator, |query| {
        query.replace("^ORDERBYsys_updated_on", "").replace("ORDERBYsys_updated_on^", "")
    });
    let (kind, text) = refusal(by_id.table("u_order").changes()).await;
    assert_eq!((kind, text.contains("ignores the order")), (ErrorKind::Incomplete, true), "{text}");
}

/// A feed writes nothing, so no error of it asks for a look at what was written.
#[tokio::test(start_paused = true)]
async fn no_error_of_a_feed_says_that_something_may_have_been_written() {
    #[derive(Debug, serde::Deserialize)]
    struct Numbered {
        #[serde(rename = "number")]
        _number: u8,
    }
    let simulator = instance(2);
    let id: SysId = simulator.ids("incident")[0].parse().unwrap();
    let gone = simulator.insert("incident", [("short_description", "gone")]).unwrap();
    simulator.delete("incident", &gone);
    simulator.add_rule(Rule::HideRows { table: "sys_audit_delete".into(), query: String::new() });
    let incidents = client(&simulator, "reader").table("incident");
    let hidden = || incidents.changes().deletions(Deletions::Audited);
    let odd = || incidents.clone().typed::<Numbered>().changes();
    let refused = || incidents.changes().query(Query::new().order_by("number"));
    for error in [
        hidden().poll().await.unwrap_err(),
        hidden().records(&[id]).await.unwrap_err(),
        hidden().left_query(&[id]).await.unwrap_err(),
        hidden().stream(Duration::from_secs(1)).next().await.unwrap().unwrap_err(),
        odd().poll().await.unwrap_err(),
        odd().records(&[id]).await.unwrap_err(),
        odd().stream(Duration::from_secs(1)).next().await.unwrap().unwrap_err(),
        refused().poll().await.unwrap_err(),
        refused().records(&[id]).await.unwrap_err(),
        refused().left_query(&[id]).await.unwrap_err(),
        refused().stream(Duration::from_secs(1)).next().await.unwrap().unwrap_err(),
    ] {
        assert!(!error.may_have_executed(), "{error}");
        assert!(!error.to_string().contains("read back"), "{error}");
    }
}
