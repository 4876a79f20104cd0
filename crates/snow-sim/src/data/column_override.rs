//! The choices and the default of a column, as a class may say otherwise of them.

use crate::BuildError;

/// Stored value and label, in order; empty where anything goes.
pub(crate) type Choices = Vec<(String, String)>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Override {
    pub(super) choices: Option<Choices>,
    pub(super) default: Option<String>,
}

/// `VALUE Label`
pub(super) fn parse_choice(text: &str) -> Result<(String, String), BuildError> {
    let pair = text.split_once(' ').map(|(value, label)| (value.replace('_', " "), label.trim().to_owned()));
    pair.ok_or_else(|| BuildError::new(format!("the choice {text:?} is not written as stock.txt says")))
}
