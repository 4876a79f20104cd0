//! What surrounds the examples of crates/snow-auth/README.md: see tests/guide_blocks.rs.

//- every block
fn main() -> Result<(), snow_core::Error> {
//- block
    Ok(())
}
