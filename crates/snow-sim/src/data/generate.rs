//! Any number of incidents that look like real ones, the same ones every time.

use super::{Author, Database, Fields, TableId, scramble};

const WHAT: [&str; 8] = [
    "E-mail",
    "VPN",
    "The printer",
    "The laptop",
    "The intranet",
    "The phone",
    "SAP",
    "The wireless network",
];
const HOW: [&str; 8] = [
    "is slow",
    "does not start",
    "asks for a password again and again",
    "shows an error",
    "is offline",
    "lost my data",
    "needs an update",
    "cannot be reached",
];
const WHERE: [&str; 8] = [
    "in the office",
    "at home",
    "on the third floor",
    "since this morning",
    "after the update",
    "for the whole team",
    "in Berlin",
    "in San Diego",
];

/// Three years in seconds.
const SPAN: i64 = 3 * 365 * 86_400;

impl Database {
    /// Adds incidents, evenly spread over three years of the instance's past, up to the given time.
    pub(crate) fn generate_incidents(&mut self, count: u32, now: jiff::Timestamp) {
        let Some(table) = self.dictionary.table("incident") else { return };
        let users: Vec<String> = self.ids_of("sys_user");
        let groups: Vec<String> = self.ids_of("sys_user_group");
        for index in 0..count {
            let dice = scramble(u64::from(index) ^ 0x5EED);
            let pick = |shift: u32, sides: usize| {
                usize::try_from(dice >> shift & 0xFFFF).unwrap_or_default() % sides.max(1)
            };
            let ago = i64::from(count - index) * SPAN / i64::from(count);
            let at = crate::clock::stamp(jiff::Timestamp::from_second(now.as_second() - ago).unwrap_or(now));
            let text = format!("{} {} {}", WHAT[pick(0, 8)], HOW[pick(16, 8)], WHERE[pick(32, 8)]);
            let state = ["1", "2", "3", "6", "7", "7", "7", "7"][pick(40, 8)];
            let level = |shift| ["1", "2", "3", "3"][pick(shift, 4)];
            let mut given: Fields = Fields::new();
            for (name, value) in [
                ("category", ["inquiry", "software", "hardware", "network", "database"][pick(20, 5)]),
                ("impact", level(24)),
                ("urgency", level(26)),
                ("state", state),
            ] {
                given.insert(name.to_owned(), value.to_owned());
            }
            for (name, ids) in [("caller_id", &users), ("assigned_to", &users), ("assignment_group", &groups)]
            {
                if let Some(id) = ids.get(pick(if name == "caller_id" { 8 } else { 30 }, ids.len())) {
                    given.insert(name.to_owned(), id.clone());
                }
            }
            let sys_id = self.insert(table, &given, Author::new("employee", &at));
            self.describe(table, &sys_id, &text);
        }
    }

    /// One of few texts: shared by all rows that have it.
    fn describe(&mut self, table: TableId, sys_id: &str, text: &str) {
        let root = self.dictionary.def(table).root;
        if let Some(mut row) = self.rows.get_mut(&root).and_then(|rows| rows.remove(sys_id)) {
            self.put(table, &mut row, "short_description", text);
            row.shrink();
            self.rows.entry(root).or_default().insert(sys_id.into(), row);
        }
    }

    fn ids_of(&self, table: &str) -> Vec<String> {
        let table = self.dictionary.table(table);
        table.into_iter().flat_map(|table| self.rows(table)).map(|(id, _)| id.to_string()).collect()
    }
}
