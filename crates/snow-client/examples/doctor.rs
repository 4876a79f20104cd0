//! What a login may do on an instance, and what stops it: `cargo run -p snow-client --example doctor`.
//!
//! With `SNOW_INSTANCE`, `SNOW_USER` and `SNOW_PASSWORD` it asks a real instance, and changes nothing there. Without them it asks
//! the simulator.

use snow_client::Client;
use snow_sim::{Simulator, User};
use std::env;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = match env::var("SNOW_INSTANCE") {
        Ok(instance) => {
            let (user, password) = (env::var("SNOW_USER")?, env::var("SNOW_PASSWORD")?);
            Client::builder().instance(instance).user(user).password(password).build()?
        }
        Err(_) => {
            let reader = User::new("reader", "secret").role("itil").time_zone("Europe/Berlin");
            let simulator = Simulator::builder().user_with(reader).build()?;
            let client = Client::builder().instance("dev12345").user("reader").password("secret");
            client.transport(simulator).build()?
        }
    };
    print!("{}", client.probe().await?);
    Ok(())
}
