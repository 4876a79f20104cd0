//! What an instance allows, shared by the executors of a cluster.

use datafusion::common::config_err;
use datafusion::error::Result;

/// The number of concurrent requests that a whole cluster may send, shared evenly by its executors.
///
/// Each client limits its own requests. Where every executor has a client, the instance gets the sum of them, and it executes few requests of
/// integrations at a time ([facts 8.2]). Pass the share of an executor to
/// [`ClientBuilder::concurrency`](https://docs.rs/snow-client/latest/snow_client/client/struct.ClientBuilder.html#method.concurrency).
///
/// ```
/// use snow_ballista::ClusterLimit;
/// use snow_client::Client;
///
/// let limit = ClusterLimit::new(8, 3)?; // 8 requests, 3 executors
/// assert_eq!([limit.share(0)?, limit.share(1)?, limit.share(2)?], [3, 3, 2]);
///
/// // On the second executor:
/// let client = Client::builder().instance("dev12345").user("executor").password("secret").concurrency(limit.share(1)?).build()?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// [facts 8.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#82-queues
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterLimit {
    requests: usize,
    executors: usize,
}

impl ClusterLimit {
    /// Creates a limit of this many concurrent requests for this many executors.
    ///
    /// # Errors
    ///
    /// An error if there is no executor, or if there are fewer requests than executors: one of them could send none.
    pub fn new(requests: usize, executors: usize) -> Result<Self> {
        if executors == 0 || requests < executors {
            return config_err!(
                "{requests} concurrent requests cannot be shared by {executors} executors: allow at least one request each, or run fewer \
                 executors"
            );
        }
        Ok(Self { requests, executors })
    }

    /// Returns how many requests an executor may send at a time. Executors are counted from 0.
    ///
    /// # Errors
    ///
    /// An error for an executor that was not counted.
    pub fn share(&self, executor: usize) -> Result<usize> {
        if executor >= self.executors {
            return config_err!(
                "executor {executor} is not one of {}: they are counted from 0, and all of them in ClusterLimit::new()",
                self.executors
            );
        }
        let (each, more) = (self.requests / self.executors, self.requests % self.executors);
        Ok(each.saturating_add(usize::from(executor < more)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_limit_and_none_is_empty() -> Result<()> {
        for executors in 1..=9 {
            for requests in executors..40 {
                let limit = ClusterLimit::new(requests, executors)?;
                let shares = (0..executors).map(|one| limit.share(one)).collect::<Result<Vec<_>>>()?;
                assert_eq!(shares.iter().sum::<usize>(), requests);
                assert!(shares.iter().all(|share| *share > 0));
                assert!(limit.share(executors).is_err());
            }
        }
        assert!(ClusterLimit::new(3, 4).is_err() && ClusterLimit::new(3, 0).is_err());
        Ok(())
    }
}
