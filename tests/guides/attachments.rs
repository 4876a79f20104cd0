//! What surrounds the examples of docs/attachments.md: see tests/guide_blocks.rs.

//- record
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    let listener = simulator.listen().await?;
    let client = snow_client::Client::builder().instance(listener.url()).user("admin").password("secret").build()?;
    let incident = client.table("incident").list().limit(1).await?[0].sys_id()?;

//- under Files of records
//+ record
    let folder = std::env::temp_dir().join(format!("snow-docs-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("report.pdf"), "%PDF-1.7")?;
//- block
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

//- under Uploads
//+ record
    let socket = std::io::Cursor::new("made while it is sent");
//- block
    Ok(())
}

//- under Downloads
//+ record
    let id = client.attachments().upload("incident", incident, "a.txt", "content").await?.sys_id;
//- block
    Ok(())
}
