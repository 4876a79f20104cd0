//! A script without async: `cargo run -p snow-client --features blocking --example blocking_script`

use serde_json::json;
use snow_client::{Client, Error, blocking::Wait, field};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (instance, _simulator) = simulated()?;

    let client = Client::builder().instance(instance).user("admin").password("secret").build()?;
    let urgent = field("active").eq(true).and(field("urgency").eq(1)).order_by("number");
    for incident in client.table("incident").list().query(urgent).limit(3).wait()? {
        println!("{}  {}", incident.value("number")?, incident.value("short_description")?);
    }

    let incidents = client.table("incident");
    let created = incidents.create(&json!({ "short_description": "No wifi on floor 3" })).wait()?;
    let changed = incidents.update(created.sys_id()?, &json!({ "state": "2" })).wait()?;
    println!("{} is in state {}", changed.value("number")?, changed.value("state")?);
    Ok(())
}

/// Starts a simulated instance, in place of a real one.
fn simulated() -> Result<(String, snow_sim::Listener), Error> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build().map_err(Error::wrap)?;
    let listener = async { simulator.listen().await.map_err(Error::wrap) }.wait()?;
    Ok((listener.url(), listener))
}
