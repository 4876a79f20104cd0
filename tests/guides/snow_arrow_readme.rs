//! What surrounds the examples of crates/snow-arrow/README.md: see tests/guide_blocks.rs.

//- under snow-arrow
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(20).build()?;
    let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret");
    let client = client.transport(simulator).build()?;
    let folder = std::env::temp_dir().join(format!("snow-arrow-readme-{}", std::process::id()));
//- block
    let bytes = std::fs::read(folder.join(&report.files[0].name))?;
    assert!(bytes.ends_with(b"PAR1"));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

//- under snow-arrow (2)
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(20).build()?;
    let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret");
    let client = client.transport(simulator).build()?;
//- block
    Ok(())
}
