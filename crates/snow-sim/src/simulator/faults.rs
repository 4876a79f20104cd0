//! Faults that a test asks for, and gateways in front of the instance.

use crate::path_prefix::PathPrefix;
use crate::planned_fault::FaultPlan;
use crate::{ConnectionFault, Fault, Gateway, Simulator, WireFault};
use http::Method;

impl Simulator {
    /// Plans a fault. Without more, the next request meets it, whatever it is; the methods of [`PlannedFault`] say which requests do,
    /// and how many. Of several plans that fit a request, the first one is used.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use bytes::Bytes;
    /// use http::{Method, Request};
    /// use http_body_util::Full;
    /// use snow_sim::{Fault, Simulator};
    /// use std::time::Duration;
    /// use tower::ServiceExt;
    ///
    /// let simulator = Simulator::builder().user("admin", "secret").build()?;
    /// let limited = Fault::RateLimited(Duration::from_secs(5));
    /// simulator.fail(limited).on(Method::GET).at("/api/now/table/incident").times(2);
    ///
    /// let mut statuses = Vec::new();
    /// for table in ["problem", "incident", "incident", "incident"] {
    ///     let request = Request::get(format!("/api/now/table/{table}")).header("authorization", "Basic YWRtaW46c2VjcmV0");
    ///     let request = request.body(Full::<Bytes>::default())?;
    ///     statuses.push(simulator.clone().oneshot(request).await?.status().as_u16());
    /// }
    /// assert_eq!(statuses, [200, 429, 429, 200]);
    /// # Ok(()) }
    /// ```
    pub fn fail(&self, fault: Fault) -> PlannedFault {
        let number = self.lock().faults.plan(fault);
        PlannedFault { simulator: self.clone(), number }
    }

    /// Responds to the next request, whatever it is, like this. Several calls queue up.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().faults.plan(fault);
    }

    /// Fails the next request like [`fail_next`](Self::fail_next), after the latency of the settings: others may arrive meanwhile.
    pub fn fail_next_slowly(&self, fault: Fault) {
        self.lock().slow_faults.push_back(fault);
    }

    /// Responds to every request like this, until `None` is given.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    /// Breaks the next response on the wire like this. The request has been executed. Several calls queue up.
    pub fn break_next(&self, fault: WireFault) {
        self.lock().wire_faults.push_back(fault);
    }

    /// Breaks the next connection of a listener like this. Several calls queue up.
    pub fn break_next_connection(&self, fault: ConnectionFault) {
        self.lock().connection_faults.push_back(fault);
    }

    /// Lets a gateway respond to the next request. Several calls queue up.
    pub fn gateway_next(&self, gateway: Gateway) {
        let state = &mut *self.lock();
        let free = (state.arrived + 1..).find(|number| !state.gateways.contains_key(number));
        if let Some(number) = free {
            state.gateways.insert(number, gateway);
        }
    }

    /// Lets a gateway respond to the `n`-th request from now; 1 is the next one. `0` is treated as 1.
    pub fn gateway_at(&self, n: u64, gateway: Gateway) {
        let state = &mut *self.lock();
        let number = state.arrived + n.max(1);
        state.gateways.insert(number, gateway);
    }

    /// Lets a gateway respond to every request, until `None` is given. One of [`gateway_next`](Self::gateway_next) or
    /// [`gateway_at`](Self::gateway_at) comes first.
    pub fn gateway_always(&self, gateway: Option<Gateway>) {
        self.lock().gateway = gateway;
    }
}

/// A fault that was planned: see [`Simulator::fail`]. Each method changes the plan at once.
#[derive(Debug)]
pub struct PlannedFault {
    simulator: Simulator,
    number: u64,
}

impl PlannedFault {
    /// Limits the fault to requests with this method.
    pub fn on(self, method: Method) -> Self {
        self.change(|plan| plan.method = Some(method))
    }

    /// Limits the fault to requests to this path and below it. The path fits its versions as well: `/api/now/table` is also
    /// `/api/now/v2/table`.
    pub fn at(self, path: &str) -> Self {
        self.change(|plan| plan.path = Some(PathPrefix::new(path)))
    }

    /// Sets how many requests meet it. Default: 1.
    pub fn times(self, count: u64) -> Self {
        self.change(|plan| plan.left = count)
    }

    /// Lets every request that fits meet it.
    pub fn always(self) -> Self {
        self.times(u64::MAX)
    }

    fn change(self, change: impl FnOnce(&mut FaultPlan)) -> Self {
        self.simulator.lock().faults.change(self.number, change);
        self
    }
}
