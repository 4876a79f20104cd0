//! Faults for requests that a test names by method, path and number.

use crate::Fault;
use crate::path_prefix::PathPrefix;
use http::Method;

/// What a test planned, in that order.
#[derive(Debug, Default)]
pub(crate) struct PlannedFaults {
    plans: Vec<FaultPlan>,
    planned: u64,
}

/// One fault, and the requests that meet it.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    number: u64,
    fault: Fault,
    pub(crate) method: Option<Method>,
    pub(crate) path: Option<PathPrefix>,
    /// How many more requests meet it.
    pub(crate) left: u64,
}

impl PlannedFaults {
    /// Plans a fault for the next request. Returns the number of the plan.
    pub(crate) fn plan(&mut self, fault: Fault) -> u64 {
        self.planned += 1;
        let number = self.planned;
        self.plans.push(FaultPlan { number, fault, method: None, path: None, left: 1 });
        number
    }

    /// Changes a plan that is not used up.
    pub(crate) fn change(&mut self, number: u64, change: impl FnOnce(&mut FaultPlan)) {
        if let Some(plan) = self.plans.iter_mut().find(|plan| plan.number == number) {
            change(plan);
        }
    }

    /// Returns the fault that a request meets: that of the first plan that fits.
    pub(crate) fn next(&mut self, method: &Method, path: &str) -> Option<Fault> {
        self.plans.retain(|plan| plan.left > 0);
        let plan = self.plans.iter_mut().find(|plan| plan.fits(method, path))?;
        plan.left -= 1;
        Some(plan.fault)
    }
}

impl FaultPlan {
    fn fits(&self, method: &Method, path: &str) -> bool {
        self.method.as_ref().is_none_or(|planned| planned == method)
            && self.path.as_ref().is_none_or(|planned| planned.fits(path))
    }
}
