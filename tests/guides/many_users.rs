//! What surrounds the examples of docs/many-users.md: see tests/guide_blocks.rs.

//- under Many users in one service
//- block

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("svc", "secret").user("anna", "secret");
    let simulator = simulator.oauth_client("my-id", "my-secret").build()?;
    let service = Client::builder().instance("dev12345").user("svc").password("secret").concurrency(16);
    let anna = client_of_anna(&service.transport(simulator).build()?).await?;
    anna.generate_token("anna", "secret").await?;
    assert_eq!(anna.me().await?.user_name, "anna");
    Ok(())
}

//- under Testing it
//= With axum
//- block
