//! Two clients, as on two machines, share one token in a Redis on this machine. Start one first, such as `redis-server --port 6379`, or
//! name another one in `REDIS_URL`.

use snow_client::{Error, OAuthClient, oauth::Grant};
use snow_store_redis::{RedisStore, SealKey};

fn client(instance: &str, redis: &str) -> Result<OAuthClient, Error> {
    // In a program of yours: SealKey::from_env("SNOW_SEAL")?
    let key = SealKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
    let store = RedisStore::builder(redis, "snow:example").seal(key).build()?;
    let builder = OAuthClient::builder().instance(instance).client_id("my-id").client_secret("my-secret");
    builder.grant(Grant::password("admin", "secret")).token_store(store).build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let redis = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".into());
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret");
    let simulator = simulator.build()?;
    let listener = simulator.listen().await?;
    for number in 1..=2 {
        let client = client(&listener.url(), &redis)?;
        let page = client.table("incident").list().limit(1).await?;
        println!(
            "client {number} read {} incident; token requests so far: {}",
            page.len(),
            simulator.token_requests()
        );
    }
    Ok(())
}
