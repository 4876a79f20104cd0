//! Which APIs respond.

use super::{ApiCheck, with};
use crate::{Client, Error, ErrorKind};

/// Requests the least of each API. The outcomes of the Table API and of the Aggregate API are known already.
pub(super) async fn all(
    client: &Client,
    login: &Result<(), Error>,
    (table, aggregate): (Result<(), Error>, Result<(), Error>),
) -> Vec<ApiCheck> {
    let check = |name, request, outcome| ApiCheck { name, request, outcome };
    vec![
        check("Table API", "GET /api/now/table/sys_user", table),
        check("Aggregate API", "GET /api/now/stats/sys_user", aggregate),
        check("Attachment API", "GET /api/now/attachment", with(login, attachment(client)).await),
        check("Batch API", "POST /api/now/v1/batch with one GET", with(login, batch(client)).await),
        check("Change Management API", "GET /api/sn_chg_rest/change", with(login, change(client)).await),
        check("dictionary", "GET /api/now/table/sys_dictionary", with(login, dictionary(client)).await),
    ]
}

pub(super) async fn aggregate(client: &Client) -> Result<(), Error> {
    client.aggregate("sys_user").count().await.map(drop)
}

async fn attachment(client: &Client) -> Result<(), Error> {
    client.attachments().list().limit(1).await.map(drop)
}

async fn batch(client: &Client) -> Result<(), Error> {
    client.table("sys_user").list().fields(["sys_id"]).limit(1).through_batch().await.map(drop)
}

async fn change(client: &Client) -> Result<(), Error> {
    client.api("/api/sn_chg_rest/change").get().param("sysparm_limit", "1").await.map(drop)
}

/// An instance hides all of the dictionary from users who are not administrators (facts 1.9).
async fn dictionary(client: &Client) -> Result<(), Error> {
    let page = client.table("sys_dictionary").list().fields(["name"]).limit(1).await?;
    match page.is_empty() {
        false => Ok(()),
        true => Err(Error::new(
            ErrorKind::NoResults,
            "this user may read no record of the dictionary, so schema() and validate_fields(true) cannot work",
        )),
    }
}
