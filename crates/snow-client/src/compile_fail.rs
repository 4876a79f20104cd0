//! Calls that must not compile. Each is next to a twin that differs only by the forbidden method, and compiles.

/// Documents two programs: `$call` followed by `$rest`, which compiles, and the same with `$forbidden` in between, which does not.
macro_rules! forbidden {
    ($name:ident: $call:literal, $forbidden:literal, $rest:literal) => {
        #[doc = concat!(
            "```no_run\n# async fn f(client: snow_client::Client, id: snow_client::SysId) -> snow_client::Result<()> {\n",
            "let _ = ", $call, $rest, ";\n# Ok(()) }\n```\n",
            "```compile_fail\n# async fn f(client: snow_client::Client, id: snow_client::SysId) -> snow_client::Result<()> {\n",
            "let _ = ", $call, $forbidden, $rest, ";\n# Ok(()) }\n```"
        )]
        struct $name;
    };
}

/// `wait()` is for futures that can fail as calls do, and has to be brought into scope.
///
/// ```
/// use snow_client::blocking::Wait;
/// async { Ok::<_, snow_client::Error>(()) }.wait().unwrap();
/// ```
/// ```compile_fail
/// use snow_client::blocking::Wait;
/// async { Ok::<_, std::io::Error>(()) }.wait().unwrap();
/// ```
/// ```compile_fail
/// use snow_client::blocking::Wait;
/// std::future::ready(1).wait().unwrap();
/// ```
/// ```compile_fail
/// async { Ok::<_, snow_client::Error>(()) }.wait().unwrap();
/// ```
#[cfg(feature = "blocking")]
struct Waits;

forbidden!(FieldsOfADeletion: r#"client.table("t").delete(id)"#, r#".fields(["number"])"#, ".await?");
forbidden!(VerifiedRead: r#"client.table("t").get(id)"#, ".verified()", ".await?");
forbidden!(AppliedDeletion: r#"client.table("t").delete(id)"#, ".require_applied(true)", ".await?");
forbidden!(InputOfARead: r#"client.table("t").get(id)"#, ".input_display_value(true)", ".await?");
forbidden!(RequiredFieldsOfAWrite: r#"client.table("t").update(id, &[("a", "b")])"#, ".require_fields(true)", ".await?");
forbidden!(ConfirmedRead: r#"client.table("t").get(id)"#, r#".confirm_by("number")"#, ".await?");
forbidden!(ConfirmedUpdate: r#"client.table("t").update(id, &[("a", "b")])"#, r#".confirm_by("a")"#, ".await?");
forbidden!(UpdateOfACount: r#"client.table("t").list().count().with_headers()"#, r#".update(id, &[("a", "b")])"#, ".await?");
forbidden!(LimitOfACount: r#"client.table("t").list().count()"#, ".limit(1)", ".await?");
forbidden!(ConfirmedInABatch: r#"client.batch().add(client.table("t").create(&[("a", "b")])"#, r#".confirm_by("a")"#, ")");
forbidden!(IteratedCall: r#"client.table("t").list().limit(1)"#, ".iterate()", ".await?");
forbidden!(VerifiedBulkDeletion: r#"client.table("t").delete_many([id])"#, ".verified()", ".all().await");
forbidden!(HavingWithoutGroups: r#"client.aggregate("t").count()"#, r#".order_by("state")"#, ".await?");
forbidden!(HeadersOfAWholeResponse: r#"client.api("/api/x").get()"#, ".with_headers()", ".await?");
