"""The PySNC client of the examples, and what several of them do with it."""

import sys

from pysnc import ServiceNowClient

URL = f"https://localhost:{sys.argv[1]}"
CLIENT = ServiceNowClient(URL, ("myusername", "mypassword"))


def records(table, **settings):
    record = CLIENT.GlideRecord(table, **settings)
    record.fields = ["number", "short_description"]
    return record


def made(text, table="problem"):
    record = CLIENT.GlideRecord(table)
    record.initialize()
    record.short_description = text
    assert record.insert(), "nothing was made"
    return record


def queried(table, text):
    record = CLIENT.GlideRecord(table)
    record.add_encoded_query(text)
    record.query()
    return record


def read_back(record):
    again = CLIENT.GlideRecord(record.table)
    assert again.get(record.get_value("sys_id")), "the record is gone"
    return again
