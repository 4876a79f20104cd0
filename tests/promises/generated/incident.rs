// Generated from an instance's dictionary: do not edit, generate again.
//~ incident.active boolean
//~ incident.activity_due glide_date_time
//~ incident.additional_assignee_list glide_list to sys_user
//~ incident.approval string
//~ incident.approval="not requested" Not Yet Requested
//~ incident.approval="requested" Requested
//~ incident.approval="approved" Approved
//~ incident.approval="rejected" Rejected
//~ incident.approval_history string
//~ incident.approval_set glide_date_time
//~ incident.assigned_to reference to sys_user
//~ incident.assignment_group reference to sys_user_group
//~ incident.business_duration glide_duration
//~ incident.business_service reference to cmdb_ci
//~ incident.business_stc integer
//~ incident.calendar_duration glide_duration
//~ incident.calendar_stc integer
//~ incident.caller_id reference to sys_user
//~ incident.category string
//~ incident.category="inquiry" Inquiry / Help
//~ incident.category="software" Software
//~ incident.category="hardware" Hardware
//~ incident.category="network" Network
//~ incident.category="database" Database
//~ incident.caused_by reference to change_request
//~ incident.child_incidents integer
//~ incident.close_code string
//~ incident.close_code="Solved (Work Around)" Solved (Work Around)
//~ incident.close_code="Solved (Permanently)" Solved (Permanently)
//~ incident.close_code="Solved Remotely (Work Around)" Solved Remotely (Work Around)
//~ incident.close_code="Solved Remotely (Permanently)" Solved Remotely (Permanently)
//~ incident.close_code="Not Solved (Not Reproducible)" Not Solved (Not Reproducible)
//~ incident.close_code="Not Solved (Too Costly)" Not Solved (Too Costly)
//~ incident.close_code="Closed/Resolved by Caller" Closed/Resolved by Caller
//~ incident.close_notes string
//~ incident.closed_at glide_date_time
//~ incident.closed_by reference to sys_user
//~ incident.cmdb_ci reference to cmdb_ci
//~ incident.comments journal_input
//~ incident.comments_and_work_notes journal_list
//~ incident.company reference to core_company
//~ incident.contact_type string
//~ incident.contact_type="email" Email
//~ incident.contact_type="phone" Phone
//~ incident.contact_type="self-service" Self-service
//~ incident.contact_type="walk-in" Walk-in
//~ incident.contract string
//~ incident.correlation_display string
//~ incident.correlation_id string
//~ incident.delivery_plan string
//~ incident.delivery_task string
//~ incident.description string
//~ incident.due_date glide_date_time
//~ incident.escalation integer
//~ incident.escalation="0" Normal
//~ incident.escalation="1" Moderate
//~ incident.escalation="2" High
//~ incident.escalation="3" Overdue
//~ incident.expected_start glide_date_time
//~ incident.follow_up glide_date_time
//~ incident.group_list glide_list to sys_user_group
//~ incident.hold_reason integer
//~ incident.hold_reason="1" Awaiting Caller
//~ incident.hold_reason="3" Awaiting Problem
//~ incident.hold_reason="4" Awaiting Vendor
//~ incident.hold_reason="5" Awaiting Change
//~ incident.impact integer
//~ incident.impact="1" 1 - High
//~ incident.impact="2" 2 - Medium
//~ incident.impact="3" 3 - Low
//~ incident.incident_state integer
//~ incident.incident_state="1" New
//~ incident.incident_state="2" In Progress
//~ incident.incident_state="3" On Hold
//~ incident.incident_state="6" Resolved
//~ incident.incident_state="7" Closed
//~ incident.incident_state="8" Canceled
//~ incident.knowledge boolean
//~ incident.location reference to cmn_location
//~ incident.made_sla boolean
//~ incident.notify integer
//~ incident.notify="1" Do Not Notify
//~ incident.notify="2" Send Email
//~ incident.notify="3" Phone
//~ incident.number string
//~ incident.opened_at glide_date_time
//~ incident.opened_by reference to sys_user
//~ incident.order integer
//~ incident.parent reference to task
//~ incident.parent_incident reference to incident
//~ incident.priority integer
//~ incident.priority="1" 1 - Critical
//~ incident.priority="2" 2 - High
//~ incident.priority="3" 3 - Moderate
//~ incident.priority="4" 4 - Low
//~ incident.priority="5" 5 - Planning
//~ incident.problem_id reference to problem
//~ incident.reassignment_count integer
//~ incident.reopen_count integer
//~ incident.reopened_by reference to sys_user
//~ incident.reopened_time glide_date_time
//~ incident.resolved_at glide_date_time
//~ incident.resolved_by reference to sys_user
//~ incident.rfc reference to change_request
//~ incident.service_offering reference to cmdb_ci
//~ incident.severity integer
//~ incident.severity="1" 1 - High
//~ incident.severity="2" 2 - Medium
//~ incident.severity="3" 3 - Low
//~ incident.short_description string
//~ incident.sla_due glide_date_time
//~ incident.state integer
//~ incident.state="1" New
//~ incident.state="2" In Progress
//~ incident.state="3" On Hold
//~ incident.state="6" Resolved
//~ incident.state="7" Closed
//~ incident.state="8" Canceled
//~ incident.subcategory string
//~ incident.sys_class_name sys_class_name
//~ incident.sys_created_by string
//~ incident.sys_created_on glide_date_time
//~ incident.sys_domain domain_id to sys_user_group
//~ incident.sys_domain_path domain_path
//~ incident.sys_id GUID
//~ incident.sys_mod_count integer
//~ incident.sys_tags related_tags
//~ incident.sys_updated_by string
//~ incident.sys_updated_on glide_date_time
//~ incident.time_worked glide_duration
//~ incident.upon_approval string
//~ incident.upon_reject string
//~ incident.urgency integer
//~ incident.urgency="1" 1 - High
//~ incident.urgency="2" 2 - Medium
//~ incident.urgency="3" 3 - Low
//~ incident.user_input string
//~ incident.watch_list glide_list to sys_user
//~ incident.work_end glide_date_time
//~ incident.work_notes journal_input
//~ incident.work_notes_list glide_list to sys_user
//~ incident.work_start glide_date_time

/// Incident (`incident`), which extends task.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct Incident {
    /// Active: boolean.
    pub active: Option<bool>,
    /// Activity due: glide_date_time.
    pub activity_due: Option<snow_client::DateTime>,
    /// Additional assignee list: glide_list.
    pub additional_assignee_list: Option<Vec<String>>,
    /// Approval: string.
    pub approval: Option<IncidentApproval>,
    /// Approval history: string.
    pub approval_history: Option<String>,
    /// Approval set: glide_date_time.
    pub approval_set: Option<snow_client::DateTime>,
    /// Assigned to: reference.
    pub assigned_to: Option<snow_client::record::Reference>,
    /// Assignment group: reference.
    pub assignment_group: Option<snow_client::record::Reference>,
    /// Business duration: glide_duration.
    pub business_duration: Option<String>,
    /// Service: reference.
    pub business_service: Option<snow_client::record::Reference>,
    /// Business resolve time: integer.
    pub business_stc: Option<i64>,
    /// Duration: glide_duration.
    pub calendar_duration: Option<String>,
    /// Resolve time: integer.
    pub calendar_stc: Option<i64>,
    /// Caller: reference.
    pub caller_id: Option<snow_client::record::Reference>,
    /// Category: string.
    pub category: Option<IncidentCategory>,
    /// Caused by Change: reference.
    pub caused_by: Option<snow_client::record::Reference>,
    /// Child Incidents: integer.
    pub child_incidents: Option<i64>,
    /// Resolution code: string.
    pub close_code: Option<IncidentCloseCode>,
    /// Close notes: string.
    pub close_notes: Option<String>,
    /// Closed: glide_date_time.
    pub closed_at: Option<snow_client::DateTime>,
    /// Closed by: reference.
    pub closed_by: Option<snow_client::record::Reference>,
    /// Configuration item: reference.
    pub cmdb_ci: Option<snow_client::record::Reference>,
    /// Additional comments: journal_input.
    pub comments: Option<String>,
    /// Comments and Work notes: journal_list.
    pub comments_and_work_notes: Option<String>,
    /// Company: reference.
    pub company: Option<snow_client::record::Reference>,
    /// Contact type: string.
    pub contact_type: Option<IncidentContactType>,
    /// Contract: string.
    pub contract: Option<String>,
    /// Correlation display: string.
    pub correlation_display: Option<String>,
    /// Correlation ID: string.
    pub correlation_id: Option<String>,
    /// Delivery plan: string.
    pub delivery_plan: Option<String>,
    /// Delivery task: string.
    pub delivery_task: Option<String>,
    /// Description: string.
    pub description: Option<String>,
    /// Due date: glide_date_time.
    pub due_date: Option<snow_client::DateTime>,
    /// Escalation: integer.
    pub escalation: Option<IncidentEscalation>,
    /// Expected start: glide_date_time.
    pub expected_start: Option<snow_client::DateTime>,
    /// Follow up: glide_date_time.
    pub follow_up: Option<snow_client::DateTime>,
    /// Group list: glide_list.
    pub group_list: Option<Vec<String>>,
    /// On hold reason: integer.
    pub hold_reason: Option<IncidentHoldReason>,
    /// Impact: integer.
    pub impact: Option<IncidentImpact>,
    /// Incident state: integer.
    pub incident_state: Option<IncidentIncidentState>,
    /// Knowledge: boolean.
    pub knowledge: Option<bool>,
    /// Location: reference.
    pub location: Option<snow_client::record::Reference>,
    /// Made SLA: boolean.
    pub made_sla: Option<bool>,
    /// Notify: integer.
    pub notify: Option<IncidentNotify>,
    /// Number: string.
    pub number: Option<String>,
    /// Opened: glide_date_time.
    pub opened_at: Option<snow_client::DateTime>,
    /// Opened by: reference.
    pub opened_by: Option<snow_client::record::Reference>,
    /// Order: integer.
    pub order: Option<i64>,
    /// Parent: reference.
    pub parent: Option<snow_client::record::Reference>,
    /// Parent Incident: reference.
    pub parent_incident: Option<snow_client::record::Reference>,
    /// Priority: integer.
    pub priority: Option<IncidentPriority>,
    /// Problem: reference.
    pub problem_id: Option<snow_client::record::Reference>,
    /// Reassignment count: integer.
    pub reassignment_count: Option<i64>,
    /// Reopen count: integer.
    pub reopen_count: Option<i64>,
    /// Last reopened by: reference.
    pub reopened_by: Option<snow_client::record::Reference>,
    /// Last reopened at: glide_date_time.
    pub reopened_time: Option<snow_client::DateTime>,
    /// Resolved: glide_date_time.
    pub resolved_at: Option<snow_client::DateTime>,
    /// Resolved by: reference.
    pub resolved_by: Option<snow_client::record::Reference>,
    /// Change Request: reference.
    pub rfc: Option<snow_client::record::Reference>,
    /// Service offering: reference.
    pub service_offering: Option<snow_client::record::Reference>,
    /// Severity: integer.
    pub severity: Option<IncidentSeverity>,
    /// Short description: string.
    pub short_description: Option<String>,
    /// SLA due: glide_date_time.
    pub sla_due: Option<snow_client::DateTime>,
    /// State: integer.
    pub state: Option<IncidentState>,
    /// Subcategory: string.
    pub subcategory: Option<String>,
    /// Task type: sys_class_name.
    pub sys_class_name: Option<String>,
    /// Created by: string.
    pub sys_created_by: Option<String>,
    /// Created: glide_date_time.
    pub sys_created_on: Option<snow_client::DateTime>,
    /// Domain: domain_id.
    pub sys_domain: Option<snow_client::record::Reference>,
    /// Domain Path: domain_path.
    pub sys_domain_path: Option<String>,
    /// Sys ID: GUID.
    pub sys_id: Option<snow_client::SysId>,
    /// Updates: integer.
    pub sys_mod_count: Option<i64>,
    /// Tags: related_tags.
    pub sys_tags: Option<String>,
    /// Updated by: string.
    pub sys_updated_by: Option<String>,
    /// Updated: glide_date_time.
    pub sys_updated_on: Option<snow_client::DateTime>,
    /// Time worked: glide_duration.
    pub time_worked: Option<String>,
    /// Upon approval: string.
    pub upon_approval: Option<String>,
    /// Upon reject: string.
    pub upon_reject: Option<String>,
    /// Urgency: integer.
    pub urgency: Option<IncidentUrgency>,
    /// User input: string.
    pub user_input: Option<String>,
    /// Watch list: glide_list.
    pub watch_list: Option<Vec<String>>,
    /// Actual end: glide_date_time.
    pub work_end: Option<snow_client::DateTime>,
    /// Work notes: journal_input.
    pub work_notes: Option<String>,
    /// Work notes list: glide_list.
    pub work_notes_list: Option<Vec<String>>,
    /// Actual start: glide_date_time.
    pub work_start: Option<snow_client::DateTime>,
}

/// The columns of `incident`, for queries.
impl Incident {
    /// The table's name.
    pub const TABLE: &'static str = "incident";
    /// Active.
    pub const ACTIVE: snow_client::schema::TypedField<bool> = snow_client::schema::TypedField::new("active");
    /// Activity due.
    pub const ACTIVITY_DUE: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("activity_due");
    /// Additional assignee list.
    pub const ADDITIONAL_ASSIGNEE_LIST: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("additional_assignee_list");
    /// Approval.
    pub const APPROVAL: snow_client::schema::TypedField<IncidentApproval> = snow_client::schema::TypedField::new("approval");
    /// Approval history.
    pub const APPROVAL_HISTORY: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("approval_history");
    /// Approval set.
    pub const APPROVAL_SET: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("approval_set");
    /// Assigned to.
    pub const ASSIGNED_TO: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("assigned_to");
    /// Assignment group.
    pub const ASSIGNMENT_GROUP: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("assignment_group");
    /// Business duration.
    pub const BUSINESS_DURATION: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("business_duration");
    /// Service.
    pub const BUSINESS_SERVICE: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("business_service");
    /// Business resolve time.
    pub const BUSINESS_STC: snow_client::schema::TypedField<i64> = snow_client::schema::TypedField::new("business_stc");
    /// Duration.
    pub const CALENDAR_DURATION: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("calendar_duration");
    /// Resolve time.
    pub const CALENDAR_STC: snow_client::schema::TypedField<i64> = snow_client::schema::TypedField::new("calendar_stc");
    /// Caller.
    pub const CALLER_ID: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("caller_id");
    /// Category.
    pub const CATEGORY: snow_client::schema::TypedField<IncidentCategory> = snow_client::schema::TypedField::new("category");
    /// Caused by Change.
    pub const CAUSED_BY: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("caused_by");
    /// Child Incidents.
    pub const CHILD_INCIDENTS: snow_client::schema::TypedField<i64> = snow_client::schema::TypedField::new("child_incidents");
    /// Resolution code.
    pub const CLOSE_CODE: snow_client::schema::TypedField<IncidentCloseCode> = snow_client::schema::TypedField::new("close_code");
    /// Close notes.
    pub const CLOSE_NOTES: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("close_notes");
    /// Closed.
    pub const CLOSED_AT: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("closed_at");
    /// Closed by.
    pub const CLOSED_BY: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("closed_by");
    /// Configuration item.
    pub const CMDB_CI: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("cmdb_ci");
    /// Additional comments.
    pub const COMMENTS: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("comments");
    /// Comments and Work notes.
    pub const COMMENTS_AND_WORK_NOTES: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("comments_and_work_notes");
    /// Company.
    pub const COMPANY: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("company");
    /// Contact type.
    pub const CONTACT_TYPE: snow_client::schema::TypedField<IncidentContactType> = snow_client::schema::TypedField::new("contact_type");
    /// Contract.
    pub const CONTRACT: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("contract");
    /// Correlation display.
    pub const CORRELATION_DISPLAY: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("correlation_display");
    /// Correlation ID.
    pub const CORRELATION_ID: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("correlation_id");
    /// Delivery plan.
    pub const DELIVERY_PLAN: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("delivery_plan");
    /// Delivery task.
    pub const DELIVERY_TASK: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("delivery_task");
    /// Description.
    pub const DESCRIPTION: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("description");
    /// Due date.
    pub const DUE_DATE: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("due_date");
    /// Escalation.
    pub const ESCALATION: snow_client::schema::TypedField<IncidentEscalation> = snow_client::schema::TypedField::new("escalation");
    /// Expected start.
    pub const EXPECTED_START: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("expected_start");
    /// Follow up.
    pub const FOLLOW_UP: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("follow_up");
    /// Group list.
    pub const GROUP_LIST: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("group_list");
    /// On hold reason.
    pub const HOLD_REASON: snow_client::schema::TypedField<IncidentHoldReason> = snow_client::schema::TypedField::new("hold_reason");
    /// Impact.
    pub const IMPACT: snow_client::schema::TypedField<IncidentImpact> = snow_client::schema::TypedField::new("impact");
    /// Incident state.
    pub const INCIDENT_STATE: snow_client::schema::TypedField<IncidentIncidentState> = snow_client::schema::TypedField::new("incident_state");
    /// Knowledge.
    pub const KNOWLEDGE: snow_client::schema::TypedField<bool> = snow_client::schema::TypedField::new("knowledge");
    /// Location.
    pub const LOCATION: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("location");
    /// Made SLA.
    pub const MADE_SLA: snow_client::schema::TypedField<bool> = snow_client::schema::TypedField::new("made_sla");
    /// Notify.
    pub const NOTIFY: snow_client::schema::TypedField<IncidentNotify> = snow_client::schema::TypedField::new("notify");
    /// Number.
    pub const NUMBER: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("number");
    /// Opened.
    pub const OPENED_AT: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("opened_at");
    /// Opened by.
    pub const OPENED_BY: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("opened_by");
    /// Order.
    pub const ORDER: snow_client::schema::TypedField<i64> = snow_client::schema::TypedField::new("order");
    /// Parent.
    pub const PARENT: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("parent");
    /// Parent Incident.
    pub const PARENT_INCIDENT: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("parent_incident");
    /// Priority.
    pub const PRIORITY: snow_client::schema::TypedField<IncidentPriority> = snow_client::schema::TypedField::new("priority");
    /// Problem.
    pub const PROBLEM_ID: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("problem_id");
    /// Reassignment count.
    pub const REASSIGNMENT_COUNT: snow_client::schema::TypedField<i64> = snow_client::schema::TypedField::new("reassignment_count");
    /// Reopen count.
    pub const REOPEN_COUNT: snow_client::schema::TypedField<i64> = snow_client::schema::TypedField::new("reopen_count");
    /// Last reopened by.
    pub const REOPENED_BY: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("reopened_by");
    /// Last reopened at.
    pub const REOPENED_TIME: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("reopened_time");
    /// Resolved.
    pub const RESOLVED_AT: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("resolved_at");
    /// Resolved by.
    pub const RESOLVED_BY: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("resolved_by");
    /// Change Request.
    pub const RFC: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("rfc");
    /// Service offering.
    pub const SERVICE_OFFERING: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("service_offering");
    /// Severity.
    pub const SEVERITY: snow_client::schema::TypedField<IncidentSeverity> = snow_client::schema::TypedField::new("severity");
    /// Short description.
    pub const SHORT_DESCRIPTION: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("short_description");
    /// SLA due.
    pub const SLA_DUE: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("sla_due");
    /// State.
    pub const STATE: snow_client::schema::TypedField<IncidentState> = snow_client::schema::TypedField::new("state");
    /// Subcategory.
    pub const SUBCATEGORY: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("subcategory");
    /// Task type.
    pub const SYS_CLASS_NAME: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("sys_class_name");
    /// Created by.
    pub const SYS_CREATED_BY: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("sys_created_by");
    /// Created.
    pub const SYS_CREATED_ON: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("sys_created_on");
    /// Domain.
    pub const SYS_DOMAIN: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("sys_domain");
    /// Domain Path.
    pub const SYS_DOMAIN_PATH: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("sys_domain_path");
    /// Sys ID.
    pub const SYS_ID: snow_client::schema::TypedField<snow_client::SysId> = snow_client::schema::TypedField::new("sys_id");
    /// Updates.
    pub const SYS_MOD_COUNT: snow_client::schema::TypedField<i64> = snow_client::schema::TypedField::new("sys_mod_count");
    /// Tags.
    pub const SYS_TAGS: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("sys_tags");
    /// Updated by.
    pub const SYS_UPDATED_BY: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("sys_updated_by");
    /// Updated.
    pub const SYS_UPDATED_ON: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("sys_updated_on");
    /// Time worked.
    pub const TIME_WORKED: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("time_worked");
    /// Upon approval.
    pub const UPON_APPROVAL: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("upon_approval");
    /// Upon reject.
    pub const UPON_REJECT: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("upon_reject");
    /// Urgency.
    pub const URGENCY: snow_client::schema::TypedField<IncidentUrgency> = snow_client::schema::TypedField::new("urgency");
    /// User input.
    pub const USER_INPUT: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("user_input");
    /// Watch list.
    pub const WATCH_LIST: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("watch_list");
    /// Actual end.
    pub const WORK_END: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("work_end");
    /// Work notes.
    pub const WORK_NOTES: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("work_notes");
    /// Work notes list.
    pub const WORK_NOTES_LIST: snow_client::schema::TypedField<String> = snow_client::schema::TypedField::new("work_notes_list");
    /// Actual start.
    pub const WORK_START: snow_client::schema::TypedField<snow_client::DateTime> = snow_client::schema::TypedField::new("work_start");
}

/// Approval of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentApproval {
    /// Not Yet Requested: `not requested`.
    #[choice("not requested")]
    NotYetRequested,
    /// Requested: `requested`.
    #[choice("requested")]
    Requested,
    /// Approved: `approved`.
    #[choice("approved")]
    Approved,
    /// Rejected: `rejected`.
    #[choice("rejected")]
    Rejected,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// Category of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentCategory {
    /// Inquiry / Help: `inquiry`.
    #[choice("inquiry")]
    InquiryHelp,
    /// Software: `software`.
    #[choice("software")]
    Software,
    /// Hardware: `hardware`.
    #[choice("hardware")]
    Hardware,
    /// Network: `network`.
    #[choice("network")]
    Network,
    /// Database: `database`.
    #[choice("database")]
    Database,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// Resolution code of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentCloseCode {
    /// Solved (Work Around): `Solved (Work Around)`.
    #[choice("Solved (Work Around)")]
    SolvedWorkAround,
    /// Solved (Permanently): `Solved (Permanently)`.
    #[choice("Solved (Permanently)")]
    SolvedPermanently,
    /// Solved Remotely (Work Around): `Solved Remotely (Work Around)`.
    #[choice("Solved Remotely (Work Around)")]
    SolvedRemotelyWorkAround,
    /// Solved Remotely (Permanently): `Solved Remotely (Permanently)`.
    #[choice("Solved Remotely (Permanently)")]
    SolvedRemotelyPermanently,
    /// Not Solved (Not Reproducible): `Not Solved (Not Reproducible)`.
    #[choice("Not Solved (Not Reproducible)")]
    NotSolvedNotReproducible,
    /// Not Solved (Too Costly): `Not Solved (Too Costly)`.
    #[choice("Not Solved (Too Costly)")]
    NotSolvedTooCostly,
    /// Closed/Resolved by Caller: `Closed/Resolved by Caller`.
    #[choice("Closed/Resolved by Caller")]
    ClosedResolvedByCaller,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// Contact type of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentContactType {
    /// Email: `email`.
    #[choice("email")]
    Email,
    /// Phone: `phone`.
    #[choice("phone")]
    Phone,
    /// Self-service: `self-service`.
    #[choice("self-service")]
    SelfService,
    /// Walk-in: `walk-in`.
    #[choice("walk-in")]
    WalkIn,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// Escalation of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentEscalation {
    /// Normal: `0`.
    #[choice("0")]
    Normal,
    /// Moderate: `1`.
    #[choice("1")]
    Moderate,
    /// High: `2`.
    #[choice("2")]
    High,
    /// Overdue: `3`.
    #[choice("3")]
    Overdue,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// On hold reason of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentHoldReason {
    /// Awaiting Caller: `1`.
    #[choice("1")]
    AwaitingCaller,
    /// Awaiting Problem: `3`.
    #[choice("3")]
    AwaitingProblem,
    /// Awaiting Vendor: `4`.
    #[choice("4")]
    AwaitingVendor,
    /// Awaiting Change: `5`.
    #[choice("5")]
    AwaitingChange,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// Impact of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentImpact {
    /// 1 - High: `1`.
    #[choice("1")]
    N1High,
    /// 2 - Medium: `2`.
    #[choice("2")]
    N2Medium,
    /// 3 - Low: `3`.
    #[choice("3")]
    N3Low,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// Incident state of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentIncidentState {
    /// New: `1`.
    #[choice("1")]
    New,
    /// In Progress: `2`.
    #[choice("2")]
    InProgress,
    /// On Hold: `3`.
    #[choice("3")]
    OnHold,
    /// Resolved: `6`.
    #[choice("6")]
    Resolved,
    /// Closed: `7`.
    #[choice("7")]
    Closed,
    /// Canceled: `8`.
    #[choice("8")]
    Canceled,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// Notify of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentNotify {
    /// Do Not Notify: `1`.
    #[choice("1")]
    DoNotNotify,
    /// Send Email: `2`.
    #[choice("2")]
    SendEmail,
    /// Phone: `3`.
    #[choice("3")]
    Phone,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// Priority of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentPriority {
    /// 1 - Critical: `1`.
    #[choice("1")]
    N1Critical,
    /// 2 - High: `2`.
    #[choice("2")]
    N2High,
    /// 3 - Moderate: `3`.
    #[choice("3")]
    N3Moderate,
    /// 4 - Low: `4`.
    #[choice("4")]
    N4Low,
    /// 5 - Planning: `5`.
    #[choice("5")]
    N5Planning,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// Severity of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentSeverity {
    /// 1 - High: `1`.
    #[choice("1")]
    N1High,
    /// 2 - Medium: `2`.
    #[choice("2")]
    N2Medium,
    /// 3 - Low: `3`.
    #[choice("3")]
    N3Low,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// State of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentState {
    /// New: `1`.
    #[choice("1")]
    New,
    /// In Progress: `2`.
    #[choice("2")]
    InProgress,
    /// On Hold: `3`.
    #[choice("3")]
    OnHold,
    /// Resolved: `6`.
    #[choice("6")]
    Resolved,
    /// Closed: `7`.
    #[choice("7")]
    Closed,
    /// Canceled: `8`.
    #[choice("8")]
    Canceled,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

/// Urgency of `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]
pub enum IncidentUrgency {
    /// 1 - High: `1`.
    #[choice("1")]
    N1High,
    /// 2 - Medium: `2`.
    #[choice("2")]
    N2Medium,
    /// 3 - Low: `3`.
    #[choice("3")]
    N3Low,
    /// A value that is not in the list.
    #[choice(other)]
    Unlisted(String),
}

