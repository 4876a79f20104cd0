//! What surrounds the examples of crates/snow-store-redis/README.md: see tests/guide_blocks.rs.

//- every block
async fn example() -> Result<(), snow_client::Error> {
//- block
    Ok(())
}
