//! What surrounds the examples of docs/blocking.md: see tests/guide_blocks.rs.

//- every block
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(300).build()?;
    let builder = snow_client::Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator).build()?;
//- block
    Ok(())
}

//- under Programs without async
fn main() -> Result<(), Box<dyn std::error::Error>> {
//- block
    Ok(())
}

//- under Whole tables
//+ every block
//- block
    assert!(report.complete);
    Ok(())
}

//- under Files
//+ every block
    let incident = client.table("incident").list().first().wait()?.sys_id()?;
//- block
    Ok(())
}
