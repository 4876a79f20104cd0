//! Both clients create, read, list, update and delete records, in memory and over a socket, with and without TLS.

use serde_json::json;
use snow_client::{Client, DisplayValue, Error, ErrorKind, OAuthClient, Table, Transport, field};

async fn everything(incidents: Table) -> Result<(), Error> {
    let made =
        incidents.create(&json!({ "short_description": "näh & so", "impact": "1", "urgency": "1" })).await?;
    let sys_id = made.sys_id()?;
    assert_eq!((made.value("priority")?, made.value("sys_mod_count")?), ("1".into(), "0".into()));

    let got = incidents.get(sys_id).display_value(DisplayValue::All).await?;
    assert_eq!(got.value("short_description")?, "näh & so");
    assert_eq!(got.get("priority").unwrap().display_value()?.as_deref(), Some("1 - Critical"));
    assert_eq!(got.get("opened_by").unwrap().display_value()?.as_deref(), Some("admin"));

    let query = field("short_description").contains("näh &").and(field("sys_id").eq(sys_id));
    let page = incidents.list().query(query).fields(["number"]).limit(5).await?;
    assert_eq!((page.len(), page.total()), (1, Some(1)));
    assert_eq!(page[0].fields().collect::<Vec<_>>(), ["number"]);

    let changed =
        incidents.update(sys_id, &json!({ "state": "2" })).fields(["state", "short_description"]).await?;
    assert_eq!(
        (changed.value("state")?, changed.value("short_description")?),
        ("2".into(), "näh & so".into())
    );

    incidents.delete(sys_id).await?;
    assert_eq!(incidents.get(sys_id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(incidents.delete(sys_id).await.unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}

#[tokio::test]
async fn with_a_password_in_memory() -> Result<(), Error> {
    everything(crate::client(&crate::simulator()).table("incident")).await
}

#[tokio::test]
async fn with_a_token_in_memory() -> Result<(), Error> {
    let client = crate::oauth_client(&crate::simulator());
    client.generate_token("admin", "secret").await?;
    everything(client.table("incident")).await
}

#[tokio::test]
async fn with_a_password_over_a_socket() -> Result<(), Error> {
    let listener = crate::simulator().listen().await.unwrap();
    let client = Client::builder().instance(listener.url()).user("admin").password("secret").build()?;
    everything(client.table("incident")).await
}

#[tokio::test]
async fn with_a_token_over_a_socket_with_tls() -> Result<(), Error> {
    let listener = crate::simulator().listen_tls().await.unwrap();
    let transport = Transport::builder().danger_accept_invalid_certificates(true).build()?;
    let client =
        OAuthClient::builder().instance(listener.url()).client_id("my-id").client_secret("my-secret");
    let client = client.transport(transport).build()?;
    client.generate_token("admin", "secret").await?;
    everything(client.table("incident")).await
}

#[tokio::test]
async fn below_the_path_prefix_of_a_gateway() -> Result<(), Error> {
    let simulator = crate::simulator();
    let behind = simulator.clone();
    let gateway = tower::service_fn(move |request: http::Request<snow_core::Body>| {
        let (mut head, body) = request.into_parts();
        assert_eq!(head.uri.host(), Some("gateway.example.com"));
        let target = head.uri.path_and_query().unwrap().as_str();
        head.uri =
            target.strip_prefix("/snow/prod").expect("every call is below the prefix").parse().unwrap();
        tower::ServiceExt::oneshot(behind.clone(), http::Request::from_parts(head, body))
    });
    let client = OAuthClient::builder().instance("https://gateway.example.com/snow/prod");
    let client = client.client_id("my-id").client_secret("my-secret").transport(gateway).build()?;
    client.generate_token("admin", "secret").await?;
    everything(client.table("incident")).await
}

#[tokio::test]
async fn parameters_belong_to_one_call() -> Result<(), Error> {
    let simulator = crate::simulator();
    let incidents = crate::client(&simulator).table("incident");
    incidents
        .list()
        .query(field("active").eq(true))
        .fields(["number"])
        .limit(1)
        .display_value(DisplayValue::All)
        .await?;
    incidents.create(&json!({ "short_description": "x" })).await?;
    incidents.list().limit(2).await?;
    let queries: Vec<_> = simulator.journal().into_iter().map(|entry| entry.query).collect();
    assert_eq!(queries[1..], ["", "sysparm_limit=2"]);
    Ok(())
}

#[tokio::test]
async fn a_list_that_the_service_cut_to_its_default_is_an_error() -> Result<(), Error> {
    let simulator = crate::simulator();
    let incidents = crate::client(&simulator).table("incident");
    let before = usize::try_from(incidents.list().limit(1).await?.total().unwrap()).unwrap();
    for _ in before..10_000 {
        incidents.create(&json!({})).await?;
    }
    assert_eq!(incidents.list().fields(["number"]).await?.len(), 10_000);
    incidents.create(&json!({})).await?;
    let error = incidents.list().fields(["number"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    assert!(error.to_string().ends_with("set a limit and an order, and read page by page"), "{error}");
    assert_eq!(incidents.list().fields(["number"]).limit(10_000).await?.len(), 10_000);
    Ok(())
}

#[tokio::test]
async fn rows_that_are_hidden_do_not_make_a_short_list_look_whole() -> Result<(), Error> {
    let rule = snow_sim::Rule::HideRows { table: "incident".into(), query: "priority=1".into() };
    let builder =
        snow_sim::Simulator::builder().user_with(snow_sim::User::new("reader", "secret")).rule(rule);
    let simulator = builder.incidents(11_000).build().unwrap();
    let client =
        Client::builder().instance("dev1").user("reader").password("secret").transport(simulator).build()?;
    let error = client.table("incident").list().fields(["number"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    let rest = client.table("incident").list().fields(["number"]).offset(5_000).await?;
    assert!(rest.len() < 6_008 && !rest.is_empty(), "{}", rest.len());
    assert!(client.table("incident").list().fields(["number"]).limit(10_000).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn both_doors_take_a_service_of_the_callers_own() -> Result<(), Error> {
    let simulator = crate::simulator();
    // Under the default stack, without credentials: the service brings its own.
    let bare = Client::builder().instance("dev12345").transport(simulator.clone()).build()?;
    assert_eq!(bare.table("incident").list().limit(1).await.unwrap_err().kind(), ErrorKind::Unauthenticated);

    // As the whole stack: nothing is added to what it gets.
    let auth = snow_auth::BasicAuthLayer::new(bare.instance().origin(), "admin", "secret")?;
    let own = tower::ServiceBuilder::new()
        .map_request(|request: http::Request<snow_core::Body>| {
            assert!(request.headers().is_empty() && request.uri().authority().is_some());
            request
        })
        .layer(auth)
        .service(simulator);
    let client = Client::builder().instance("dev12345").stack(own).build()?;
    assert_eq!(client.table("incident").list().limit(1).await?.len(), 1);
    Ok(())
}
