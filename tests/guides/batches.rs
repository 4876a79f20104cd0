//! What surrounds the examples of docs/batches.md: see tests/guide_blocks.rs.

//- every block
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let listener = simulator.listen().await?;
    let client = snow_client::Client::builder().instance(listener.url()).user("admin").password("secret").build()?;
//- block
    Ok(())
}
