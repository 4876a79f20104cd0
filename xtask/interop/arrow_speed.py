"""The incidents of a simulator into a Parquet file, by pysnow and pandas: `arrow_speed.py PORT FILE`.

Prints how many records there were, and how many nanoseconds of CPU that took, without the start of Python.
"""

import sys
import time

import pandas
import pysnow

FIELDS = [
    "sys_id", "number", "short_description", "state", "priority", "active", "opened_at", "sys_updated_on", "caller_id",
    "assignment_group", "category", "calendar_duration",
]
PAGE = 10_000


def main():
    began = time.process_time_ns()
    client = pysnow.Client(host=f"127.0.0.1:{sys.argv[1]}", use_ssl=False, user="admin", password="secret")
    client.parameters.exclude_reference_link = True
    incidents = client.resource(api_path="/table/incident")
    records = []
    while True:
        page = incidents.get(query={}, fields=FIELDS, limit=PAGE, offset=len(records)).all()
        records.extend(page)
        if len(page) < PAGE:
            break
    frame = pandas.DataFrame.from_records(records, columns=FIELDS).replace("", None)
    for name in ("state", "priority"):
        frame[name] = pandas.to_numeric(frame[name]).astype("Int64")
    frame["active"] = frame["active"].map({"true": True, "false": False})
    for name in ("opened_at", "sys_updated_on", "calendar_duration"):
        frame[name] = pandas.to_datetime(frame[name], utc=True, format="%Y-%m-%d %H:%M:%S")
    frame["calendar_duration"] -= pandas.Timestamp(0, tz="UTC")
    frame.to_parquet(sys.argv[2], compression="zstd")
    print(len(records), time.process_time_ns() - began)


main()
