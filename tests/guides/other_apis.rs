//! What surrounds the examples of docs/other-apis.md: see tests/guide_blocks.rs.

//- under A scripted REST API
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let script = |_: http::Request<bytes::Bytes>| {
        let order = r#"{"result":{"number":"ORD1","lines":[{"item":"disk","count":2}]}}"#;
        let response = http::Response::builder().header("content-type", "application/json");
        response.body(bytes::Bytes::from(order)).unwrap()
    };
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").scripted("x_acme", script).build()?;
    let listener = simulator.listen().await?;
    let client = snow_client::Client::builder().instance(listener.url()).user("admin").password("secret").build()?;
//- block
    Ok(())
}

//- under An area of your own: change management
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let listener = simulator.listen().await?;
    let client = snow_client::Client::builder().instance(listener.url()).user("admin").password("secret").build()?;
//- block
    Ok(())
}
