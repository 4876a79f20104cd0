//! What surrounds the examples of crates/snow-arrow/README.md: see tests/guide_blocks.rs.

//- every block
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(20).build()?;
    let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret");
    let client = client.transport(simulator).build()?;
    let folder = std::env::temp_dir().join(format!("snow-arrow-readme-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("incidents.parquet");
//- block
    assert!(std::fs::read(&path)?.ends_with(b"PAR1"));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
