//! Records that a fresh developer instance has.

use super::{Author, Database, Row};

/// A few users, groups and incidents.
pub(crate) fn fill(database: &mut Database, author: Author<'_>) {
    let row = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect::<Row>()
    };
    if let Some(users) = database.table("sys_user") {
        for (user_name, name) in
            [("fred.luddy", "Fred Luddy"), ("beth.anglin", "Beth Anglin"), ("joe.employee", "Joe Employee")]
        {
            database.insert(users, &row(&[("user_name", user_name), ("name", name)]), author);
        }
    }
    if let Some(groups) = database.table("sys_user_group") {
        for name in ["Service Desk", "Network", "Hardware"] {
            database.insert(groups, &row(&[("name", name)]), author);
        }
    }
    if let Some(incidents) = database.table("incident") {
        for (short_description, category, impact, urgency, state) in INCIDENTS {
            let given = row(&[
                ("short_description", short_description),
                ("category", category),
                ("impact", impact),
                ("urgency", urgency),
                ("state", state),
            ]);
            database.insert(incidents, &given, author);
        }
    }
}

const INCIDENTS: &[(&str, &str, &str, &str, &str)] = &[
    ("Cannot read e-mail since this morning", "inquiry", "1", "1", "7"),
    ("Network share on the third floor is slow", "network", "1", "1", "2"),
    ("Wireless access is down in my area", "network", "1", "1", "7"),
    ("Forgot the password of the expense tool", "inquiry", "3", "3", "2"),
    ("New laptop does not start", "hardware", "3", "2", "1"),
    ("Please add a second monitor", "hardware", "3", "3", "1"),
    ("Customer database is offline", "database", "1", "1", "3"),
    ("Printer prints blank pages", "hardware", "2", "3", "6"),
];
