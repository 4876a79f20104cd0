//! The main job, on a simulated instance: `cargo run -p snow-client --example quickstart`.
//!
//! With `SNOW_INSTANCE`, `SNOW_USER` and `SNOW_PASSWORD` (and `SNOW_CLIENT_ID` and `SNOW_CLIENT_SECRET` for OAuth) it runs on
//! a real instance, and reads only unless `SNOW_WRITE=1`.

#![allow(clippy::disallowed_methods, reason = "a program waits with tokio")]

use serde_json::json;
use snow_client::{Client, Error, OAuthClient, SysId, Transport, field, oauth::Token};
use snow_sim::{Listener, Simulator};
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tower::ServiceBuilder;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let place = Place::choose().await?;
    println!(
        "The instance is {}{}.\n",
        place.instance,
        if place.is_simulated() { ", simulated" } else { "" }
    );

    println!("(a) A client with user and password");
    let client =
        Client::builder().instance(&place.instance).user(&place.user).password(&*place.password).build()?;
    read(&client).await?;
    if place.may_write {
        write(&client).await?;
    }

    println!("\n(b) A client with a token that is refreshed and saved");
    match &place.oauth {
        Some((id, secret)) => tokens(&place, id, secret).await?,
        None => println!("    left out: set SNOW_CLIENT_ID and SNOW_CLIENT_SECRET"),
    }

    println!("\n(c) A client over a transport of your own");
    own_transport(&place).await
}

async fn read(client: &Client) -> Result<()> {
    let page =
        client.table("incident").list().query(field("active").eq(true).order_by("number")).limit(3).await?;
    println!("    read     {} of {} active incidents", page.len(), page.total().unwrap_or_default());
    for incident in &page {
        println!("             {}  {}", incident.value("number")?, incident.value("short_description")?);
    }
    Ok(())
}

async fn write(client: &Client) -> std::result::Result<(), Error> {
    let incidents = client.table("incident");
    let made = incidents
        .create(&json!({ "short_description": "No wifi on floor 3", "impact": "1", "urgency": "2" }))
        .await?;
    let sys_id = made.sys_id()?;
    println!("    created  {} with priority {}", made.value("number")?, made.value("priority")?);

    let got = incidents.get(sys_id).fields(["number", "opened_by.name"]).await?;
    println!("    read     {} opened by {}", got.value("number")?, got.value("opened_by.name")?);

    let listed = incidents.list().query(field("sys_id").eq(sys_id)).limit(1).await?;
    println!("    listed   {} incident by its sys_id", listed.len());

    let changed = incidents.update(sys_id, &json!({ "state": "2" })).await?;
    println!(
        "    updated  state to {}, change number {}",
        changed.value("state")?,
        changed.value("sys_mod_count")?
    );

    incidents.delete(sys_id).await?;
    gone(client, sys_id).await
}

async fn gone(client: &Client, sys_id: SysId) -> std::result::Result<(), Error> {
    match client.table("incident").get(sys_id).await {
        Ok(_) => println!("    deleted  but it is still there"),
        Err(error) => println!("    deleted  and a read says: {error}"),
    }
    Ok(())
}

async fn tokens(place: &Place, id: &str, secret: &str) -> Result<()> {
    let file = TokenFile::new()?;
    let path = file.path().to_owned();
    let client = OAuthClient::builder()
        .instance(&place.instance)
        .client_id(id)
        .client_secret(secret)
        .token_updater(move |token: Token| save(path.clone(), token))
        .build()?;

    let first = client.generate_token(&place.user, &*place.password).await?;
    let life = first.expires_in().unwrap_or_default();
    println!("    token    obtained, lives {life:?}, saved to {}", file.path().display());

    let Some(simulator) = &place.simulator else {
        println!("    read     {} incident", client.table("incident").list().limit(1).await?.len());
        return Ok(());
    };
    println!("    wait     until it has expired");
    tokio::time::sleep(life + Duration::from_millis(100)).await;
    let page = client.table("incident").list().limit(1).await?;
    println!("    read     {} incident with the old token expired", page.len());

    let saved: Token = serde_json::from_slice(&tokio::fs::read(file.path()).await?)?;
    println!("    refresh  {} time", simulator.token_requests() - 1);
    println!("    file     has the new token: {}", client.token() == Some(saved.clone()) && saved != first);
    Ok(())
}

/// Called with every new token, and done before any call goes out with it.
async fn save(path: PathBuf, token: Token) -> Result<()> {
    Ok(tokio::fs::write(path, serde_json::to_vec_pretty(&token)?).await?)
}

async fn own_transport(place: &Place) -> Result<()> {
    let mut instance = place.instance.clone();
    // On a socket with a certificate that nobody has signed, as a test system might have.
    let mut listener = None;
    if let Some(simulator) = &place.simulator {
        let secure = simulator.listen_tls().await?;
        instance = secure.url();
        if let Err(error) = checked(place, &instance).await {
            println!("    checked  {error}");
        }
        listener = Some(secure);
    }
    let builder = Transport::builder().danger_accept_invalid_certificates(listener.is_some());
    let transport = ServiceBuilder::new()
        .map_request(|request: http::Request<_>| {
            println!("    layer    saw {} {}", request.method(), request.uri().path());
            request
        })
        .service(builder.build()?);
    let client = Client::builder()
        .instance(&instance)
        .user(&place.user)
        .password(&*place.password)
        .transport(transport)
        .build()?;
    println!("    read     {} incidents over it", client.table("incident").list().limit(2).await?.len());
    Ok(())
}

/// What a client that checks certificates says.
async fn checked(place: &Place, instance: &str) -> std::result::Result<(), Error> {
    let client = Client::builder().instance(instance).user(&place.user).password(&*place.password).build()?;
    client.table("incident").list().limit(1).await.map(drop)
}

/// Where to run: a simulated instance, or the one that the environment names.
struct Place {
    instance: String,
    user: String,
    password: String,
    oauth: Option<(String, String)>,
    may_write: bool,
    simulator: Option<Simulator>,
    _listener: Option<Listener>,
}

impl Place {
    async fn choose() -> Result<Self> {
        match env::var("SNOW_INSTANCE") {
            Ok(instance) => Self::real(instance),
            Err(_) => Self::simulated().await,
        }
    }

    fn real(instance: String) -> Result<Self> {
        let needed =
            |name: &str| env::var(name).map_err(|_| format!("SNOW_INSTANCE is set, and {name} is not"));
        Ok(Self {
            instance,
            user: needed("SNOW_USER")?,
            password: needed("SNOW_PASSWORD")?,
            oauth: env::var("SNOW_CLIENT_ID").ok().zip(env::var("SNOW_CLIENT_SECRET").ok()),
            may_write: env::var("SNOW_WRITE").is_ok_and(|word| word == "1"),
            simulator: None,
            _listener: None,
        })
    }

    async fn simulated() -> Result<Self> {
        let simulator = Simulator::builder()
            .user("admin", "secret")
            .oauth_client("quickstart", "client-secret")
            .access_token_lifetime(Duration::from_secs(2))
            .build()?;
        let listener = simulator.listen().await?;
        Ok(Self {
            instance: listener.url(),
            user: "admin".into(),
            password: "secret".into(),
            oauth: Some(("quickstart".into(), "client-secret".into())),
            may_write: true,
            simulator: Some(simulator),
            _listener: Some(listener),
        })
    }

    fn is_simulated(&self) -> bool {
        self.simulator.is_some()
    }
}

/// A file in a folder of its own, which nobody else may read, and which goes when the example ends.
struct TokenFile {
    folder: PathBuf,
    file: PathBuf,
}

impl TokenFile {
    fn new() -> Result<Self> {
        let folder = env::temp_dir().join(format!("snow-quickstart-{}", std::process::id()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700); // a token is as good as a password
        builder.create(&folder)?;
        Ok(Self { file: folder.join("token.json"), folder })
    }

    fn path(&self) -> &Path {
        &self.file
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
