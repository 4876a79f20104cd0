//! How tables and plans are written for other machines.

use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest content of a message.
const LONGEST: usize = 4 << 20;

/// What a message begins with. Other codecs are given whatever begins differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageKind {
    Table,
    Plan,
}

impl MessageKind {
    const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Table => b"snow table 1\n",
            Self::Plan => b"snow plan 1\n",
        }
    }

    pub(crate) fn write(self, content: &impl Serialize, to: &mut Vec<u8>) -> Result<()> {
        let content =
            serde_json::to_vec(content).map_err(|error| DataFusionError::External(Box::new(error)))?;
        refuse_too_long(content.len())?;
        to.extend_from_slice(self.prefix());
        to.extend_from_slice(&content);
        Ok(())
    }

    /// Reads a message; `None` if it is not one of this kind.
    ///
    /// The error of a message does not repeat it, because it may hold data of a user.
    pub(crate) fn read<T: DeserializeOwned>(self, message: &[u8]) -> Result<Option<T>> {
        let Some(content) = message.strip_prefix(self.prefix()) else { return Ok(None) };
        refuse_too_long(content.len())?;
        match serde_json::from_slice(content) {
            Ok(content) => Ok(Some(content)),
            Err(error) => plan_err!(
                "a ServiceNow table cannot be read at byte {}: do all machines run the same version of snow-ballista?",
                error.column()
            ),
        }
    }
}

fn refuse_too_long(bytes: usize) -> Result<()> {
    if bytes > LONGEST {
        return plan_err!(
            "a message with a ServiceNow table has {bytes} bytes, and at most {LONGEST} are read: select fewer columns"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_not_be_read_is_not_written() -> Result<()> {
        let (mut message, longest) = (b"before".to_vec(), "x".repeat(LONGEST - 2));
        MessageKind::Plan.write(&longest, &mut message)?;
        let written = message.split_off(6);
        assert_eq!(MessageKind::Plan.read::<String>(&written)?, Some(longest));
        let error = MessageKind::Plan.write(&"x".repeat(LONGEST - 1), &mut message).unwrap_err().to_string();
        assert!(error.contains("has 4194305 bytes") && error.contains("select fewer columns"), "{error}");
        assert_eq!(message, b"before");
        let mut longer = written;
        longer.push(b' ');
        assert!(MessageKind::Plan.read::<String>(&longer).is_err());
        Ok(())
    }

    #[test]
    fn a_message_is_read_by_its_kind_alone() -> Result<()> {
        let mut message = Vec::new();
        MessageKind::Table.write(&"x", &mut message)?;
        assert_eq!(MessageKind::Table.read::<String>(&message)?.as_deref(), Some("x"));
        assert_eq!(MessageKind::Plan.read::<String>(&message)?, None);
        assert_eq!(MessageKind::Plan.read::<String>(b"")?, None);
        Ok(())
    }

    #[test]
    fn damage_is_an_error_that_repeats_nothing() -> Result<()> {
        let mut message = Vec::new();
        MessageKind::Plan.write(&"confidential", &mut message)?;
        message.pop();
        let error = MessageKind::Plan.read::<String>(&message).unwrap_err().to_string();
        assert!(error.contains("the same version") && !error.contains("confidential"), "{error}");
        Ok(())
    }
}
