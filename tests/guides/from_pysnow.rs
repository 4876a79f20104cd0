//! What surrounds the examples of docs/from-pysnow.md: see tests/guide_blocks.rs.

//- client
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret").incidents(300).build()?;
    let builder = snow_client::Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator.clone()).build()?;

//- every block
//+ client
    let incident = client.table("incident");
//- block
    Ok(())
}

//- under Coming from pysnow
//- under OAuth storage (2)
//- under Retrying
//- under A session of your own
fn example() -> Result<(), snow_client::Error> {
//- block
    Ok(())
}

//- under Updating
//- under Deleting
//+ client
    let incident = client.table("incident");
    let number = incident.list().first().await?.value("number")?.into_owned();
//- block
    Ok(())
}

//- under OAuth
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret").build()?;
    let listener = simulator.listen().await?;
    let instance = listener.url();
//- block
    Ok(())
}

//- under OAuth storage (1)
fn main() -> Result<(), Box<dyn std::error::Error>> {
//- block
    let back: serde_json::Value = serde_json::to_value(&token)?;
    assert!(back["refresh_token"].is_string());
    Ok(())
}

//- under Attachments
//+ client
    let c = &client;
    let sys_id = client.table("incident").list().first().await?.sys_id()?;
//- block
    Ok(())
}

//- under Threads
//+ client
    let c = &client;
    let records = client.table("incident").list().limit(3).await?;
    let numbers = records.iter().map(|record| record.value("number").map(Into::into));
    let numbers: Vec<String> = numbers.collect::<Result<_, _>>()?;
//- block
    Ok(())
}
