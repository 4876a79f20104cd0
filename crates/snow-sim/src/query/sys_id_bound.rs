//! Conditions that bound the `sys_id`: `sys_id>X`, `sys_id>=X`, `sys_id<X`, `sys_id<=X`.

use super::operator::Operator;
use crate::data::SysIdRange;

/// A bound of the `sys_id`. Other text is compared without regard to case, but these follow the order of the index.
#[derive(Debug)]
pub(super) struct SysIdBound {
    pub(super) operator: Operator,
    pub(super) value: String,
}

impl SysIdBound {
    pub(super) fn matches(&self, sys_id: &str) -> bool {
        let value = self.value.as_str();
        match self.operator {
            Operator::Greater => sys_id > value,
            Operator::GreaterOrEqual => sys_id >= value,
            Operator::Less => sys_id < value,
            _ => sys_id <= value,
        }
    }

    /// Returns the range of the ids that match.
    pub(super) fn range(&self) -> SysIdRange<'_> {
        let value = self.value.as_str();
        match self.operator {
            Operator::Greater => SysIdRange::after(value),
            Operator::GreaterOrEqual => SysIdRange::from(value),
            Operator::Less => SysIdRange::before(value),
            _ => SysIdRange::until(value),
        }
    }
}
