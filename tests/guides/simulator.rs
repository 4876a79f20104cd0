//! What surrounds the examples of docs/simulator.md: see tests/guide_blocks.rs.

//- every block
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
//- block
    Ok(())
}

//- under What the program sent
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let builder = snow_client::Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator.clone()).build()?;
    client.table("incident").create(&serde_json::json!({ "short_description": "No mail" })).await?;
//- block
    Ok(())
}
