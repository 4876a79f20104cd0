//! What surrounds the examples of README.md: see tests/guide_blocks.rs.

//- under The first program (2)
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let builder = snow_client::Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator).build()?;
//- block
    Ok(())
}

//- under OAuth, with the token kept
async fn example() -> Result<(), snow_client::Error> {
//- block
    Ok(())
}

//- under What else it does
fn main() -> Result<(), snow_core::Error> {
//- block
    Ok(())
}
