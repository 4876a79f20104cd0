//! Records as a large table has them: 90 fields, 12 of them references, about 3,740 bytes.

use serde::Deserialize;
use std::fmt::Write;

/// What a program reads of them: 6 of the 90 fields.
#[derive(Deserialize)]
pub(crate) struct Incident {
    pub(crate) number: String,
    pub(crate) short_description: String,
    pub(crate) state: String,
    pub(crate) priority: String,
    pub(crate) sys_id: String,
    pub(crate) sys_updated_on: String,
}

#[derive(Deserialize)]
pub(crate) struct Envelope<T> {
    pub(crate) result: T,
}

const REFERENCES: [&str; 12] = [
    "caller_id",
    "opened_by",
    "assigned_to",
    "assignment_group",
    "company",
    "location",
    "cmdb_ci",
    "business_service",
    "closed_by",
    "resolved_by",
    "sys_domain",
    "problem_id",
];

const TEXTS: [&str; 78] = [
    "number",
    "short_description",
    "description",
    "state",
    "priority",
    "impact",
    "urgency",
    "severity",
    "category",
    "subcategory",
    "sys_id",
    "sys_created_on",
    "sys_created_by",
    "sys_updated_on",
    "sys_updated_by",
    "sys_mod_count",
    "sys_class_name",
    "sys_tags",
    "sys_domain_path",
    "active",
    "activity_due",
    "additional_assignee_list",
    "approval",
    "approval_history",
    "approval_set",
    "business_duration",
    "business_impact",
    "business_stc",
    "calendar_duration",
    "calendar_stc",
    "caused_by",
    "cause",
    "child_incidents",
    "close_code",
    "close_notes",
    "closed_at",
    "comments",
    "comments_and_work_notes",
    "contact_type",
    "contract",
    "correlation_display",
    "correlation_id",
    "delivery_plan",
    "delivery_task",
    "due_date",
    "escalation",
    "expected_start",
    "follow_up",
    "group_list",
    "hold_reason",
    "incident_state",
    "knowledge",
    "lessons_learned",
    "made_sla",
    "notify",
    "opened_at",
    "order",
    "origin_id",
    "origin_table",
    "parent",
    "parent_incident",
    "promoted_by",
    "promoted_on",
    "proposed_by",
    "proposed_on",
    "reassignment_count",
    "rejection_goto",
    "reopen_count",
    "reopened_by",
    "reopened_time",
    "resolved_at",
    "rfc",
    "route_reason",
    "service_offering",
    "sla_due",
    "task_effective_number",
    "time_worked",
    "u_external_reference_number",
];

pub(crate) fn record(row: usize) -> String {
    let mut record = String::from("{");
    for (at, name) in TEXTS.iter().enumerate() {
        let value = match at {
            0 => format!("INC{row:07}"),
            1 => format!("Unable to connect to the wireless network on floor {}", row % 40),
            2 => format!(
                "Since this morning the connection drops every few minutes.\\nSeen by {} colleagues: \\\"no route\\\".",
                row % 9
            ),
            10 => format!("{row:08x}dc611227601168{:010x}", row * 7),
            _ if at % 5 == 0 => format!("2026-06-{:02} 09:{:02}:00", row % 28 + 1, row % 60),
            _ if at % 3 == 0 || at > 7 && at % 4 != 0 => String::new(),
            _ if at % 2 == 0 => (row % 7).to_string(),
            _ => format!("{name} of {}", row % 1_000),
        };
        write!(record, "\"{name}\":\"{value}\",").expect("a text takes it");
    }
    for (at, name) in REFERENCES.iter().enumerate() {
        let id = format!("{at:02x}{row:06x}dc6112276011688e4be7bcc7");
        let link = format!("https://dev12345.service-now.com/api/now/table/sys_user/{id}");
        write!(record, "\"{name}\":{{\"link\":\"{link}\",\"value\":\"{id}\"}},").expect("a text takes it");
    }
    record.pop();
    record.push('}');
    record
}
