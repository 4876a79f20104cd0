//! Errors of the client as errors of DataFusion.

use datafusion::error::DataFusionError;
use snow_client::Error;

/// Converts an error, which stays the source.
pub(crate) fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
