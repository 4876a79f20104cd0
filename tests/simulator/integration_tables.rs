//! The tables that integrations read and write are there, with their columns, parents, states and demo records (facts 7.4).

use crate::{builder, call, get};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

#[tokio::test]
pub(crate) async fn tables_have_their_columns_and_parents() {
    let simulator = builder().build().unwrap();
    for (table, parent, columns) in [
        ("problem_task", "task", "problem,problem_task_type,number,assigned_to"),
        ("change_task", "task", "change_request,change_task_type,planned_start_date,on_hold"),
        ("sc_request", "task", "requested_for,request_state,stage,price"),
        ("sc_req_item", "task", "request,cat_item,quantity,stage,requested_for"),
        ("sc_task", "task", "request,request_item,cat_item"),
        ("sc_cat_item", "", "name,category,price,sc_catalogs,active"),
        ("task_sla", "", "task,sla,stage,has_breached,planned_end_time,business_percentage"),
        ("cmdb_rel_ci", "", "parent,child,type"),
        ("cmdb_rel_type", "", "name,parent_descriptor,child_descriptor"),
        ("cmdb_ci_linux_server", "cmdb_ci_server", "ip_address,host_name,os_version,kernel_release"),
        ("cmdb_ci_win_server", "cmdb_ci_server", "fqdn,os,disk_space"),
        ("cmdb_ci_computer", "cmdb_ci_hardware", "os,ram,cpu_core_count,mac_address"),
        ("cmdb_ci_netgear", "cmdb_ci_hardware", "ports,device_type,serial_number"),
        ("cmdb_ci_ip_switch", "cmdb_ci_netgear", "firmware_version"),
        ("cmdb_ci_database", "cmdb_ci", "db_server,version"),
        ("cmdb_ci_app_server", "cmdb_ci_appl", "tcp_port,running_process"),
        ("cmdb_ci_service", "cmdb_ci", "busines_criticality,service_classification,owned_by"),
        ("sys_script", "", "collection,when,filter_condition,abort_action,add_message,message"),
    ] {
        let above = get(
            &simulator,
            &format!(
                "/api/now/table/sys_db_object?sysparm_query=name={table}&sysparm_fields=super_class.name"
            ),
        )
        .await;
        assert_eq!(above.column("super_class.name"), [parent], "{table}");
        let made =
            call(&simulator, "POST", &format!("/api/now/table/{table}?sysparm_fields={columns}"), "{}").await;
        assert_eq!(made.status, 201, "{table}");
        let keys: BTreeSet<String> = made.result().as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, columns.split(',').map(str::to_owned).collect(), "{table}");
    }
}

#[tokio::test]
async fn a_class_of_task_has_states_of_its_own() {
    let simulator = builder().build().unwrap();
    for (class, labels) in [
        ("problem_task", &["New", "Assess", "Work in Progress", "Closed"][..]),
        ("change_task", &["Pending", "Open", "In Progress", "Closed", "Canceled"]),
        (
            "sc_task",
            &[
                "Pending",
                "Open",
                "Work in Progress",
                "Closed Complete",
                "Closed Incomplete",
                "Closed Skipped",
            ],
        ),
    ] {
        let path =
            format!("/api/now/table/sys_choice?sysparm_query=name={class}^element=state^ORDERBYsequence");
        assert_eq!(get(&simulator, &path).await.column("label"), labels, "{class}");
    }
    // The same number has another label in another class, in one list of all of them.
    let path = "/api/now/table/task?sysparm_query=state=3^sys_class_nameINchange_task,sc_task&sysparm_fields=sys_class_name,state\
        &sysparm_display_value=true";
    let rows = get(&simulator, path).await.rows();
    let pairs: BTreeSet<(&str, &str)> = rows
        .iter()
        .map(|row| (row["sys_class_name"].as_str().unwrap(), row["state"].as_str().unwrap()))
        .collect();
    let labels: Vec<&str> = pairs.into_iter().map(|(_, state)| state).collect();
    assert_eq!(labels, ["Closed Complete", "Closed"], "of a Catalog Task, and of a Change Task");
}

#[tokio::test]
async fn demo_records_are_numbered_and_point_to_each_other() {
    let simulator = builder().build().unwrap();
    for (table, prefix) in [
        ("problem_task", "PTASK"),
        ("change_task", "CTASK"),
        ("sc_request", "REQ"),
        ("sc_req_item", "RITM"),
        ("sc_task", "SCTASK"),
    ] {
        let numbers = get(&simulator, &format!("/api/now/table/{table}?sysparm_query=ORDERBYnumber"))
            .await
            .column("number");
        assert_eq!(numbers.first(), Some(&format!("{prefix}0000001")), "{table}");
        assert!(numbers.len() > 1);
    }
    let path = "/api/now/table/sc_task?sysparm_query=active=true&sysparm_fields=request_item.cat_item.name,request.requested_for.name";
    assert_eq!(
        get(&simulator, path).await.rows(),
        [
            json!({ "request_item.cat_item.name": "Standard Laptop", "request.requested_for.name": "Fred Luddy" })
        ]
    );
    let path = "/api/now/table/cmdb_rel_ci?sysparm_query=child.name=Database server&sysparm_fields=parent.name,type.name";
    assert_eq!(
        get(&simulator, path).await.rows(),
        [json!({ "parent.name": "Customers on the database server", "type.name": "Runs on::Runs" })]
    );
    let path =
        "/api/now/table/task_sla?sysparm_query=has_breached=true&sysparm_fields=task.short_description,stage";
    assert_eq!(
        get(&simulator, path).await.rows(),
        [json!({ "task.short_description": "Cannot read e-mail since this morning", "stage": "completed" })]
    );
}

#[tokio::test]
async fn closing_a_task_makes_it_inactive() {
    let simulator = builder().build().unwrap();
    for (table, closed) in [("change_task", "3"), ("problem_task", "157"), ("sc_task", "7")] {
        let id = call(&simulator, "POST", &format!("/api/now/table/{table}"), "{}").await.result();
        assert_eq!(id["active"], "true", "{table}");
        assert_eq!(id["state"], if table == "problem_task" { "151" } else { "1" }, "{table}");
        let path = format!("/api/now/table/{table}/{}", id["sys_id"].as_str().unwrap());
        let done = call(&simulator, "PATCH", &path, &json!({ "state": closed }).to_string()).await;
        assert_eq!(done.result()["active"], "false", "{table}");
    }
}

#[tokio::test(start_paused = true)]
async fn incidents_are_spread_over_years() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_785_308_808); // 2026-07-29 07:06:48 UTC
    let simulator = builder().start_at(start).incidents(1_000).build().unwrap();
    let years = async |query: &str| {
        let path =
            format!("/api/now/table/incident?sysparm_fields=opened_at,sys_created_on&sysparm_query={query}");
        let rows = get(&simulator, &path).await;
        assert_eq!(rows.column("opened_at"), rows.column("sys_created_on"));
        rows.column("opened_at").into_iter().map(|at| at[..4].to_owned()).collect::<BTreeSet<_>>()
    };
    let all = ["2023", "2024", "2025", "2026"].map(str::to_owned).into();
    assert_eq!(years("sys_created_by=glide.maint").await, all, "the demo records");
    assert_eq!(years("sys_created_by=employee").await, all, "the generated ones");
    let future = "/api/now/table/incident?sysparm_query=opened_at>2026-07-29 07:06:48";
    assert_eq!(get(&simulator, future).await.rows().len(), 0);
}
