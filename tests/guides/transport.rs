//! What surrounds the examples of docs/transport.md: see tests/guide_blocks.rs.

//- every block
fn main() -> Result<(), Box<dyn std::error::Error>> {
//- block
    Ok(())
}

//- under Certificates (1)
fn example() -> Result<(), Box<dyn std::error::Error>> {
//- block
    Ok(())
}

//- under reqwest
fn main() -> Result<(), Box<dyn std::error::Error>> {
    build().map(drop)
}
//- block
