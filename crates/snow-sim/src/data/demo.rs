//! Records that a fresh developer instance has.

use super::fields::fields;
use super::{Author, Database, Fields, parse_stamp};
use jiff::Timestamp;

/// A few users, groups, records of every line of tables.
pub(crate) fn fill(database: &mut Database, stamp: &str) {
    let author = Author::new("glide.maint", stamp);
    let mut add_at = |table: &str, given: Fields, at: &str| {
        let table = database.dictionary.table(table)?;
        Some(database.insert(table, &given, Author { stamp: at, ..author }).to_string())
    };
    let mut add = |table: &str, given: Fields| add_at(table, given, stamp);
    let department = add("cmn_department", fields([("name", "IT"), ("id", "221004")])).unwrap_or_default();
    let company = add("core_company", fields([("name", "ACME North America"), ("city", "San Diego")]))
        .unwrap_or_default();
    let location =
        add("cmn_location", fields([("name", "San Diego"), ("country", "USA")])).unwrap_or_default();
    let mut users = Vec::new();
    for (user_name, name) in USERS {
        let (first, last) = name.split_once(' ').unwrap_or((name, ""));
        let mail = format!("{user_name}@example.com");
        let given = fields([
            ("user_name", user_name),
            ("name", name),
            ("first_name", first),
            ("last_name", last),
            ("email", &mail),
            ("department", &department),
            ("company", &company),
            ("location", &location),
        ]);
        users.extend(add("sys_user", given));
    }
    let mut groups = Vec::new();
    for name in ["Service Desk", "Network", "Hardware", "Software", "Database"] {
        let manager = users.first().map_or("", String::as_str);
        groups.extend(add("sys_user_group", fields([("name", name), ("manager", manager)])));
    }
    for role in ["admin", "itil", "support"] {
        if let (Some(role), Some(user)) = (add("sys_user_role", fields([("name", role)])), users.first()) {
            add("sys_user_has_role", fields([("user", user), ("role", &role)]));
        }
    }
    let mut items = Vec::new();
    for (class, name) in ITEMS {
        items.extend(add(class, fields([("name", name)])));
    }
    for (at, (short_description, category, impact, urgency, state, days)) in INCIDENTS.iter().enumerate() {
        let opened = days_before(stamp, *days);
        let mut given = fields([
            ("short_description", short_description),
            ("category", category),
            ("impact", impact),
            ("urgency", urgency),
            ("state", state),
            ("caller_id", &users[at % users.len()]),
            ("assignment_group", if at % 3 == 2 { "" } else { &groups[at % groups.len()] }),
            ("cmdb_ci", if at % 2 == 0 { "" } else { &items[at % items.len()] }),
        ]);
        let (done, closed) = (days_before(stamp, days - 2), days_before(stamp, days - 9));
        if matches!(*state, "6" | "7") {
            given.extend(fields([("resolved_at", &done), ("resolved_by", &users[1])]));
        }
        if *state == "7" {
            given.extend(fields([("closed_at", &closed), ("closed_by", &users[1])]));
        }
        add_at("incident", given, &opened);
    }
    for text in ["Switch occasionally drops connections", "Mail server runs out of memory"] {
        add_at("problem", fields([("short_description", text), ("state", "104")]), stamp);
    }
    for (text, kind) in [
        ("Upgrade the database", "normal"),
        ("Reboot the mail server", "standard"),
        ("Patch the firewall", "emergency"),
    ] {
        add_at("change_request", fields([("short_description", text), ("type", kind)]), stamp);
    }
    super::demo_services::fill(database, stamp, &users, &groups);
}

/// So many days before a time, and some hours, so that not everything happens at the same time of day.
fn days_before(stamp: &str, days: i64) -> String {
    let now = parse_stamp(stamp).map_or(0, Timestamp::as_second);
    let then = now - days * 86_400 - days % 7 * 3_600;
    Timestamp::from_second(then).map_or_else(|_| stamp.to_owned(), crate::clock::stamp)
}

const USERS: [(&str, &str); 5] = [
    ("fred.luddy", "Fred Luddy"),
    ("beth.anglin", "Beth Anglin"),
    ("abel.tuter", "Abel Tuter"),
    ("joe.employee", "Joe Employee"),
    ("david.loo", "David Loo"),
];

const ITEMS: [(&str, &str); 5] = [
    ("cmdb_ci", "E-mail"),
    ("cmdb_ci_computer", "Laptop 4711"),
    ("cmdb_ci_server", "Mail server"),
    ("cmdb_ci_linux_server", "Database server"),
    ("cmdb_ci_hardware", "Printer, third floor"),
];

/// What it is about, category, impact, urgency, state, and how many days ago it was opened: over years, as on an instance in use.
const INCIDENTS: [(&str, &str, &str, &str, &str, i64); 8] = [
    ("Cannot read e-mail since this morning", "inquiry", "1", "1", "7", 1_203),
    ("Network share on the third floor is slow", "network", "1", "1", "2", 911),
    ("Wireless access is down in my area", "network", "1", "1", "7", 730),
    ("Forgot the password of the expense tool", "inquiry", "3", "3", "2", 402),
    ("New laptop does not start", "hardware", "3", "2", "1", 190),
    ("Please add a second monitor", "hardware", "3", "3", "1", 45),
    ("Customer database is offline", "database", "1", "1", "3", 12),
    ("Printer prints blank pages", "hardware", "2", "3", "6", 3),
];
