//! What a test does between two requests, so that records change while they are read.

use crate::Simulator;
use std::sync::{MutexGuard, PoisonError};

/// The closure of a test that runs before each request.
pub(super) type BeforeEach = Box<dyn FnMut(&Simulator) + Send>;

impl Simulator {
    /// Runs a closure each time before the instance carries out a request, so that records change between two requests of a read.
    /// The closure gets the number of the request, counted from this call and starting at 1, and writes with
    /// [`insert`](Self::insert), [`update`](Self::update) and [`delete`](Self::delete). Requests that the edge or a gateway
    /// responds to in place of the instance are not counted, and a batch is one request. A second call replaces the closure.
    ///
    /// ```
    /// # let simulator = snow_sim::Simulator::builder().build().unwrap();
    /// let id = simulator.insert("incident", [("short_description", "goes while the table is read")])?;
    /// simulator.before_each(move |n, instance| {
    ///     if n == 2 {
    ///         assert!(instance.delete("incident", &id));
    ///     }
    /// });
    /// # Ok::<_, snow_sim::BuildError>(())
    /// ```
    pub fn before_each(&self, mut happens: impl FnMut(u64, &Simulator) + Send + 'static) {
        let mut number = 0;
        *self.lock_before_each() = Some(Box::new(move |simulator| {
            number += 1;
            happens(number, simulator);
        }));
    }

    pub(super) fn run_before_each(&self) {
        // Taken out, so that the closure may set another one.
        let taken = self.lock_before_each().take();
        if let Some(mut happens) = taken {
            happens(self);
            self.lock_before_each().get_or_insert(happens);
        }
    }

    fn lock_before_each(&self) -> MutexGuard<'_, Option<BeforeEach>> {
        self.before_each.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
