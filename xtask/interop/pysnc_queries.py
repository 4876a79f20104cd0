"""Examples of PySNC: queries, what they return of a record, and lists of several pages."""

from datetime import datetime, timedelta, timezone

from pysnc_client import CLIENT, URL, made, queried, records


def query_by_operators():
    made("operators: alpha", "incident")
    made("operators: beta", "incident")
    for (*condition, expected) in [
        ("short_description", "operators: alpha", 1),
        ("short_description", "STARTSWITH", "operators:", 2),
        ("short_description", "ENDSWITH", "s: beta", 1),
        ("short_description", "CONTAINS", "tors: al", 1),
        ("short_description", "IN", "operators: alpha,operators: beta,gamma", 2),
        ("short_description", "operators: gamma", 0),
    ]:
        record = CLIENT.GlideRecord("incident")
        record.add_query(*condition)
        record.query()
        assert len(record) == expected, f"{condition}: {len(record)}"
    record = CLIENT.GlideRecord("incident")
    record.add_query("short_description", "STARTSWITH", "operators:")
    record.add_query("short_description", "DOES NOT CONTAIN", "alpha")
    record.query()
    assert [each.get_value("short_description") for each in record] == ["operators: beta"]


def query_by_number():
    record = records("incident")
    record.add_query("priority", "<=", "2")
    record.add_query("priority", ">", "1")
    record.fields = ["priority"]
    record.query()
    assert len(record) > 0 and {each.get_value("priority") for each in record} == {"2"}
    assert len(record) == len(queried("incident", "priority=2"))


def query_with_or():
    record = CLIENT.GlideRecord("incident")
    either = record.add_query("priority", "1")
    either.add_or_condition("priority", "5")
    record.add_active_query()
    assert record.get_encoded_query() == "priority=1^ORpriority=5^active=true^ORDERBYsys_id"
    record.fields = ["priority", "active"]
    record.query()
    assert {each.get_value("priority") for each in record} == {"1", "5"}
    assert all(each.get_value("active") == "true" for each in record)


def query_of_empty_fields():
    empty, filled = CLIENT.GlideRecord("incident"), CLIENT.GlideRecord("incident")
    empty.add_null_query("assignment_group")
    filled.add_not_null_query("assignment_group")
    for record in (empty, filled):
        record.fields = ["assignment_group"]
        record.query()
    assert len(empty) > 0 and all(each.assignment_group.nil() for each in empty)
    assert len(filled) > 0 and not any(each.assignment_group.nil() for each in filled)
    assert len(empty) + len(filled) == len(queried("incident", ""))


def query_of_dates():
    made("made today", "incident")
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    recent = CLIENT.GlideRecord("incident")
    recent.add_query("sys_created_on", ">", yesterday.strftime("%Y-%m-%d %H:%M:%S"))
    recent.query()
    assert recent.next() and recent.sys_created_on.date_value() > yesterday
    assert recent.sys_created_on.date_numeric_value() == int(recent.sys_created_on.date_value().timestamp() * 1000)
    assert len(queried("incident", "sys_created_onONToday@javascript:gs.beginningOfToday()@javascript:gs.endOfToday()")) > 0


def query_with_a_join():
    record = CLIENT.GlideRecord("sys_user")
    joined = record.add_join_query("sys_user_group", join_table_field="manager")
    joined.add_query("name", "Network")
    record.query()
    assert [each.get_value("user_name") for each in record] == ["fred.luddy"]


def query_of_related_lists():
    record = CLIENT.GlideRecord("sys_user")
    related = record.add_rl_query("sys_user_has_role", "user", ">0", True)
    related.add_query("role.name", "itil")
    record.query()
    assert [each.get_value("user_name") for each in record] == ["fred.luddy"]


def query_that_is_too_long_for_a_url():
    numbers = [record.get_value("number") for record in queried("incident", "ORDERBYnumber^numberISNOTEMPTY")]
    assert len(numbers) > 200
    record = records("incident", batch_size=500)
    record.add_query("number", "IN", ",".join(numbers + [f"INC99{at:05}" for at in range(1000)]))
    assert len(record.get_encoded_query()) > 10_000
    record.query()
    assert len(record) == len(numbers), "it goes through the batch API"


def order():
    up, down = records("incident"), records("incident")
    up.order_by("number")
    down.order_by_desc("number")
    for record in (up, down):
        record.limit = 20
        record.query()
    up, down = ([each.get_value("number") for each in record] for record in (up, down))
    assert len(up) == 20 and up == sorted(up) and down == sorted(down, reverse=True) and up[0] < down[-1]


def fields():
    record = CLIENT.GlideRecord("incident")
    record.fields = ["number", "caller_id", "caller_id.email", "caller_id.department.name"]
    record.add_not_null_query("caller_id")
    record.limit = 1
    record.query()
    assert record.next() and record.fields[:3] == ["sys_id", "number", "caller_id"]
    assert list(record.serialize()) == record.fields, "in the order that was asked for"
    assert record.caller_id.email == record.get_value("caller_id.email") != ""
    assert record.get_value("caller_id.department.name") == "IT" and len(record.caller_id) == 32
    assert record.get_display_value("caller_id") != record.get_value("caller_id")


def display_values():
    number = made("displayed", "incident").get_value("number")
    for display, expected in {True: "New", False: "1"}.items():
        record = CLIENT.GlideRecord("incident")
        record.display_value = display
        record.add_query("number", number)
        record.query()
        assert record.next() and record.get_value("state") == expected, f"{display}: {record.get_value('state')}"


def reference_links():
    record = CLIENT.GlideRecord("incident")
    record.exclude_reference_link = False
    record.add_not_null_query("caller_id")
    record.limit = 1
    record.query()
    assert record.next()
    assert record.caller_id.get_link() == f"{URL}/api/now/table/sys_user/{record.get_value('caller_id')}"


def pages():
    record = records("incident")
    record.query()
    numbers = {each.get_value("number") for each in record}
    assert len(record) > 250 and len(numbers) == len(record), "each record once, from pages of 100"
    assert numbers == {each.get_value("number") for each in record}, "once more, from the start"


def pages_with_a_limit():
    record = records("incident", batch_size=3)
    record.limit = 7
    record.query()
    assert len({each.get_value("number") for each in record}) == 7


def pages_that_are_not_kept():
    record = records("incident", batch_size=50, rewindable=False)
    record.query()
    assert sum(1 for _ in record) == len(record) > 250


EXAMPLES = [
    query_by_operators, query_by_number, query_with_or, query_of_empty_fields, query_of_dates, query_with_a_join,
    query_of_related_lists, query_that_is_too_long_for_a_url, order, fields, display_values, reference_links, pages,
    pages_with_a_limit, pages_that_are_not_kept,
]
