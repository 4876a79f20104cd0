//! Demo records of the tables of `stock_services.txt`: tasks, the service catalog, service levels, and the CMDB with its relations.

use super::fields::fields;
use super::{Author, Database, Fields, parse_stamp};
use jiff::Timestamp;

/// Adds the records. What they point to is there already.
pub(super) fn fill(database: &mut Database, stamp: &str, users: &[String], groups: &[String]) {
    let demo = &mut Demo { database, author: Author::new("glide.maint", stamp) };
    let (user, group) = (first(users), first(groups));
    tasks(demo, user, group);
    catalog(demo, user, group);
    service_levels(demo, stamp);
    configuration(demo, group);
}

struct Demo<'a> {
    database: &'a mut Database,
    author: Author<'a>,
}

impl Demo<'_> {
    /// Adds a record and returns its id; empty if there is no such table.
    fn add<const N: usize>(&mut self, table: &str, given: [(&str, &str); N]) -> String {
        let Some(table) = self.database.dictionary.table(table) else { return String::new() };
        let given: Fields = fields(given);
        self.database.insert(table, &given, self.author).to_string()
    }

    /// The first record with this short description.
    fn described(&self, table: &str, text: &str) -> String {
        let Some(table) = self.database.dictionary.table(table) else { return String::new() };
        let mut rows = self.database.rows(table);
        let found = rows.find(|(_, row)| self.database.field(table, row, "short_description") == text);
        found.map_or_else(String::new, |(id, _)| id.to_string())
    }

    fn named(&self, table: &str, name: &str) -> String {
        self.database.by_display_name(table, name).unwrap_or_default().to_owned()
    }
}

fn first(ids: &[String]) -> &str {
    ids.first().map_or("", String::as_str)
}

fn tasks(demo: &mut Demo<'_>, user: &str, group: &str) {
    let problem = demo.described("problem", "Mail server runs out of memory");
    for (text, kind, state) in [
        ("Find what eats the memory", "rca", "154"),
        ("Tell the users of the mail server", "general", "151"),
        ("Collect the logs of the mail server", "general", "157"),
    ] {
        demo.add(
            "problem_task",
            [
                ("short_description", text),
                ("problem", &problem),
                ("parent", &problem),
                ("problem_task_type", kind),
                ("state", state),
                ("assigned_to", user),
            ],
        );
    }
    let change = demo.described("change_request", "Upgrade the database");
    for (text, kind, state) in [
        ("Back up the database", "planning", "3"),
        ("Install the new version", "implementation", "1"),
        ("Run the smoke tests", "testing", "-5"),
    ] {
        demo.add(
            "change_task",
            [
                ("short_description", text),
                ("change_request", &change),
                ("parent", &change),
                ("change_task_type", kind),
                ("state", state),
                ("assignment_group", group),
            ],
        );
    }
}

fn catalog(demo: &mut Demo<'_>, user: &str, group: &str) {
    let catalog =
        demo.add("sc_catalog", [("title", "Service Catalog"), ("description", "Products and services")]);
    let hardware = demo.add("sc_category", [("title", "Hardware"), ("description", "Order new hardware")]);
    let services = demo.add("sc_category", [("title", "Services"), ("description", "Ask for a service")]);
    let mut items = Vec::new();
    for (name, category, price) in [
        ("Standard Laptop", &hardware, "1100"),
        ("Desktop Monitor", &hardware, "250"),
        ("Password Reset", &services, "0"),
    ] {
        items.push(demo.add(
            "sc_cat_item",
            [
                ("name", name),
                ("short_description", name),
                ("category", category),
                ("sc_catalogs", &catalog),
                ("group", group),
                ("price", price),
            ],
        ));
    }
    demo.add(
        "item_option_new",
        [
            ("name", "reason"),
            ("question_text", "Why do you need it?"),
            ("type", "2"),
            ("cat_item", first(&items)),
            ("mandatory", "true"),
        ],
    );
    for (item, state, request_state, stage) in
        [(0, "1", "in_process", "fulfillment"), (1, "3", "closed_complete", "completed")]
    {
        let Some(item) = items.get(item) else { continue };
        let request = demo.add(
            "sc_request",
            [
                ("requested_for", user),
                ("request_state", request_state),
                ("state", state),
                ("approval", "approved"),
            ],
        );
        let requested = demo.add(
            "sc_req_item",
            [
                ("short_description", "For a new colleague"),
                ("request", &request),
                ("parent", &request),
                ("cat_item", item),
                ("requested_for", user),
                ("stage", stage),
                ("state", state),
                ("sc_catalog", &catalog),
            ],
        );
        demo.add(
            "sc_task",
            [
                ("short_description", "Order it from the vendor"),
                ("request", &request),
                ("request_item", &requested),
                ("parent", &requested),
                ("cat_item", item),
                ("assignment_group", group),
                ("state", state),
            ],
        );
    }
}

fn service_levels(demo: &mut Demo<'_>, stamp: &str) {
    let eight_hours = "1970-01-01 08:00:00";
    let sla = demo.add(
        "contract_sla",
        [
            ("name", "Priority 1 resolution (8 hour)"),
            ("collection", "incident"),
            ("duration", eight_hours),
            ("start_condition", "priority=1^active=true"),
        ],
    );
    let end = parse_stamp(stamp).and_then(|now| Timestamp::from_second(now.as_second() + 28_800).ok());
    let end = end.map_or_else(String::new, crate::clock::stamp);
    for (text, stage, breached, percentage) in [
        ("Customer database is offline", "in_progress", "false", "12.5"),
        ("Cannot read e-mail since this morning", "completed", "true", "131.25"),
    ] {
        let task = demo.described("incident", text);
        demo.add(
            "task_sla",
            [
                ("task", task.as_str()),
                ("sla", &sla),
                ("stage", stage),
                ("active", if stage == "completed" { "false" } else { "true" }),
                ("has_breached", breached),
                ("start_time", stamp),
                ("planned_end_time", &end),
                ("percentage", percentage),
                ("business_percentage", percentage),
            ],
        );
    }
}

fn configuration(demo: &mut Demo<'_>, group: &str) {
    for (class, name, address) in [
        ("cmdb_ci_win_server", "Files", "10.0.0.21"),
        ("cmdb_ci_ip_switch", "Switch, third floor", "10.0.0.1"),
        ("cmdb_ci_ip_router", "Router", "10.0.0.2"),
        ("cmdb_ci_app_server", "Expense tool", "10.0.0.31"),
        ("cmdb_ci_database", "Customers", ""),
        ("cmdb_ci_db_instance", "Customers on the database server", "10.0.0.41"),
        ("cmdb_ci_service", "Mail", ""),
        ("cmdb_ci_service_business", "Sales", ""),
    ] {
        demo.add(class, [("name", name), ("ip_address", address), ("support_group", group)]);
    }
    let mut kinds = Vec::new();
    for (parent, child) in [
        ("Depends on", "Used by"),
        ("Runs on", "Runs"),
        ("Contains", "Contained by"),
        ("Connects to", "Connected by"),
    ] {
        let name = format!("{parent}::{child}");
        kinds.push(demo.add(
            "cmdb_rel_type",
            [("name", name.as_str()), ("parent_descriptor", parent), ("child_descriptor", child)],
        ));
    }
    for (parent, kind, child) in [
        ("Mail", 0, "Mail server"),
        ("Sales", 0, "Customers"),
        ("Customers on the database server", 1, "Database server"),
        ("Router", 3, "Switch, third floor"),
    ] {
        let (parent, child) = (demo.named("cmdb_ci", parent), demo.named("cmdb_ci", child));
        let kind = kinds.get(kind).map_or("", String::as_str);
        demo.add("cmdb_rel_ci", [("parent", parent.as_str()), ("child", &child), ("type", kind)]);
    }
}
