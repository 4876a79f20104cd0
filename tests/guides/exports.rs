//! What surrounds the examples of docs/exports.md: see tests/guide_blocks.rs.

//- every block
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(300).build()?;
    let builder = snow_client::Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator.clone()).build()?;
    let folder = std::env::temp_dir().join(format!("snow-guide-exports-{}", std::process::id()));
//- block
    assert!(report.complete && report.received == 300);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

//- under The files
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(300).build()?;
    let builder = snow_client::Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator.clone()).build()?;
    let folder = std::env::temp_dir().join(format!("snow-guide-exports-{}", std::process::id()));
    let records = client.table("incident").list();
    records.export(snow_client::export::Ndjson::new(), ExportDirectory::new(&folder)).await?;
//- block
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
