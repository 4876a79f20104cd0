//! Values are read and written in all their forms (facts 1.6).

use crate::{builder, call, create, get, send};
use http::Request;
use serde_json::{Value, json};
use snow_sim::{Simulator, User};
use std::time::{Duration, SystemTime};

#[tokio::test]
pub(crate) async fn references_in_all_six_forms() {
    let simulator = builder().build().unwrap();
    let number = "sysparm_query=number=INC0000001&sysparm_fields=caller_id,parent";
    let user = get(&simulator, "/api/now/table/sys_user?sysparm_query=name=Fred Luddy")
        .await
        .column("sys_id")
        .remove(0);
    let link = format!("https://dev1.service-now.com/api/now/table/sys_user/{user}");
    for (parameters, set, empty) in [
        ("", json!({ "link": link, "value": user }), json!("")),
        ("sysparm_exclude_reference_link=true", json!(user), json!("")),
        ("sysparm_display_value=true", json!({ "display_value": "Fred Luddy", "link": link }), json!("")),
        ("sysparm_display_value=true&sysparm_exclude_reference_link=true", json!("Fred Luddy"), json!("")),
        (
            "sysparm_display_value=all",
            json!({ "display_value": "Fred Luddy", "link": link, "value": user }),
            json!({ "display_value": "", "value": "" }),
        ),
        (
            "sysparm_display_value=all&sysparm_exclude_reference_link=true",
            json!({ "display_value": "Fred Luddy", "value": user }),
            json!({ "display_value": "", "value": "" }),
        ),
    ] {
        let row =
            get(&simulator, &format!("/api/now/table/incident?{number}&{parameters}")).await.rows().remove(0);
        assert_eq!((&row["caller_id"], &row["parent"]), (&set, &empty), "{parameters}");
    }
    let domain =
        get(&simulator, &format!("/api/now/table/incident?{number},sys_domain")).await.rows().remove(0);
    assert_eq!(domain["sys_domain"]["value"], "global");
    assert!(
        domain["sys_domain"]["link"].as_str().unwrap().ends_with("/sys_user_group/global"),
        "a link to no record"
    );
}

#[tokio::test]
pub(crate) async fn every_field_is_an_object_with_all() {
    let simulator = builder().build().unwrap();
    let all = get(&simulator, "/api/now/table/incident?sysparm_display_value=all&sysparm_limit=1")
        .await
        .rows()
        .remove(0);
    for (name, value) in all.as_object().unwrap() {
        assert!(value["value"].is_string() && value["display_value"].is_string(), "{name}: {value}");
    }
    let stored = get(&simulator, "/api/now/table/incident?sysparm_limit=1").await.rows().remove(0);
    let scalar = |value: &Value| value.is_string() || value["value"].is_string();
    assert!(stored.as_object().unwrap().values().all(scalar), "every scalar is text");
}

fn in_los_angeles() -> Simulator {
    let user =
        User::new("admin", "secret").role("admin").time_zone("America/Los_Angeles").date_format("dd-MM-yyyy");
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_785_308_808); // 2026-07-29 07:06:48 UTC
    Simulator::builder().user_with(user).start_at(start).build().unwrap()
}

#[tokio::test(start_paused = true)]
pub(crate) async fn times_in_the_users_zone_and_format() {
    let simulator = in_los_angeles();
    let id = create(&simulator, r#"{"due_date":"2026-01-31 02:00:00"}"#).await;
    let row =
        get(&simulator, &format!("/api/now/table/incident/{id}?sysparm_display_value=all")).await.result();
    assert_eq!(row["sys_created_on"]["value"], "2026-07-29 07:06:48");
    assert_eq!(row["sys_created_on"]["display_value"], "29-07-2026 00:06:48");
    assert_eq!(row["due_date"]["display_value"], "30-01-2026 18:00:00", "a calendar day apart");
    simulator.advance(Duration::from_millis(1_999));
    let id = create(&simulator, "{}").await;
    let row = get(&simulator, &format!("/api/now/table/incident/{id}")).await.result();
    assert_eq!(row["sys_created_on"], "2026-07-29 07:06:49", "to the second");
}

#[tokio::test]
pub(crate) async fn display_values_may_be_written() {
    let simulator = in_los_angeles();
    let body = r#"{"caller_id":"Beth Anglin","state":"In Progress","due_date":"30-01-2026 18:00:00"}"#;
    let made = call(&simulator, "POST", "/api/now/table/incident?sysparm_input_display_value=true", body)
        .await
        .result();
    let again = get(
        &simulator,
        &format!(
            "/api/now/table/incident/{}?sysparm_fields=caller_id.name",
            made["sys_id"].as_str().unwrap()
        ),
    )
    .await;
    assert_eq!((&again.result()["caller_id.name"], &made["state"]), (&json!("Beth Anglin"), &json!("2")));
    assert_eq!(made["due_date"], "2026-01-31 02:00:00");
}

#[tokio::test]
async fn dates_and_lists_may_be_written_as_they_are_shown() {
    let simulator = in_los_angeles();
    let body = r#"{"name":"x","purchase_date":"31-12-2025"}"#;
    let made = call(&simulator, "POST", "/api/now/table/cmdb_ci?sysparm_input_display_value=true", body)
        .await
        .result();
    assert_eq!(made["purchase_date"], "2025-12-31");
    let query = "/api/now/table/cmdb_ci?sysparm_query=purchase_date>=2025-12-31 00:00:00";
    assert_eq!(get(&simulator, query).await.rows().len(), 1, "a date is its midnight");
    let body = r#"{"watch_list":"Beth Anglin, someone@example.com"}"#;
    let made = call(&simulator, "POST", "/api/now/table/incident?sysparm_input_display_value=true", body)
        .await
        .result();
    let (user, mail) = made["watch_list"].as_str().unwrap().split_once(',').unwrap();
    assert_eq!((user.len(), mail), (32, "someone@example.com"));
}

#[tokio::test]
pub(crate) async fn durations_journals_lists_and_choices() {
    let simulator = builder().build().unwrap();
    let users =
        get(&simulator, "/api/now/table/sys_user?sysparm_query=nameINBeth Anglin,Fred Luddy^ORDERBYname")
            .await
            .column("sys_id");
    let watchers = format!("{},{},someone@example.com", users[0], users[1]);
    let body = json!({ "time_worked": "1970-01-03 03:00:06", "work_notes": "looked at it", "comments": "hello", "watch_list": watchers });
    let id = create(&simulator, &body.to_string()).await;
    let path = format!("/api/now/table/incident/{id}");
    simulator.advance(Duration::from_secs(5));
    call(&simulator, "PATCH", &path, r#"{"work_notes":"mended"}"#).await;
    let row = get(&simulator, &format!("{path}?sysparm_display_value=all")).await.result();
    assert_eq!(row["time_worked"]["display_value"], "2 Days 3 Hours 6 Seconds");
    assert_eq!(row["watch_list"]["display_value"], "Beth Anglin, Fred Luddy, someone@example.com");
    assert_eq!(row["state"], json!({ "display_value": "New", "value": "1" }));
    assert_eq!(row["work_notes"]["value"], "", "the stored form of a journal is empty");
    let notes = row["work_notes"]["display_value"].as_str().unwrap();
    assert!(
        notes.ends_with("looked at it\n\n") && notes.contains(" - admin (Work notes)\nmended\n\n"),
        "{notes}"
    );
    let both = row["comments_and_work_notes"]["display_value"].as_str().unwrap();
    assert!(both.contains("(Additional comments)\nhello\n\n") && both.contains("mended"));
    let entries = get(
        &simulator,
        &format!("/api/now/table/sys_journal_field?sysparm_query=element_id={id}^ORDERBYvalue"),
    )
    .await;
    assert_eq!(entries.column("value"), ["hello", "looked at it", "mended"]);
    assert_eq!(row["sys_mod_count"]["value"], "1", "a note is a change");
    let blank = get(&simulator, "/api/now/table/sys_user?sysparm_display_value=all&sysparm_limit=1")
        .await
        .rows()
        .remove(0);
    assert_eq!(
        blank["web_service_access_only"],
        json!({ "display_value": "false", "value": "" }),
        "empty shows as false"
    );
}

#[tokio::test]
pub(crate) async fn classes_and_inheritance() {
    let simulator = builder().build().unwrap();
    let all = get(&simulator, "/api/now/table/task?sysparm_limit=100").await;
    let classes: std::collections::BTreeSet<_> = all.column("sys_class_name").into_iter().collect();
    let known = [
        "change_request",
        "change_task",
        "incident",
        "problem",
        "problem_task",
        "sc_req_item",
        "sc_request",
        "sc_task",
    ];
    assert_eq!(classes.into_iter().collect::<Vec<_>>(), known);
    assert!(all.rows().iter().all(|row| row.get("caller_id").is_none()), "with the columns of task only");
    let exact = get(&simulator, "/api/now/table/cmdb_ci?sysparm_query=sys_class_name=cmdb_ci_server").await;
    let subtree =
        get(&simulator, "/api/now/table/cmdb_ci?sysparm_query=sys_class_nameINSTANCEOFcmdb_ci_hardware")
            .await;
    assert_eq!((exact.rows().len(), subtree.rows().len()), (1, 7));
    let server = get(&simulator, "/api/now/table/cmdb_ci_server").await;
    assert_eq!(server.rows().len(), 3, "a subclass is there too");
}

#[tokio::test]
pub(crate) async fn rules_before_saving() {
    let simulator = builder().build().unwrap();
    for (impact, urgency, priority) in
        [("1", "1", "1"), ("1", "3", "3"), ("2", "2", "3"), ("2", "3", "4"), ("3", "3", "5")]
    {
        let made = call(
            &simulator,
            "POST",
            "/api/now/table/incident",
            &json!({ "impact": impact, "urgency": urgency }).to_string(),
        )
        .await;
        assert_eq!(made.result()["priority"], priority);
    }
    let id = create(&simulator, "{}").await;
    let made = get(&simulator, &format!("/api/now/table/incident/{id}")).await.result();
    assert_eq!(made["opened_at"], made["sys_created_on"]);
    assert!(made["number"].as_str().unwrap().starts_with("INC00000"));
    let closed =
        call(&simulator, "PATCH", &format!("/api/now/table/incident/{id}"), r#"{"incident_state":"7"}"#)
            .await
            .result();
    assert_eq!(
        (&closed["state"], &closed["active"]),
        (&json!("7"), &json!("false")),
        "the states follow each other"
    );
    let nobody = send(&simulator, Request::get("/api/now/table/incident"), "").await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
pub(crate) async fn a_class_shows_the_label_of_its_table() {
    let dog = snow_sim::Table::new("u_dog", "Good dog").extends("cmdb_ci");
    let simulator = builder().table(dog).build().unwrap();
    call(&simulator, "POST", "/api/now/table/u_dog", "{}").await;
    for (table, class, label) in
        [("change_request", "change_request", "Change Request"), ("cmdb_ci", "u_dog", "Good dog")]
    {
        let query =
            format!("sysparm_query=sys_class_name={class}&sysparm_fields=sys_class_name&sysparm_limit=1");
        let shown =
            get(&simulator, &format!("/api/now/table/{table}?{query}&sysparm_display_value=all")).await;
        let both = json!({ "display_value": label, "value": class });
        assert_eq!(shown.rows()[0]["sys_class_name"], both, "as it was measured on an instance");
    }
}

#[tokio::test]
pub(crate) async fn an_entry_of_a_journal_names_its_field() {
    let table = snow_sim::Table::new("u_visit", "Visit").column("u_log", snow_sim::ColumnType::Journal);
    let simulator = builder().table(table).build().unwrap();
    let shown = async |table: &str, field: &str| {
        let path = format!("/api/now/table/{table}?sysparm_display_value=true&sysparm_fields={field}");
        let made = call(&simulator, "POST", &path, &json!({ field: "seen" }).to_string()).await;
        made.result()[field].as_str().unwrap().to_owned()
    };
    for (table, field, label) in [
        ("u_visit", "u_log", "u_log"),
        ("incident", "work_notes", "Work notes"),
        ("incident", "comments", "Additional comments"),
    ] {
        let text = shown(table, field).await;
        assert!(text.ends_with(&format!(" - admin ({label})\nseen\n\n")), "{text}");
    }
}
