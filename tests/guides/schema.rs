//! What surrounds the examples of docs/schema.md: see tests/guide_blocks.rs.

//- every block
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let listener = simulator.listen().await?;
    let client = snow_client::Client::builder().instance(listener.url()).user("admin").password("secret").build()?;
//- block
    Ok(())
}

//- under Refuse what does not exist
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let listener = simulator.listen().await?;
    let instance = listener.url();
//- block
    Ok(())
}

//- under Rust types out of the dictionary
mod incident {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/promises/generated/incident.rs"));
}
use incident::{Incident, IncidentState};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret").incidents(300).build()?;
    let builder = snow_client::Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator.clone()).build()?;
//- block
    Ok(())
}
