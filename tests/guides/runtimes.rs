//! What surrounds the examples of docs/runtimes.md: see tests/guide_blocks.rs.

//- every block
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let listening = tokio::runtime::Runtime::new()?;
    let listener = listening.block_on(simulator.listen())?;
    let instance = listener.url();
//- block
    Ok(())
}
