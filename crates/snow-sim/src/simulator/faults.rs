//! Faults that a test asks for, and gateways in front of the instance.

use crate::{ConnectionFault, Fault, Gateway, Simulator, WireFault};

impl Simulator {
    /// The next request, whatever it is, is answered like this. Several calls queue up.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Like [`fail_next`](Self::fail_next), after the latency of the settings: others may arrive meanwhile.
    pub fn fail_next_slowly(&self, fault: Fault) {
        self.lock().slow_faults.push_back(fault);
    }

    /// Every request is answered like this, until `None` is given.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    /// The next answer breaks on the wire like this. The request has been carried out. Several calls queue up.
    pub fn break_next(&self, fault: WireFault) {
        self.lock().wire_faults.push_back(fault);
    }

    /// The next connection of a listener breaks like this. Several calls queue up.
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
