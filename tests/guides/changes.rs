//! What surrounds the examples of docs/changes.md: see tests/guide_blocks.rs.

//- under Following a table
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let client = Client::builder().instance("dev12345").user("admin").password("secret").transport(simulator).build()?;
    tokio::runtime::Runtime::new()?.block_on(follow(client, None))
}

//- block

//- under Choosing deletions (1)
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(20).build()?;
    let builder = snow_client::Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator).build()?;
//- block
    Ok(())
}

//- under Comments and work notes
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let id: SysId = simulator.insert("incident", [("short_description", "Mail is down")])?.parse()?;
    let client = Client::builder().instance("dev12345").user("admin").password("secret").transport(simulator).build()?;
    Ok(tokio::runtime::Runtime::new()?.block_on(notes(client, id))?)
}

//- block
