//! The simulator and the model side by side, from the same beginning.

use super::dictionary::{TABLES, Table, table};
use super::exchange::{Answer, Ask, Compared, HOST, fail, same};
use super::forms::Shape;
use super::instance::{Instance, Record, Who};
use serde_json::Value;
use snow_sim::{Builder, Rule, Simulator, User};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

/// Friday, 26 June 2026, 19:40 UTC: in India it is Saturday.
pub(crate) const START: i64 = 1_782_502_800;

/// Records that are there from the start, and that nothing refers to by another name.
pub(crate) const COUNTRIES: [(&str, &str); 2] =
    [("c0000000000000000000000000000001", "Italy"), ("c0000000000000000000000000000002", "Germany")];
pub(crate) const CITIES: [(&str, &str, &str, &str); 3] = [
    ("d0000000000000000000000000000001", "Rome", "30", "c0000000000000000000000000000001"),
    ("d0000000000000000000000000000002", "Berlin", "40", "c0000000000000000000000000000002"),
    ("d0000000000000000000000000000003", "Atlantis", "", ""),
];
/// Orders, animals, secrets: each with the values of the columns that it has.
const RECORDS: &[(&str, &[(&str, &str)])] = &[
    (
        "u_order",
        &[("u_name", "alpha"), ("u_pieces", "1"), ("u_more", "1"), ("u_price", "10.5"), ("u_flag", "true")],
    ),
    (
        "u_order",
        &[("u_name", "Beta"), ("u_pieces", "2"), ("u_more", "10"), ("u_flag", "false"), ("u_state", "2")],
    ),
    (
        "u_order",
        &[
            ("u_name", "gamma ray"),
            ("u_pieces", "10"),
            ("u_due", "2026-06-26 20:00:00"),
            ("u_day", "2026-06-26"),
            ("u_city", "d0000000000000000000000000000001"),
            ("u_effort", "1970-01-03 03:00:06"),
            ("u_color", "red"),
        ],
    ),
    (
        "u_order",
        &[
            ("u_name", "delta^x"),
            ("u_price", "2.25"),
            ("u_city", "d0000000000000000000000000000002"),
            ("u_cities", "d0000000000000000000000000000001,d0000000000000000000000000000002"),
            ("u_state", "3"),
            ("u_color", "blue"),
            ("u_due", "2026-01-01 00:00:00"),
        ],
    ),
    ("u_order", &[("u_city", "d0000000000000000000000000000003"), ("u_key", "k-1"), ("u_color", "green")]),
    ("u_animal", &[("u_name", "Felix")]),
    ("u_dog", &[("u_name", "Rex"), ("u_legs", "4")]),
    ("u_dog", &[("u_name", "Bello"), ("u_legs", "3")]),
    ("u_vault", &[("u_name", "open"), ("u_level", "1"), ("u_secret", "s1"), ("u_locked", "l1")]),
    ("u_vault", &[("u_name", "shut"), ("u_level", "3"), ("u_secret", "s3")]),
    ("u_vault", &[("u_name", "ajar"), ("u_level", "2"), ("u_secret", "s2")]),
    ("u_strict", &[("u_name", "one"), ("u_code", "go")]),
];

/// The simulator that a test gets, and the model of it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) instance: Instance,
    /// The sys_id of the business rule of `u_strict`.
    pub(crate) rule: String,
    /// Responses that were compared, by what they were.
    pub(crate) seen: BTreeMap<String, u32>,
}

/// What every world is built from.
pub(crate) fn builder() -> Builder {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(START.unsigned_abs());
    let admin =
        User::new("admin", "secret").role("admin").time_zone("Asia/Kolkata").date_format("dd-MM-yyyy");
    let builder = Simulator::builder()
        .user_with(admin)
        .user_with(User::new("reader", "secret").role("itil"))
        .without_demo_data()
        .start_at(start)
        .rule(Rule::HideRows { table: "u_vault".into(), query: "u_level=3".into() })
        .rule(Rule::HideField { table: "u_vault".into(), field: "u_secret".into() })
        .rule(Rule::LockField { table: "u_vault".into(), field: "u_secret".into() })
        .rule(Rule::LockField { table: "u_vault".into(), field: "u_locked".into() })
        .rule(Rule::DenyWrite { table: "u_city".into() })
        .rule(Rule::Mandatory { table: "u_strict".into(), field: "u_name".into() });
    TABLES.iter().filter(|table| !table.stock).fold(builder, |builder, table| builder.table(table.built()))
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(builder())
    }

    pub(crate) fn of(builder: Builder) -> Self {
        let mut instance = Instance { now: START, ..Instance::default() };
        let mut builder = builder;
        let mut add = |of: &str, id: &str, values: &[(&str, &str)]| {
            let of = table(of).expect("a table of the model");
            let defaults = of.columns().into_iter().map(|column| (column.name, column.default.to_owned()));
            let mut record = Record { table: of, values: defaults.collect(), notes: Vec::new() };
            let fixed = [("sys_id", id), ("sys_class_name", of.name)];
            let stamps = [
                ("sys_created_on", "2026-01-02 03:04:05"),
                ("sys_updated_on", "2026-01-02 03:04:05"),
                ("sys_created_by", "admin"),
                ("sys_updated_by", "admin"),
            ];
            for (name, value) in fixed.iter().chain(&stamps).chain(values) {
                let column = of.column(name).map_or("sys_class_name", |column| column.name);
                record.values.insert(column, (*value).to_owned());
            }
            let given = fixed[..1].iter().chain(&stamps).chain(values).copied();
            builder = builder.clone().row(of.name, given.collect::<Vec<_>>());
            instance.records.insert(id.to_owned(), record);
        };
        for (id, name) in COUNTRIES {
            add("u_country", id, &[("u_name", name)]);
        }
        for (id, name, size, country) in CITIES {
            add("u_city", id, &[("u_name", name), ("u_size", size), ("u_country", country)]);
        }
        for (at, (of, values)) in RECORDS.iter().enumerate() {
            add(of, &format!("e{at:031}"), values);
        }
        let simulator = builder.build().expect("a world");
        let stop = [
            ("name", "No stop"),
            ("collection", "u_strict"),
            ("abort_action", "true"),
            ("action_insert", "true"),
            ("action_update", "true"),
            ("filter_condition", "u_code=stop"),
        ];
        let rule = simulator.insert("sys_script", stop).expect("a rule");
        Self { simulator, instance, rule, seen: BTreeMap::new() }
    }

    pub(crate) async fn send(&mut self, ask: &Ask) -> Answer {
        ask.send(&self.simulator).await
    }

    /// Counts a response that was compared.
    pub(crate) fn compared(&mut self, what: impl Into<String>) {
        *self.seen.entry(what.into()).or_default() += 1;
    }

    pub(crate) fn wait(&mut self, seconds: u32) {
        self.simulator.advance(Duration::from_secs(seconds.into()));
        self.instance.now += i64::from(seconds);
    }

    /// The sys_ids of a table, as an administrator lists them.
    pub(crate) async fn ids(&mut self, of: &str) -> Compared<BTreeSet<String>> {
        let ask = Ask::new(Who::Admin, "GET", format!("/api/now/table/{of}"))
            .parameter("sysparm_fields", "sys_id")
            .parameter("sysparm_query", "ORDERBYsys_id");
        let listed = ask.send(&self.simulator).await.json()?;
        let rows = listed["result"].as_array().cloned().unwrap_or_default();
        Ok(rows.iter().filter_map(|row| row["sys_id"].as_str().map(str::to_owned)).collect())
    }

    /// The sys_id of the one record that this table has and the model has not.
    pub(crate) async fn new_id(&mut self, of: &Table) -> Compared<String> {
        let known: BTreeSet<String> =
            self.instance.records_of(of.name).iter().map(|record| record.id().to_owned()).collect();
        let there = self.ids(of.name).await?;
        let new: Vec<&String> = there.difference(&known).collect();
        match new[..] {
            [id] => Ok(id.clone()),
            _ => fail(format!("one record more in {}, not {new:?}", of.name)),
        }
    }

    /// In the end, both have the same records, to the last field.
    pub(crate) async fn compare_records(&mut self) -> Compared {
        for of in TABLES {
            let mut ask = Ask::new(Who::Admin, "GET", format!("/api/now/table/{}", of.name))
                .parameter("sysparm_query", "ORDERBYsys_id");
            let mut shape = Shape::whole(format!("https://{HOST}/api/now"));
            if of.stock {
                let names: Vec<String> = of.columns().iter().map(|column| column.name.to_owned()).collect();
                ask = ask.parameter("sysparm_fields", names.join(","));
                shape.fields = Some(names);
            }
            let expected: Vec<Value> = self
                .instance
                .records_of(of.name)
                .iter()
                .map(|record| shape.record(&self.instance, of.name, record.id()))
                .collect();
            let answer = ask.send(&self.simulator).await;
            let mut rows = answer.json()?["result"].as_array().cloned().unwrap_or_default();
            rows.sort_by(|left, right| left["sys_id"].as_str().cmp(&right["sys_id"].as_str()));
            answer.in_context(same(of.name, rows, expected))?;
        }
        Ok(())
    }
}
