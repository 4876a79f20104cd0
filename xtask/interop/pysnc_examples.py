"""What PySNC's documentation and its own tests show, done by PySNC as it comes from its registry, against the simulator.

PySNC is ServiceNow's client for Python, in the style of GlideRecord. It is not touched: it is given the URL of the simulator, and the
simulator's own authority is trusted (REQUESTS_CA_BUNDLE).

It does all of create, read, update, delete, files and queries. Left out are its login by JWT, which sends the assertion in a header
`Authentication` where no documented endpoint looks for it, and its asynchronous twin, which asks for another package.
"""

import io
import tempfile
import time
from pathlib import Path

import examples
import pysnc_queries
from pysnc import ServiceNowClient
from pysnc.auth import ServiceNowClientCredentialsFlow, ServiceNowPasswordGrantFlow
from pysnc.exceptions import AuthenticationException, NotFoundException, RequestException, RoleException
from pysnc_client import CLIENT, URL, made, queried, read_back


def create():
    record = CLIENT.GlideRecord("problem")
    record.initialize()
    record.short_description = "made by PySNC"
    record.description = "two\nlines, \u00e9\u4e16"
    record.no_such_field = "ignored"
    sys_id = record.insert()
    assert sys_id == record.sys_id and len(sys_id) == 32
    assert record.get_value("number").startswith("PRB") and len(record.opened_by) == 32
    assert record.get_display_value("opened_by") == "myusername"
    again = read_back(record)
    assert again.description == "two\nlines, \u00e9\u4e16" and "no_such_field" not in again


def create_with_a_sys_id():
    own = "AAAABBBBCCCCDDDDEEEEFFFF00001111"
    record = CLIENT.GlideRecord("problem")
    record.initialize()
    record.set_new_guid_value(own)
    record.short_description = "has an id of its own"
    assert record.insert() == own
    assert CLIENT.GlideRecord("problem").get(own)


def create_from_nothing():
    record = CLIENT.GlideRecord("problem")
    record.initialize()
    assert record.insert() and record.get_value("number").startswith("PRB")


def read():
    record = made("to be read", "incident")
    again = read_back(record)
    assert again.number == record.number and again.short_description == "to be read"
    assert again.get_value("state") == "1" and again.get_display_value("state") == "New"
    by_number = CLIENT.GlideRecord("incident")
    assert by_number.get("number", record.get_value("number")) and by_number.sys_id == record.sys_id
    assert CLIENT.GlideRecord("incident").get("0" * 32) is False
    assert CLIENT.GlideRecord("incident").get("number", "INC9999999") is False


def update():
    record = read_back(made("before", "incident"))
    record.short_description = "after"
    record.impact = "1"
    record.urgency = "1"
    assert record.changes() and record.update()
    assert record.priority == "1" and not record.changes(), "the response is spliced in"
    again = read_back(record)
    assert again.short_description == "after" and again.get_display_value("priority") == "1 - Critical"


def update_of_a_reference():
    user = CLIENT.GlideRecord("sys_user")
    assert user.get("user_name", "beth.anglin")
    record = made("assigned")
    record.assigned_to = user.sys_id
    assert record.update()
    assert record.assigned_to == user.sys_id and record.get_display_value("assigned_to") == "Beth Anglin"


def update_multiple():
    for at in range(10):
        made(f"MANY {at}")
    many = queried("problem", "short_descriptionLIKEMANY")
    assert len(many) == 10
    while many.next():
        many.short_description = many.short_description + " APPENDED"
    assert many.update_multiple()
    changed = queried("problem", "short_descriptionLIKEAPPENDED^ORDERBYnumber")
    assert len(changed) == 10
    expected, seen = [], []
    for at, record in enumerate(changed):
        if at % 2 == 0:
            record.short_description = record.short_description + " even"
            expected.append(record.get_value("sys_id"))
    changed.update_multiple(lambda response: seen.append(response.json()["result"]["sys_id"]["value"]))
    assert seen == expected and len(seen) == 5, "only what has changed is sent"


def refusing_rule():
    rule = CLIENT.GlideRecord("sys_script")
    if rule.get("name", "no eicar"):
        return
    rule.initialize()
    for name, value in {
        "name": "no eicar", "collection": "problem", "active": True, "when": "before", "order": 100, "action_insert": True,
        "action_update": True, "abort_action": True, "add_message": True, "message": "no eicar here",
        "filter_condition": "short_descriptionLIKEEICAR^EQ",
    }.items():
        rule.set_value(name, value)
    assert rule.insert()


def update_multiple_with_failures():
    refusing_rule()
    for at in range(6):
        made(f"HALF {at}")
    half = queried("problem", "short_descriptionLIKEHALF")
    for at, record in enumerate(half):
        record.short_description = record.short_description + (" EICAR" if at % 2 else " DONE")
    assert half.update_multiple() is False
    assert len(queried("problem", "short_descriptionLIKEDONE")) == 3
    assert len(queried("problem", "short_descriptionLIKEEICAR")) == 0


def delete():
    record = made("to be deleted")
    assert record.delete() is True
    assert CLIENT.GlideRecord("problem").get(record.get_value("sys_id")) is False


def delete_multiple():
    for at in range(5):
        made(f"DOOMED {at}")
    doomed = CLIENT.GlideRecord("problem")
    doomed.add_query("short_description", "LIKE", "DOOMED")
    assert doomed.delete_multiple() is True
    assert len(queried("problem", "short_descriptionLIKEDOOMED")) == 0


def files():
    record = made("has files")
    assert len(record.get_attachments()) == 0
    location = record.add_attachment("test.txt", "one\ntwo\nthree", content_type="text/plain")
    record.add_attachment("test.bin", bytes(range(256)))
    record.add_attachment("empty name \u00e9 & more.txt", io.BytesIO(b"from a stream"))
    listed = {file.file_name: file.sys_id for file in record.get_attachments()}
    assert sorted(listed) == ["empty name \u00e9 & more.txt", "test.bin", "test.txt"]
    assert location == f"{URL}/api/now/v1/attachment/{listed['test.txt']}/file"

    text, binary = CLIENT.Attachment("problem"), CLIENT.Attachment("problem")
    assert text.get(listed["test.txt"]) and binary.get(listed["test.bin"])
    assert text.readlines() == ["one", "two", "three"] and text.content_type == "text/plain"
    assert binary.read() == bytes(range(256)) and binary.size_bytes == "256"
    assert binary.as_temp_file().read() == bytes(range(256))
    with tempfile.TemporaryDirectory() as folder:
        written = binary.write_to(folder)
        assert written == Path(folder) / "test.bin" and written.read_bytes() == bytes(range(256))

    text.delete()
    assert len(record.get_attachments()) == 2
    assert CLIENT.Attachment("problem").get(listed["test.txt"]) is False


def large_file():
    record, content = made("has a large file"), bytes(range(256)) * 8192
    record.add_attachment("large.bin", io.BytesIO(content))
    file = record.get_attachments()
    assert file.next() and file.read() == content


def query_of_files():
    record = made("has a file of this name")
    record.add_attachment("only-here.txt", "text")
    found, none = CLIENT.Attachment("problem"), CLIENT.Attachment("problem")
    found.add_query("file_name", "only-here.txt")
    none.add_query("file_name", "no-such-file.txt")
    for file in (found, none):
        file.query()
    assert found.next() and found.table_sys_id == record.sys_id
    assert not none.next()


def serialize():
    record = made("serialized", "incident")
    plain, both = record.serialize(), record.serialize(display_value="both")
    assert plain["state"] == "1" and both["state"] == {"value": "1", "display_value": "New"}
    record.short_description = "changed"
    assert record.serialize(changes_only=True) == {"short_description": "changed"}
    every = queried("sys_user_group", "ORDERBYname").serialize_all(fields=["name"])
    assert {"name": "Network"} in every


def wrong_password():
    stranger = ServiceNowClient(URL, ("myusername", "wrong"))
    with examples.Raises(AuthenticationException) as refused:
        stranger.GlideRecord("incident").get("0" * 32)
    assert "not authenticated" in str(refused.error).lower()
    assert "required to provide auth information" in str(refused.error).lower()


def no_such_table():
    with examples.Raises(RequestException) as refused:
        CLIENT.GlideRecord("no_such_table").query()
    assert "Invalid table no_such_table" in str(refused.error)


def no_such_record():
    record = made("gone")
    record.delete()
    with examples.Raises(NotFoundException) as refused:
        record.delete()
    assert "No Record found" in str(refused.error)


def refused_by_a_rule():
    refusing_rule()
    record = CLIENT.GlideRecord("problem")
    record.initialize()
    record.short_description = "EICAR"
    with examples.Raises(RoleException) as refused:
        record.insert()
    assert "Operation Failed" in str(refused.error) and "aborted by Business Rule 'no eicar^" in str(refused.error)


def password_grant():
    flow = ServiceNowPasswordGrantFlow("myusername", "mypassword", "my-id", "my-secret")
    client = ServiceNowClient(URL, flow)
    user = client.GlideRecord("sys_user")
    assert user.get("user_name", "myusername") and user.get_value("user_name") == "myusername"


def password_grant_is_refreshed():
    client = ServiceNowClient(URL, ServiceNowPasswordGrantFlow("myusername", "mypassword", "my-id", "my-secret"))
    first = client.session.token["access_token"]
    time.sleep(client.session.token["expires_in"] + 0.5)
    try:
        # PySNC refreshes the token and then sends this request without it, by the cookies of the session alone.
        client.GlideRecord("incident").get("0" * 32)
    except AuthenticationException:
        pass
    assert client.session.token["access_token"] != first
    assert client.GlideRecord("incident").get("0" * 32) is False


def client_credentials():
    client = ServiceNowClient(URL, ServiceNowClientCredentialsFlow("my-id", "my-secret"))
    record = client.GlideRecord("problem")
    record.initialize()
    record.short_description = "made by a machine"
    assert record.insert() and record.sys_created_by == "myusername"
    with examples.Raises(AuthenticationException) as refused:
        ServiceNowClient(URL, ServiceNowClientCredentialsFlow("my-id", "wrong"))
    assert "401" in str(refused.error)


examples.run("pysnc", pysnc_queries.EXAMPLES + [
    create, create_with_a_sys_id, create_from_nothing, read, update, update_of_a_reference, update_multiple,
    update_multiple_with_failures, delete, delete_multiple, files, large_file, query_of_files, serialize, wrong_password,
    no_such_table, no_such_record, refused_by_a_rule, password_grant, password_grant_is_refreshed, client_credentials,
])
