//! Records as types of your own: choices, references, dot-walks, lists, empty fields, and times of another crate.
//! `cargo run -p snow-client --features derive,jiff --example own_types`

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use snow_client::record::{Reference, WithDisplay};
use snow_client::{ChoiceEnum, Client, DateTime, DisplayValue, SysId, datetime, field};

#[derive(ChoiceEnum, Clone, Debug, PartialEq)]
enum State {
    #[choice("2")]
    InProgress,
    #[choice(other)]
    Other(String),
}

#[derive(Deserialize)]
struct Incident {
    number: String,
    active: bool,
    state: State,
    priority: WithDisplay<u8>, // both forms come only if they are asked for
    caller_id: Option<Reference>,
    #[serde(rename = "caller_id.name")]
    caller: Option<String>,
    watch_list: Vec<SysId>,
    #[serde(with = "datetime::jiff::date_time")]
    opened_at: Timestamp,
    closed_at: Option<DateTime>,
}

#[derive(Serialize)]
struct NewIncident {
    state: State,
    caller_id: SysId,
    watch_list: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let client = Client::builder().instance("dev12345").user("admin").password("secret").transport(simulator);
    let client = client.build()?;
    let user = client.table("sys_user").list().first().await?.sys_id()?;
    let new = NewIncident { state: State::InProgress, caller_id: user, watch_list: user.to_string() };
    client.table("incident").create(&new).await?;

    let mine = field("caller_id").eq(user).and(field("state").eq(State::InProgress));
    let mine = mine.and(field("opened_at").le(Timestamp::now())).order_by_desc("sys_created_on");
    let incidents = client.table("incident").typed::<Incident>().list().display_value(DisplayValue::All);
    let found = incidents.query(mine).first().await?;
    println!("{} {:?}, priority {}", found.number, found.state, found.priority.display_value);

    let is_open = found.active && found.closed_at.is_none() && found.opened_at <= Timestamp::now();
    let is_of_user = found.caller_id.is_some_and(|caller| caller.value == user.as_str());
    let is_right = is_open && is_of_user && found.caller.is_some() && found.watch_list == [user];
    if is_right { Ok(()) } else { Err("the types do not have what was stored".into()) }
}
