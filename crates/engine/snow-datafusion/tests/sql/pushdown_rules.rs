//! Which conditions the instance evaluates, one by one.

use crate::sample_table::{FIELDS, OWNERS};
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::scalar::ScalarValue;
use snow_arrow::{Columns, References};
use snow_client::schema::{Column, TableSchema};
use snow_datafusion::{Exactness, pushdown};

const KINDS: [&str; 11] = [
    "GUID",
    "string",
    "integer",
    "boolean",
    "glide_date_time",
    "glide_date",
    "decimal",
    "glide_duration",
    "reference",
    "string",
    "integer",
];

fn columns() -> Columns {
    let mut schema = TableSchema::new("u_sample", "Sample");
    for (name, kind) in FIELDS.iter().zip(KINDS) {
        schema = schema.with_column(Column::new(*name, kind)).unwrap();
    }
    let walk = "u_owner.user_name";
    schema = schema.with_column(Column::new(walk, "string")).unwrap();
    schema = schema.with_column(Column::new("u_html", "html")).unwrap();
    Columns::new(&schema, FIELDS.into_iter().chain([walk, "u_html"]), References::Id).unwrap()
}

fn time(microseconds: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(microseconds), Some("UTC".into())))
}

fn decimal(value: i128, scale: i8) -> Expr {
    lit(ScalarValue::Decimal128(Some(value), 38, scale))
}

fn count() -> Expr {
    col("u_count")
}

/// The query that is sent, with `~` in front of one that is not exact; "" for none.
fn sent(condition: &Expr) -> String {
    match pushdown(condition, &columns()) {
        Some(pushed) if pushed.exactness == Exactness::Exact => pushed.query.encode().unwrap(),
        Some(pushed) => format!("~{}", pushed.query.encode().unwrap()),
        None => String::new(),
    }
}

fn assert_sent(rows: &[(Expr, &str)]) {
    for (condition, expected) in rows {
        assert_eq!(sent(condition), *expected, "{condition}");
    }
}

#[test]
fn numbers_are_compared_exactly_up_to_the_size_that_floating_point_holds() {
    assert_sent(&[
        (count().eq(lit(3_i64)), "u_count=3"),
        (count().gt_eq(lit(-3_i64)), "u_count>=-3"),
        (lit(3_i64).lt(count()), "u_count>3"),
        (count().between(lit(1_i64), lit(5_i64)), "u_count>=1^u_count<=5"),
        (count().in_list(vec![lit(1_i64), lit(2_i64)], false), "u_countIN1,2"),
        (count().eq(lit((1_i64 << 53) - 1)), "u_count=9007199254740991"),
        (count().eq(lit(1_i64 << 53)), ""),
        (count().lt(lit(i64::MIN)), ""),
        (count().eq(lit(ScalarValue::Int64(None))), ""),
        (col("u_amount").gt(decimal(15, 1)), "~u_amount>=1"),
        (col("u_amount").lt(decimal(15, 1)), "~u_amount<=2"),
        (col("u_amount").eq(decimal(-25, 2)), "~u_amount>=-1^u_amount<=0"),
        (col("u_amount").lt_eq(decimal(20, 1)), "~u_amount<=2"),
    ]);
}

#[test]
fn times_are_rounded_so_that_the_same_whole_seconds_match() {
    let when = || col("u_when");
    assert_sent(&[
        (when().gt(time(1_000_000)), "u_when>1970-01-01 00:00:01"),
        (when().eq(time(1_000_000)), "u_when=1970-01-01 00:00:01"),
        (when().gt(time(1_500_000)), "u_when>1970-01-01 00:00:01"),
        (when().gt_eq(time(1_500_000)), "u_when>1970-01-01 00:00:01"),
        (when().lt(time(1_500_000)), "u_when<=1970-01-01 00:00:01"),
        (when().lt_eq(time(1_500_000)), "u_when<=1970-01-01 00:00:01"),
        (when().eq(time(1_500_000)), ""),
        (when().gt(time(-500_000)), "u_when>1969-12-31 23:59:59"),
        (when().lt(time(-500_000)), "u_when<=1969-12-31 23:59:59"),
        (when().gt(lit(ScalarValue::TimestampMicrosecond(Some(0), None))), ""),
        (when().lt(time(i64::MAX)), ""),
        (col("u_day").lt_eq(lit(ScalarValue::Date32(Some(-1)))), "u_day<=1969-12-31"),
        (col("u_day").eq(lit(ScalarValue::Date32(Some(i32::MAX)))), ""),
        (col("u_span").gt(lit(ScalarValue::DurationMicrosecond(Some(1)))), ""),
    ]);
}

#[test]
fn text_is_never_exact_and_ids_are_if_they_look_like_ids() {
    let text = || col("u_text");
    assert_sent(&[
        (text().eq(lit("Alpha")), "~u_text=Alpha"),
        (text().in_list(vec![lit("a"), lit("b,c")], false), "~u_text=a^ORu_text=b,c"),
        (text().like(lit("a%")), "~u_textSTARTSWITHa"),
        (text().like(lit("%a")), "~u_textENDSWITHa"),
        (text().like(lit("%a%")), "~u_textLIKEa"),
        (text().like(lit("a")), "~u_text=a"),
        (text().like(lit("a%b")), ""),
        (text().like(lit("a_")), ""),
        (text().like(lit("%")), ""),
        (text().not_like(lit("a%")), ""),
        (text().ilike(lit("a%")), ""),
        (text().eq(lit("")), ""),
        (text().eq(lit(" a")), ""),
        (text().eq(lit("NULL")), ""),
        (text().eq(lit("a^ORb=c")), ""),
        (text().eq(lit("javascript:gs.log()")), ""),
        (text().lt(lit("b")), ""),
        (col("u_html").eq(lit("a")), ""),
        (col("u_owner.user_name").eq(lit("abel")), ""),
        (
            Expr::Column(datafusion::common::Column::from_name("u_owner.user_name")).eq(lit("abel")),
            "~u_owner.user_name=abel",
        ),
        (col("u_owner").eq(lit(OWNERS[0])), "u_owner=0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
        (col("u_owner").eq(lit("Abel Tuter")), ""),
        (col("sys_id").eq(lit("global")), "~sys_id=global"),
    ]);
}

#[test]
fn negations_and_nulls_stay_here() {
    let flag = || col("u_flag");
    assert_sent(&[
        (flag(), "u_flag=true"),
        (flag().is_true(), "u_flag=true"),
        (flag().eq(lit(true)), "u_flag=true"),
        (!flag(), "~u_flag=false^ORu_flagISEMPTY"),
        (flag().is_not_true(), ""),
        (flag().is_false(), ""),
        (flag().is_null(), ""),
        (flag().is_not_null(), ""),
        (count().not_eq(lit(1_i64)), ""),
        (!count().eq(lit(1_i64)), ""),
        (count().in_list(vec![lit(1_i64)], true), ""),
        (count().not_between(lit(1_i64), lit(2_i64)), ""),
        ((count() + lit(1_i64)).eq(lit(2_i64)), ""),
        (count().eq(col("u_secret")), ""),
    ]);
}

#[test]
fn of_and_a_part_is_sent_and_of_or_all_or_nothing() {
    let one = || count().eq(lit(1_i64));
    let (text, order) = (|| col("u_text").eq(lit("a")), || col("u_text").lt(lit("b")));
    assert_sent(&[
        (one().and(col("u_flag")), "u_count=1^u_flag=true"),
        (one().and(text()), "~u_count=1^u_text=a"),
        (one().and(order()), "~u_count=1"),
        (order().and(order()), ""),
        (one().or(col("u_flag")), "u_count=1^ORu_flag=true"),
        (one().or(text()), "~u_count=1^ORu_text=a"),
        (one().or(order()), ""),
        (one().or(order().and(text())), "~u_count=1^ORu_text=a"),
    ]);
}

#[test]
fn what_is_too_long_or_too_deep_stays_here() {
    let long = col("u_text").eq(lit("x".repeat(3_000)));
    assert_eq!(sent(&long), "");
    let deep = (0..100).fold(count().eq(lit(1_i64)), |all, at| all.or(count().eq(lit(at))));
    assert_eq!(sent(&deep), "");
}
