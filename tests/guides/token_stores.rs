//! What surrounds the examples of docs/token-stores.md: see tests/guide_blocks.rs.

//- every block
fn example() -> Result<(), snow_client::Error> {
//- block
    Ok(())
}
