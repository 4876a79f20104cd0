//! Two clients, as on two machines, share one token in the PostgreSQL that `DATABASE_URL` names. Create the table first: without an
//! address, the example prints the statement.

use snow_client::{Error, OAuthClient, oauth::Grant};
use snow_store_postgres::{PostgresStore, SealKey};

fn client(instance: &str, database: &str) -> Result<OAuthClient, Error> {
    // In a program of yours: SealKey::from_env("SNOW_SEAL")?
    let key = SealKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
    let store = PostgresStore::builder(database, "example").seal(key).build()?;
    let builder = OAuthClient::builder().instance(instance).client_id("my-id").client_secret("my-secret");
    builder.grant(Grant::password("admin", "secret")).token_store(store).build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Ok(database) = std::env::var("DATABASE_URL") else {
        println!("{};", PostgresStore::ddl());
        return Ok(());
    };
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret");
    let simulator = simulator.build()?;
    let listener = simulator.listen().await?;
    for number in 1..=2 {
        let client = client(&listener.url(), &database)?;
        let page = client.table("incident").list().limit(1).await?;
        println!(
            "client {number} read {} incident; token requests so far: {}",
            page.len(),
            simulator.token_requests()
        );
    }
    Ok(())
}
