//! Files are uploaded, listed and downloaded as on an instance (facts 5).

use crate::{ADMIN, Got, builder, call, create, get};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use snow_sim::Simulator;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use tower::ServiceExt;

/// Every byte there is, several times.
fn pixels() -> Vec<u8> {
    (0..=255_u8).cycle().take(5_000).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn exchange(
    simulator: &Simulator,
    request: http::request::Builder,
    body: Vec<u8>,
) -> (StatusCode, HeaderMap, Bytes) {
    let request = request.header("host", "dev1.service-now.com").body(Full::<Bytes>::from(body)).unwrap();
    let (head, body) = simulator.clone().oneshot(request).await.unwrap().into_parts();
    (head.status, head.headers, body.collect().await.unwrap().to_bytes())
}

/// Uploads a file as it is.
pub(crate) async fn upload(simulator: &Simulator, query: &str, kind: &str, bytes: &[u8]) -> Got {
    let request = Request::post(format!("/api/now/attachment/file?{query}"))
        .header("authorization", ADMIN)
        .header("content-type", kind);
    let (status, headers, body) = exchange(simulator, request, bytes.to_vec()).await;
    Got { status, headers, text: String::from_utf8(body.to_vec()).unwrap() }
}

pub(crate) async fn download(simulator: &Simulator, id: &str) -> (StatusCode, HeaderMap, Bytes) {
    let request = Request::get(format!("/api/now/attachment/{id}/file")).header("authorization", ADMIN);
    exchange(simulator, request, Vec::new()).await
}

/// A text on a new incident; gives the ids of both.
pub(crate) async fn with_file(simulator: &Simulator, name: &str) -> (String, String) {
    let incident = create(simulator, "{}").await;
    let made = upload(
        simulator,
        &format!("table_name=incident&table_sys_id={incident}&file_name={name}"),
        "text/plain",
        b"hello",
    )
    .await;
    (incident, made.result()["sys_id"].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
pub(crate) async fn uploads_come_back_byte_for_byte() {
    let simulator = builder().build().unwrap();
    let incident = create(&simulator, "{}").await;
    let query = format!("table_name=incident&table_sys_id={incident}&file_name=screen%20shot.png");
    let made = upload(&simulator, &query, "image/png", &pixels()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let record = made.result();
    let id = record["sys_id"].as_str().unwrap();
    assert!(record.as_object().unwrap().values().all(Value::is_string), "everything is text: {record}");
    let link = format!("https://dev1.service-now.com/api/now/attachment/{id}/file");
    for (field, value) in [
        ("table_name", "incident"),
        ("table_sys_id", &incident),
        ("file_name", "screen shot.png"),
        ("content_type", "image/png"),
        ("size_bytes", "5000"),
        ("hash", &sha256(&pixels())),
        ("state", "available"),
        ("chunk_size_bytes", "700000"),
        ("compressed", "true"),
        ("sys_created_by", "admin"),
        ("sys_mod_count", "0"),
        ("download_link", &link),
    ] {
        assert_eq!(record[field], value, "{field}");
    }
    assert!(record["size_compressed"].as_str().unwrap().parse::<u32>().unwrap() < 5_000);
    assert_eq!(made.header("location"), link);
    let (status, headers, bytes) = download(&simulator, id).await;
    assert_eq!(
        (status.as_u16(), headers["content-type"].to_str().unwrap(), &bytes[..]),
        (200, "image/png", &pixels()[..])
    );
    let empty = upload(&simulator, &query, "image/png", b"").await;
    assert_eq!((empty.status.as_u16(), &empty.result()["size_bytes"]), (201, &json!("0")));
    let dated =
        upload(&simulator, &format!("{query}&creation_time=2020-01-02%2003:04:05"), "image/png", b"x").await;
    assert_eq!(dated.result()["sys_created_on"], "2020-01-02 03:04:05");
    let old = builder().settings(|settings| settings.release = snow_sim::Release::Y2021).build().unwrap();
    let (_, id) = with_file(&old, "a.txt").await;
    let older = get(&old, &format!("/api/now/attachment/{id}")).await.result();
    assert!(older.get("created_by_name").is_none() && record.get("created_by_name").is_some());
}

#[tokio::test]
pub(crate) async fn a_form_has_its_file_last() {
    let simulator = builder().build().unwrap();
    let incident = create(&simulator, "{}").await;
    let part = |head: &str, content: &[u8]| {
        let mut part = format!("--b0und\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes();
        part.extend_from_slice(content);
        part.extend_from_slice(b"\r\n");
        part
    };
    let table = part("name=\"table_name\"", b"incident");
    let record = part("name=\"table_sys_id\"", incident.as_bytes());
    let file = part("name=\"uploadFile\"; filename=\"a;b.png\"\r\nContent-Type: image/png", &pixels());
    let end = b"--b0und--\r\n".to_vec();
    let post = async |parts: &[&Vec<u8>], kind: &str| {
        let request = Request::post("/api/now/v1/attachment/upload")
            .header("authorization", ADMIN)
            .header("content-type", kind);
        let body = parts.iter().flat_map(|part| part.iter().copied()).collect();
        let (status, headers, body) = exchange(&simulator, request, body).await;
        Got { status, headers, text: String::from_utf8(body.to_vec()).unwrap() }
    };
    let kind = "multipart/form-data; boundary=b0und";
    let made = post(&[&table, &record, &file, &end], kind).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.result();
    assert_eq!((&made["file_name"], &made["content_type"]), (&json!("a;b.png"), &json!("image/png")));
    let id = made["sys_id"].as_str().unwrap();
    assert_eq!(
        made["download_link"],
        format!("https://dev1.service-now.com/api/now/v1/attachment/{id}/file")
    );
    assert_eq!(download(&simulator, id).await.2, pixels());

    let early = post(&[&table, &file, &record, &end], kind).await;
    assert_eq!(early.status, 400, "what comes behind the file is not read");
    assert!(early.error().2.as_str().unwrap().contains("table_sys_id"));
    for parts in [&[&table, &record, &end][..], &[&table, &record, &file[..90].to_vec()], &[]] {
        assert_eq!(post(parts, kind).await.status, 400, "no file, or none that ends");
    }
    let typeless = part("name=\"uploadFile\"; filename=\"a.png\"", b"x");
    assert_eq!(post(&[&table, &record, &typeless, &end], kind).await.status, 400, "its type is mandatory");
    for kind in ["multipart/form-data", "image/png"] {
        assert_eq!(post(&[&table, &record, &file, &end], kind).await.status, 415);
    }
}

#[tokio::test]
pub(crate) async fn lists_have_a_limit_of_their_own() {
    let simulator = builder().build().unwrap();
    let incident = create(&simulator, "{}").await;
    for number in 0..1_003 {
        simulator.attach("incident", &incident, &format!("{number:04}.txt"), "text/plain", "x").unwrap();
    }
    let all = get(&simulator, "/api/now/attachment").await;
    assert_eq!((all.rows().len(), all.header("x-total-count")), (1_000, "1003"));
    let page = "/api/now/attachment?sysparm_query=table_sys_id=ID^file_name>=1000^ORDERBYfile_name&sysparm_limit=2&sysparm_offset=1"
        .replace("ID", &incident);
    let page = get(&simulator, &page).await;
    assert_eq!(
        (page.column("file_name"), page.header("x-total-count")),
        (vec!["1001.txt".into(), "1002.txt".into()], "3")
    );
    assert!(page.header("link").contains("rel=\"first\""));
    let none = get(&simulator, "/api/now/attachment?sysparm_query=file_name=none").await;
    assert_eq!((none.status.as_u16(), none.rows().len()), (200, 0));
    let rows = get(&simulator, "/api/now/table/sys_attachment?sysparm_limit=1").await.rows();
    assert_eq!(rows[0]["table_sys_id"], incident, "records of a table, and no reference in them");
}

#[tokio::test]
pub(crate) async fn a_download_tells_of_its_file() {
    let simulator = builder().build().unwrap();
    let (incident, id) = with_file(&simulator, "x.txt").await;
    let (_, headers, _) = download(&simulator, &id).await;
    assert_eq!(headers["content-disposition"], "attachment;filename=\"x.txt\";filename*=UTF-8''x.txt");
    let metadata = headers["x-attachment-metadata"].to_str().unwrap();
    assert!(
        metadata.starts_with("{  \"") && metadata.contains("\"file_name\" : \"x.txt\",  \""),
        "{metadata}"
    );
    let metadata: Value = serde_json::from_str(metadata).unwrap();
    assert_eq!(
        (&metadata["hash"], &metadata["chunk_size_bytes"]),
        (&json!(sha256(b"hello")), &json!("700000"))
    );
    assert!(metadata.get("download_link").is_none());
    let named = simulator.attach("incident", &incident, "Müller \"1\" 🎉.txt", "text/plain", "x").unwrap();
    let (_, headers, _) = download(&simulator, &named).await;
    let disposition = headers["content-disposition"].to_str().unwrap();
    assert!(disposition.contains("filename=\"M_ller _1_ _.txt\""), "{disposition}");
    assert!(
        disposition.ends_with("filename*=UTF-8''M%C3%BCller%20%221%22%20%F0%9F%8E%89.txt"),
        "{disposition}"
    );
    let metadata: Value = serde_json::from_str(headers["x-attachment-metadata"].to_str().unwrap()).unwrap();
    assert_eq!(metadata["file_name"], "Müller \"1\" 🎉.txt");

    let path = format!("/api/now/attachment/{id}/file");
    for (accept, status) in [
        ("*/*", 200),
        ("text/*", 200),
        ("image/png, text/plain;q=0.5", 200),
        ("image/*", 200),
        ("application/json", 200),
    ] {
        let request = Request::get(&path).header("authorization", ADMIN).header("accept", accept);
        assert_eq!(exchange(&simulator, request, Vec::new()).await.0, status, "{accept}");
    }
    let head = call(&simulator, "HEAD", &path, "").await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert!(head.headers.contains_key("x-attachment-metadata"));
    let request = Request::get(&path).header("authorization", ADMIN).header("accept-encoding", "gzip");
    let (_, headers, packed) = exchange(&simulator, request, Vec::new()).await;
    assert_eq!((headers["content-encoding"].to_str().unwrap(), &packed[..2]), ("gzip", &[0x1f, 0x8b][..]));
}

#[tokio::test]
pub(crate) async fn renamed_and_deleted() {
    let simulator = builder().build().unwrap();
    let (incident, id) = with_file(&simulator, "x.txt").await;
    let path = format!("/api/now/attachment/{id}");
    let renamed = call(&simulator, "PATCH", &path, r#"{"file_name":"y.txt"}"#).await;
    assert_eq!((renamed.status.as_u16(), renamed.text.as_str()), (204, ""));
    let record = get(&simulator, &path).await.result();
    assert_eq!((&record["file_name"], &record["sys_mod_count"]), (&json!("y.txt"), &json!("1")));
    for body in ["{}", r#"{"file_name":""}"#, "none"] {
        assert_eq!(call(&simulator, "PATCH", &path, body).await.status, 400, "{body}");
    }
    let deleted = call(&simulator, "DELETE", &path, "").await;
    assert_eq!((deleted.status.as_u16(), deleted.text.as_str()), (204, ""));
    for (method, path) in [("GET", path.clone()), ("GET", format!("{path}/file")), ("DELETE", path.clone())] {
        assert_eq!(call(&simulator, method, &path, "").await.error().1, "No Record found", "{method} {path}");
    }
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"file_name":"z"}"#).await.status, 404);

    let file = simulator.attach("incident", &incident, "x.txt", "text/plain", "x").unwrap();
    let image = simulator.attach("incident", &incident, "y.txt", "text/plain", "x").unwrap();
    let notes = format!("/api/now/attachment/{file}/attributes");
    call(&simulator, "POST", &notes, r#"{"key":"a","value":"1"}"#).await;
    call(&simulator, "DELETE", &format!("/api/now/table/incident/{incident}"), "").await;
    for id in [file, image] {
        assert_eq!(
            get(&simulator, &format!("/api/now/attachment/{id}")).await.status,
            404,
            "they go with their record"
        );
    }
    let left = get(&simulator, "/api/now/table/sys_attachment_attribute").await;
    assert_eq!(left.rows().len(), 0, "and so do the notes on them");
}

#[tokio::test]
pub(crate) async fn notes_on_a_file() {
    let simulator = builder().build().unwrap();
    let (_, id) = with_file(&simulator, "x.txt").await;
    let path = format!("/api/now/attachment/{id}/attributes");
    let one = format!("{path}/alt text");
    let made = call(&simulator, "POST", &path, r#"{"key":"alt text","value":"a cat"}"#).await;
    assert_eq!((made.status.as_u16(), made.result()), (201, json!({ "key": "alt text", "value": "a cat" })));
    assert_eq!(call(&simulator, "POST", &path, r#"{"key":"alt text","value":"x"}"#).await.status, 400);
    for body in ["{}", r#"{"key":"a"}"#, r#"{"value":"a"}"#, r#"{"key":"","value":"a"}"#] {
        assert_eq!(call(&simulator, "POST", &path, body).await.status, 400, "{body}");
    }
    let changed = call(&simulator, "PUT", &one, r#"{"value":"a dog"}"#).await;
    assert_eq!(
        (changed.status.as_u16(), changed.result()),
        (200, json!({ "key": "alt text", "value": "a dog" }))
    );
    assert_eq!(get(&simulator, &one).await.result(), changed.result());
    assert_eq!(call(&simulator, "PUT", &format!("{path}/none"), r#"{"value":"x"}"#).await.status, 404);
    assert_eq!(get(&simulator, &format!("{path}/none")).await.status, 404);
    assert_eq!(call(&simulator, "PATCH", &one, "{}").await.status, 405);
    call(&simulator, "POST", &path, r#"{"key":"b","value":"2"}"#).await;
    assert_eq!(get(&simulator, &path).await.rows().len(), 2);
    assert_eq!(call(&simulator, "DELETE", &one, "").await.status, 204);
    assert_eq!(call(&simulator, "DELETE", &one, "").await.status, 404);
    assert_eq!(call(&simulator, "DELETE", &path, "").await.status, 204);
    assert_eq!(get(&simulator, &path).await.rows().len(), 0);
    let none = "/api/now/attachment/00000000000000000000000000000000/attributes";
    assert_eq!(
        (
            get(&simulator, none).await.status.as_u16(),
            call(&simulator, "DELETE", none, "").await.status.as_u16()
        ),
        (404, 404)
    );
}

#[tokio::test]
async fn a_generated_file_takes_no_memory_and_has_its_hash() {
    let simulator = builder().settings(|settings| settings.chunk = 1_000).build().unwrap();
    let incident = create(&simulator, "{}").await;
    let id = simulator.attach_generated("incident", &incident, "big.bin", 300_001).unwrap();
    assert_eq!(simulator.attach_generated("incident", "none", "big.bin", 1), None);
    let (status, headers, bytes) = download(&simulator, &id).await;
    assert_eq!((status.as_u16(), bytes.len()), (200, 300_001));
    let metadata: Value = serde_json::from_str(headers["x-attachment-metadata"].to_str().unwrap()).unwrap();
    assert_eq!((&metadata["hash"], &metadata["size_bytes"]), (&json!(sha256(&bytes)), &json!("300001")));
    assert_eq!(simulator.journal().last().unwrap().sent, 300_001);
    simulator.break_next(snow_sim::WireFault::CutAt(150_500));
    let request = Request::get(format!("/api/now/attachment/{id}/file")).header("authorization", ADMIN);
    let request = request.body(Full::<Bytes>::default()).unwrap();
    let mut body = simulator.clone().oneshot(request).await.unwrap().into_body();
    let (mut read, mut broke) = (0, false);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => read += frame.into_data().unwrap().len(),
            Err(_) => broke = true,
        }
    }
    assert_eq!((read, broke), (150_500, true));
}

/// Sends bytes over a socket of its own; gives all that comes back. HTTP/1.0, so that the end is the connection's.
async fn over_a_socket(address: SocketAddr, head: String, body: Vec<u8>, close: bool) -> Vec<u8> {
    let exchange = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(format!("{head}\r\nhost: x\r\nauthorization: {ADMIN}\r\n\r\n").as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        if close {
            stream.shutdown(std::net::Shutdown::Write).unwrap();
        }
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        all
    });
    exchange.await.unwrap()
}

#[tokio::test]
async fn files_of_any_size_on_a_socket_and_uploads_that_break_off() {
    let simulator = builder().settings(|settings| settings.attachments_kept = false).build().unwrap();
    let incident = create(&simulator, "{}").await;
    let id = simulator.attach_generated("incident", &incident, "big.bin", 3_000_000).unwrap();
    let hash = get(&simulator, &format!("/api/now/attachment/{id}")).await.result()["hash"].clone();
    let listener = simulator.listen().await.unwrap();
    let answer = over_a_socket(
        listener.address(),
        format!("GET /api/now/attachment/{id}/file HTTP/1.0"),
        Vec::new(),
        false,
    )
    .await;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    assert_eq!((answer.len() - end, json!(sha256(&answer[end..]))), (3_000_000, hash.clone()));

    let file = answer[end..].to_vec();
    let post = |length: usize| {
        format!(
            "POST /api/now/attachment/file?table_name=incident&table_sys_id={incident}&file_name=up.bin HTTP/1.0\r\ncontent-type: x/y\r\ncontent-length: {length}"
        )
    };
    let answer = over_a_socket(listener.address(), post(file.len()), file.clone(), false).await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 201") && answer.contains(hash.as_str().unwrap()), "{answer}");

    let answer = over_a_socket(listener.address(), post(file.len()), file[..1_000_000].to_vec(), true).await;
    assert_eq!(String::from_utf8_lossy(&answer), "", "no request, no answer");
    let names =
        get(&simulator, "/api/now/attachment?sysparm_query=ORDERBYfile_name").await.column("file_name");
    assert_eq!(names, ["big.bin", "up.bin"], "and no file");
}
