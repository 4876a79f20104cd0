//! What surrounds the examples of crates/snow-sim/README.md: see tests/guide_blocks.rs.

//- every block
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
//- block
    Ok(())
}
