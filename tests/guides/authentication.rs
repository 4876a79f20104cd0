//! What surrounds the examples of docs/authentication.md: see tests/guide_blocks.rs.

//- every block
fn example() -> Result<(), snow_client::Error> {
//- block
    Ok(())
}

//- under OAuth
//- under A person with a browser (2)
async fn example() -> Result<(), snow_client::Error> {
//- block
    Ok(())
}

//- under Signed assertions
fn example(pem: &str) -> Result<(), snow_client::Error> {
//- block
    Ok(())
}

//- under A store of your own
//- under A store that machines share
//- block

//- under A person with a browser (1)
async fn example(client: snow_client::OAuthClient, returned_to: &str) -> Result<(), snow_client::Error> {
//- block
    Ok(())
}
