//! The columns of the tables (facts 1.6): what each holds and what it is when nobody sets it.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Stored value and label, in order.
    Choice(&'static [(&'static str, &'static str)]),
    DateTime,
    /// The table it points to.
    Reference(&'static str),
    /// Writing appends; reading the stored form gives nothing.
    Journal,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// What comes before the number of a record, where there is one.
    pub(crate) prefix: Option<&'static str>,
    /// The column that a person knows a record by.
    pub(crate) display: &'static str,
    /// In the order in which records show them.
    pub(crate) columns: &'static [Column],
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

pub(crate) fn tables() -> [Table; 3] {
    [
        Table { name: "incident", prefix: Some("INC"), display: "number", columns: INCIDENT },
        Table { name: "sys_user", prefix: None, display: "name", columns: SYS_USER },
        Table { name: "sys_user_group", prefix: None, display: "name", columns: SYS_USER_GROUP },
    ]
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text, default: "" }
}

const fn preset(name: &'static str, default: &'static str) -> Column {
    Column { name, kind: Kind::Text, default }
}

const fn choice(
    name: &'static str,
    default: &'static str,
    choices: &'static [(&'static str, &'static str)],
) -> Column {
    Column { name, kind: Kind::Choice(choices), default }
}

const fn time(name: &'static str) -> Column {
    Column { name, kind: Kind::DateTime, default: "" }
}

const fn reference(name: &'static str, table: &'static str) -> Column {
    Column { name, kind: Kind::Reference(table), default: "" }
}

const fn journal(name: &'static str) -> Column {
    Column { name, kind: Kind::Journal, default: "" }
}

const DOMAIN: Column =
    Column { name: "sys_domain", kind: Kind::Reference("sys_user_group"), default: "global" };

const STATE: &[(&str, &str)] = &[
    ("1", "New"),
    ("2", "In Progress"),
    ("3", "On Hold"),
    ("6", "Resolved"),
    ("7", "Closed"),
    ("8", "Canceled"),
];
const LEVEL: &[(&str, &str)] = &[("1", "1 - High"), ("2", "2 - Medium"), ("3", "3 - Low")];
const PRIORITY: &[(&str, &str)] = &[
    ("1", "1 - Critical"),
    ("2", "2 - High"),
    ("3", "3 - Moderate"),
    ("4", "4 - Low"),
    ("5", "5 - Planning"),
];

/// As a recorded new incident has them.
const INCIDENT: &[Column] = &[
    text("parent"),
    preset("made_sla", "true"),
    reference("caused_by", "change_request"),
    text("watch_list"),
    preset("upon_reject", "cancel"),
    time("sys_updated_on"),
    preset("child_incidents", "0"),
    text("hold_reason"),
    text("approval_history"),
    text("number"),
    reference("resolved_by", "sys_user"),
    text("sys_updated_by"),
    reference("opened_by", "sys_user"),
    text("user_input"),
    time("sys_created_on"),
    DOMAIN,
    choice("state", "1", STATE),
    text("sys_created_by"),
    preset("knowledge", "false"),
    text("order"),
    text("calendar_stc"),
    time("closed_at"),
    reference("cmdb_ci", "cmdb_ci"),
    text("delivery_plan"),
    choice("impact", "3", LEVEL),
    preset("active", "true"),
    text("work_notes_list"),
    reference("business_service", "cmdb_ci_service"),
    choice("priority", "", PRIORITY),
    preset("sys_domain_path", "/"),
    reference("rfc", "change_request"),
    text("time_worked"),
    time("expected_start"),
    time("opened_at"),
    text("business_duration"),
    text("group_list"),
    time("work_end"),
    reference("caller_id", "sys_user"),
    time("reopened_time"),
    time("resolved_at"),
    time("approval_set"),
    text("subcategory"),
    journal("work_notes"),
    text("short_description"),
    text("close_code"),
    text("correlation_display"),
    text("delivery_task"),
    time("work_start"),
    reference("assignment_group", "sys_user_group"),
    text("additional_assignee_list"),
    text("business_stc"),
    text("description"),
    text("calendar_duration"),
    text("close_notes"),
    preset("notify", "1"),
    reference("service_offering", "service_offering"),
    preset("sys_class_name", "incident"),
    reference("closed_by", "sys_user"),
    time("follow_up"),
    reference("parent_incident", "incident"),
    text("sys_id"),
    text("contact_type"),
    reference("reopened_by", "sys_user"),
    choice("incident_state", "1", STATE),
    choice("urgency", "3", LEVEL),
    reference("problem_id", "problem"),
    reference("company", "core_company"),
    preset("reassignment_count", "0"),
    time("activity_due"),
    reference("assigned_to", "sys_user"),
    choice("severity", "3", LEVEL),
    journal("comments"),
    preset("approval", "not requested"),
    time("sla_due"),
    journal("comments_and_work_notes"),
    time("due_date"),
    preset("sys_mod_count", "0"),
    preset("reopen_count", "0"),
    text("sys_tags"),
    preset("escalation", "0"),
    preset("upon_approval", "proceed"),
    text("correlation_id"),
    reference("location", "cmn_location"),
    preset("category", "inquiry"),
    text("contract"),
];

const SYS_USER: &[Column] = &[
    text("user_name"),
    text("name"),
    text("first_name"),
    text("last_name"),
    text("email"),
    preset("active", "true"),
    preset("locked_out", "false"),
    preset("web_service_access_only", ""),
    text("sys_id"),
    preset("sys_class_name", "sys_user"),
    preset("sys_mod_count", "0"),
    text("sys_created_by"),
    time("sys_created_on"),
    text("sys_updated_by"),
    time("sys_updated_on"),
    DOMAIN,
    text("sys_tags"),
];

const SYS_USER_GROUP: &[Column] = &[
    text("name"),
    text("description"),
    reference("manager", "sys_user"),
    preset("active", "true"),
    text("sys_id"),
    preset("sys_mod_count", "0"),
    text("sys_created_by"),
    time("sys_created_on"),
    text("sys_updated_by"),
    time("sys_updated_on"),
    text("sys_tags"),
];
