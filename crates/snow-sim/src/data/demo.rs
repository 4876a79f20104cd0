//! Records that a fresh developer instance has.

use super::{Author, Database, Fields};

pub(super) fn fields<const N: usize>(pairs: [(&str, &str); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A few users, groups, records of every line of tables.
pub(crate) fn fill(database: &mut Database, stamp: &str) {
    let author = Author::new("glide.maint", stamp);
    let mut add = |table: &str, given: Fields| {
        let table = database.dictionary.table(table)?;
        Some(database.insert(table, &given, author).to_string())
    };
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
    for (at, (short_description, category, impact, urgency, state)) in INCIDENTS.iter().enumerate() {
        let given = fields([
            ("short_description", short_description),
            ("category", category),
            ("impact", impact),
            ("urgency", urgency),
            ("state", state),
            ("caller_id", &users[at % users.len()]),
            ("assignment_group", if at % 3 == 2 { "" } else { &groups[at % groups.len()] }),
            ("cmdb_ci", if at % 2 == 0 { "" } else { &items[at % items.len()] }),
        ]);
        add("incident", given);
    }
    for text in ["Switch occasionally drops connections", "Mail server runs out of memory"] {
        add("problem", fields([("short_description", text), ("state", "104")]));
    }
    for (text, kind) in [
        ("Upgrade the database", "normal"),
        ("Reboot the mail server", "standard"),
        ("Patch the firewall", "emergency"),
    ] {
        add("change_request", fields([("short_description", text), ("type", kind)]));
    }
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

const INCIDENTS: [(&str, &str, &str, &str, &str); 8] = [
    ("Cannot read e-mail since this morning", "inquiry", "1", "1", "7"),
    ("Network share on the third floor is slow", "network", "1", "1", "2"),
    ("Wireless access is down in my area", "network", "1", "1", "7"),
    ("Forgot the password of the expense tool", "inquiry", "3", "3", "2"),
    ("New laptop does not start", "hardware", "3", "2", "1"),
    ("Please add a second monitor", "hardware", "3", "3", "1"),
    ("Customer database is offline", "database", "1", "1", "3"),
    ("Printer prints blank pages", "hardware", "2", "3", "6"),
];
