"""The incidents of a simulator into a Parquet file, by pandas: `arrow_speed.py pysnc|pysnow PORT FILE`.

`pysnc` is ServiceNow's own client, by its method for pandas. `pysnow` reads pages of 10,000 records as lists of dicts, without objects
for records: as little as Python can do.

Prints how many records there were, and how many nanoseconds of CPU that took, without the start of Python.
"""

import sys
import time

import pandas
import pysnc
import pysnow
from requests.adapters import HTTPAdapter

FIELDS = [
    "sys_id", "number", "short_description", "state", "priority", "active", "opened_at", "sys_updated_on", "caller_id",
    "assignment_group", "category", "calendar_duration",
]
PAGE = 10_000


class WithoutTls(HTTPAdapter):
    """pysnc takes no other address than https, and nobody else here pays for TLS."""

    def send(self, request, **settings):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **settings)


def by_pysnc(port):
    client = pysnc.ServiceNowClient(f"https://127.0.0.1:{port}", ("admin", "secret"))
    client.session.mount(f"https://127.0.0.1:{port}/", WithoutTls())
    incidents = client.GlideRecord("incident", batch_size=PAGE)
    incidents.fields = FIELDS
    incidents.query()
    return pandas.DataFrame(incidents.to_pandas(mode="value"))


def by_pysnow(port):
    client = pysnow.Client(host=f"127.0.0.1:{port}", use_ssl=False, user="admin", password="secret")
    client.parameters.exclude_reference_link = True
    incidents = client.resource(api_path="/table/incident")
    records = []
    while True:
        page = incidents.get(query={}, fields=FIELDS, limit=PAGE, offset=len(records)).all()
        records.extend(page)
        if len(page) < PAGE:
            return pandas.DataFrame.from_records(records, columns=FIELDS)


def write(frame, file):
    frame = frame.replace("", None)
    for name in ("state", "priority"):
        frame[name] = pandas.to_numeric(frame[name]).astype("Int64")
    frame["active"] = frame["active"].map({"true": True, "false": False})
    for name in ("opened_at", "sys_updated_on", "calendar_duration"):
        frame[name] = pandas.to_datetime(frame[name], utc=True, format="%Y-%m-%d %H:%M:%S")
    frame["calendar_duration"] -= pandas.Timestamp(0, tz="UTC")
    frame.to_parquet(file, compression="zstd")


def main():
    _, way, port, file = sys.argv
    began = time.process_time_ns()
    frame = {"pysnc": by_pysnc, "pysnow": by_pysnow}[way](port)
    write(frame, file)
    print(len(frame), time.process_time_ns() - began)


main()
