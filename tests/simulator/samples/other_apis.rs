//! Samples of all APIs except the Table API.

use super::{sample, shape};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

/// Metadata of files, from each call that answers with it; newer releases say more.
#[tokio::test]
pub(crate) async fn attachments() {
    let (Some(list), Some(one), Some(file), Some(form), Some(notes)) = (
        sample("attachment_list.json"),
        sample("attachment_one.json"),
        sample("attachment_post_file.json"),
        sample("attachment_post_upload.json"),
        sample("attachment_attributes.json"),
    ) else {
        return;
    };
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let simulator = crate::builder().build().unwrap();
    let incident = crate::create(&simulator, "{}").await;
    let target = format!("table_name=incident&table_sys_id={incident}&file_name=Issue_screenshot");
    let request = Request::post(format!("/api/now/attachment/file?{target}"))
        .header("authorization", crate::ADMIN)
        .header("content-type", "image/jpeg");
    let by_file = crate::send(&simulator, request, "pixels").await.result();
    let id = by_file["sys_id"].as_str().unwrap().to_owned();
    let request = Request::post("/api/now/attachment/upload")
        .header("authorization", crate::ADMIN)
        .header("content-type", "multipart/form-data; boundary=x");
    let body = format!(
        "--x\r\ncontent-disposition: form-data; name=table_name\r\n\r\nincident\r\n--x\r\ncontent-disposition: form-data; name=table_sys_id\r\n\r\n{incident}\r\n--x\r\ncontent-disposition: form-data; name=uploadFile; filename=banner.jpeg\r\ncontent-type: image/jpeg\r\n\r\npixels\r\n--x--\r\n"
    );
    let by_form = crate::send(&simulator, request, &body).await.result();
    let listed = crate::get(&simulator, "/api/now/attachment?sysparm_limit=1").await.rows().remove(0);
    let got = crate::get(&simulator, &format!("/api/now/attachment/{id}")).await.result();
    let newer = ["chunk_size_bytes", "created_by_name", "hash", "state", "updated_by_name"];
    for (ours, official) in [
        (by_file, parse(&file)["result"].clone()),
        (by_form, parse(&form)["result"].clone()),
        (listed, parse(&list)["result"][0].clone()),
        (got, parse(&one)["result"].clone()),
    ] {
        let (ours, official) = (shape(&ours), shape(&official));
        assert!(official.iter().all(|(name, kind)| ours.get(name) == Some(kind)), "{ours:?}");
        let more: Vec<_> = ours.keys().filter(|name| !official.contains_key(*name)).collect();
        assert_eq!(more, newer);
    }
    for note in parse(&notes)["result"].as_array().unwrap() {
        let path = format!("/api/now/attachment/{id}/attributes");
        let made = crate::call(&simulator, "POST", &path, &note.to_string()).await;
        assert_eq!((made.status.as_u16(), &made.result()), (201, note));
    }
    let all = crate::get(&simulator, &format!("/api/now/attachment/{id}/attributes")).await.json();
    let (mut all, mut official) = (all["result"].clone(), parse(&notes)["result"].clone());
    for list in [&mut all, &mut official] {
        list.as_array_mut().unwrap().sort_by_key(|note| note["key"].to_string());
    }
    assert_eq!(all, official);
}

/// The official request for averages in groups: the same keys, and figures with four decimals.
#[tokio::test]
pub(crate) async fn aggregates() {
    let Some(official) = sample("stats_grouped_avg.json") else { return };
    let official: Value = serde_json::from_str(&official).unwrap();
    let simulator = crate::builder().build().unwrap();
    crate::call(
        &simulator,
        "POST",
        "/api/now/table/incident",
        r#"{"business_stc":"7","assignment_group":""}"#,
    )
    .await;
    let path = "/api/now/stats/incident?sysparm_avg_fields=reassignment_count,business_stc&sysparm_group_by=assignment_group";
    let groups = crate::get(&simulator, path).await.rows();
    assert_eq!(
        groups[0]["groupby_fields"], official["result"][0]["groupby_fields"],
        "the empty group comes first"
    );
    assert!(groups.len() > 1);
    for (group, official) in groups.iter().zip(official["result"].as_array().unwrap()) {
        assert_eq!(shape(group), shape(official));
        assert_eq!(shape(&group["stats"]), shape(&official["stats"]));
        assert_eq!(shape(&group["groupby_fields"][0]), shape(&official["groupby_fields"][0]));
        for figures in [&group["stats"]["avg"], &official["stats"]["avg"]] {
            let figures = figures.as_object().unwrap().values().map(|figure| figure.as_str().unwrap());
            assert!(
                figures.filter(|figure| !figure.is_empty()).all(|figure| figure
                    .rsplit('.')
                    .next()
                    .unwrap()
                    .len()
                    == 4)
            );
        }
    }
}

/// The official request, as it is written in the documentation, and its answer.
#[tokio::test]
pub(crate) async fn a_batch() {
    let (Some(curl), Some(official)) = (sample("batch_request_curl.txt"), sample("batch_response.json"))
    else {
        return;
    };
    let official: Value = serde_json::from_str(&official).unwrap();
    let request = curl.split_once("--data \"").unwrap().1.rsplit_once('"').unwrap().0.replace("\\\"", "\"");
    // The documentation breaks lines inside of a text.
    let request: String = request.lines().map(str::trim).collect();
    let inherited = |_: Request<Bytes>| {
        let xml =
            r#"<?xml version="1.0" encoding="UTF-8"?><response><result><user_name/></result></response>"#;
        Response::builder()
            .header("content-type", "application/xml;charset=UTF-8")
            .body(Bytes::from(xml))
            .unwrap()
    };
    let simulator = crate::builder().scripted("global", inherited).build().unwrap();
    let post = Request::post("/api/now/v1/batch")
        .header("authorization", crate::ADMIN)
        .header("accept", "application/json")
        .header("content-type", "application/json");
    let got = crate::send(&simulator, post, &request).await;
    assert_eq!(got.status, 200, "{}", got.text);
    let got = got.json();
    assert_eq!(shape(&got), shape(&official));
    let items = |batch: &Value| batch["serviced_requests"].as_array().unwrap().clone();
    for (ours, official) in items(&got).into_iter().zip(items(&official)) {
        assert_eq!(shape(&ours), shape(&official));
        for same in ["id", "status_code", "status_text", "headers"] {
            assert_eq!(ours[same], official[same], "{same}");
        }
        assert!(ours["execution_time"].is_u64() && official["execution_time"].is_u64());
    }
    assert_eq!(items(&got)[0]["body"], items(&official)[0]["body"]);
    assert_eq!(got["unserviced_requests"], official["unserviced_requests"]);
}

/// The official row, with its single quotes, and what comes of it.
#[tokio::test]
pub(crate) async fn imports() {
    let (Some(post), Some(get), Some(multiple)) = (
        sample("import_set_post.json"),
        sample("import_set_get.json"),
        sample("import_set_insert_multiple.json"),
    ) else {
        return;
    };
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let simulator = crate::builder().build().unwrap();
    let row = "{'first_name':'John','last_name':'Public','user_id':'john.public','email':'john.public@company.com'}";
    let made = crate::call(&simulator, "POST", "/api/now/import/imp_user", row).await;
    assert_eq!(made.status, 201);
    let id = crate::get(&simulator, "/api/now/table/imp_user").await.column("sys_id").remove(0);
    let got = crate::get(&simulator, &format!("/api/now/import/imp_user/{id}")).await;
    for (ours, official) in [(made.json(), parse(&post)), (got.json(), parse(&get))] {
        assert_eq!(shape(&ours), shape(&official));
        let (ours, official) = (&ours["result"][0], &official["result"][0]);
        assert_eq!(shape(ours), shape(official));
        for same in ["transform_map", "table", "display_name", "display_value", "status"] {
            assert_eq!(ours[same], official[same], "{same}");
        }
        let link = format!("/api/now/table/sys_user/{}", ours["sys_id"].as_str().unwrap());
        assert!(ours["record_link"].as_str().unwrap().ends_with(&link));
    }
    let path = "/api/now/import/imp_user/insertMultiple";
    let many = crate::call(&simulator, "POST", path, r#"{"records":[{"User ID":"a"}]}"#).await;
    assert_eq!((many.status.as_u16(), shape(&many.json())), (201, shape(&parse(&multiple))));
}

/// Comments and all, as the documentation shows it.
#[tokio::test]
pub(crate) async fn next_states_of_a_change() {
    let Some(official) = sample("change_nextstates.jsonc") else { return };
    let plain: String = official.lines().map(|line| line.split(" // ").next().unwrap()).collect();
    let official: Value = serde_json::from_str(&plain).unwrap();
    let simulator =
        crate::builder().row("change_request", [("sys_id", "c1"), ("state", "-1")]).build().unwrap();
    let ours = crate::get(&simulator, "/api/sn_chg_rest/change/c1/nextstates").await.json();
    assert_eq!(shape(&ours["result"]), shape(&official["result"]));
    assert_eq!(ours["result"]["available_states"], official["result"]["available_states"]);
    assert_eq!(ours["result"]["state_label"], official["result"]["state_label"]);
    let one = |answer: &Value| shape(&answer["result"]["state_transitions"][1][0]);
    assert_eq!(one(&ours), one(&official));
}
