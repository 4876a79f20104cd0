//! The rules that run before a record is saved (facts 1.6).

use super::{Database, Fields, Row, TableId};

/// The name of a user; priority of incidents and problems from impact and urgency; the two states follow each other; a closed
/// record is not active.
pub(super) fn apply(
    database: &mut Database,
    table: TableId,
    row: &mut Row,
    given: &Fields,
    old: Option<&Row>,
) {
    let class =
        |name: &str| database.dictionary.table(name).is_some_and(|of| database.dictionary.is_a(table, of));
    // Not in every class of task: a change keeps the priority that it is given (facts 13.1).
    let computed = class("incident") || class("problem");
    let level = |name: &str| database.field(table, row, name).parse::<u32>().ok();
    let changed = old.is_none_or(|old| {
        ["impact", "urgency"]
            .iter()
            .any(|name| database.field(table, row, name) != database.field(table, old, name))
    });
    if let (Some(impact @ 1..=3), Some(urgency @ 1..=3), true) =
        (level("impact"), level("urgency"), changed && computed)
    {
        let priority = (impact + urgency - 1).to_string();
        database.put(table, row, "priority", &priority);
    }
    // What a user is called follows from first and last name.
    if database.dictionary.def(table).name == "sys_user" && !given.contains_key("name") {
        let names = ["first_name", "last_name"];
        if names.iter().any(|name| given.contains_key(*name)) {
            let both = names.map(|name| database.field(table, row, name).to_owned()).join(" ");
            database.put(table, row, "name", both.trim());
        }
    }
    if database.dictionary.find(table, "incident_state").is_some() {
        for (from, to) in [("state", "incident_state"), ("incident_state", "state")] {
            if given.contains_key(from) {
                let value = database.field(table, row, from).to_owned();
                database.put(table, row, to, &value);
            }
        }
        let closed = matches!(database.field(table, row, "incident_state"), "7" | "8");
        database.put(table, row, "active", if closed { "false" } else { "true" });
    }
    let class = &database.dictionary.def(table).name;
    if let Some((_, closing)) = CLOSING.iter().find(|(name, _)| name == class) {
        let closed = closing.contains(&database.field(table, row, "state"));
        database.put(table, row, "active", if closed { "false" } else { "true" });
    }
}

/// The states of other classes of task in which a record is closed.
const CLOSING: [(&str, &[&str]); 5] = [
    ("problem_task", &["157"]),
    ("change_task", &["3", "4"]),
    ("sc_request", &["3", "4", "7"]),
    ("sc_req_item", &["3", "4", "7"]),
    ("sc_task", &["3", "4", "7"]),
];
