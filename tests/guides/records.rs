//! What surrounds the examples of docs/records.md: see tests/guide_blocks.rs.

//- every block
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret").incidents(300).build()?;
    let builder = snow_client::Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator.clone()).build()?;
//- block
    Ok(())
}

//- under Dates of other crates
//+ every block
    let some_day = "2020-01-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>()?;
//- block
    Ok(())
}

//- under Choices
//- under Into other formats
fn main() -> Result<(), Box<dyn std::error::Error>> {
//- block
    Ok(())
}

//- under Progress
//+ every block
//- block
    assert!(numbers.len() >= 300);
    Ok(())
}
