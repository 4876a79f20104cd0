//! A record as it is sent: its keys keep the order in which they were requested (facts 13.1).

use serde_json::Value;
use std::fmt;

/// Fields in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Vec<(String, Value)>);

impl Record {
    /// A record with one field.
    pub(crate) fn of(name: &str, value: Value) -> Self {
        Self(vec![(name.to_owned(), value)])
    }

    /// Adds a field whose name is new.
    pub(crate) fn push(&mut self, name: &str, value: Value) {
        self.0.push((name.to_owned(), value));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(there, _)| there == name).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(String, Value)> {
        self.0.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (String, Value)> {
        self.0.iter_mut()
    }
}

/// As JSON: `serde_json`'s own map would put the keys into alphabetical order.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}:{value}", Value::from(name.as_str()))?;
        }
        f.write_str("}")
    }
}
