//! What surrounds the examples of docs/queries.md: see tests/guide_blocks.rs.

//- every block
fn main() -> Result<(), snow_client::Error> {
//- block
    Ok(())
}

