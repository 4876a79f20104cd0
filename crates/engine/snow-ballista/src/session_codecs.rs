//! Sessions whose tables and plans can travel.

use crate::plan_codec::PlanCodec;
use crate::table_codec::TableCodec;
use ballista_core::extension::SessionConfigExt;
use datafusion::prelude::SessionConfig;
use snow_datafusion::Clients;
use std::sync::Arc;

/// Returns a configuration whose sessions write and read ServiceNow tables and plans, for the program that asks, for the scheduler and for
/// executors. Codecs that are configured already go on reading everything else.
///
/// Executors need the clients, each under the alias that tables name. The others may have none:
///
/// ```
/// use datafusion::prelude::SessionConfig;
/// use snow_ballista::with_snow_codecs;
/// use snow_client::Client;
/// use snow_datafusion::Clients;
///
/// let scheduler = with_snow_codecs(SessionConfig::new(), &Clients::new());
/// let client = Client::builder().instance("dev12345").user("executor").password("secret").build()?;
/// let executor = with_snow_codecs(SessionConfig::new(), &Clients::new().with("prod", client));
/// # Ok::<_, snow_client::Error>(())
/// ```
pub fn with_snow_codecs(config: SessionConfig, clients: &Clients) -> SessionConfig {
    let tables = TableCodec::new(clients.clone(), config.ballista_logical_extension_codec());
    let plans = PlanCodec::new(clients.clone(), config.ballista_physical_extension_codec());
    config
        .with_ballista_logical_extension_codec(Arc::new(tables))
        .with_ballista_physical_extension_codec(Arc::new(plans))
}
