"""What pysnow's documentation shows, done by pysnow as it comes from its registry, against the simulator.

The client is not touched: it speaks https to myinstance.service-now.com. Only the name is looked up elsewhere, and the
simulator's own authority is trusted (REQUESTS_CA_BUNDLE).

pysnow has no download of files, and reads one page: what a list has beyond its limit is a second call with an offset.
"""

import concurrent.futures
import os
import socket
import sys
import tempfile
import time
from datetime import datetime, timedelta

import examples
import pysnow
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

PORT = int(sys.argv[1])
lookup = socket.getaddrinfo


def at_the_simulator(host, port, *args, **kwargs):
    assert host == "myinstance.service-now.com" and port == 443, f"{host}:{port} is not the instance"
    return lookup("127.0.0.1", PORT, *args, **kwargs)


socket.getaddrinfo = at_the_simulator


def client():
    return pysnow.Client(instance="myinstance", user="myusername", password="mypassword")


def incidents():
    return client().resource(api_path="/table/incident")


def fetch_many():
    records = list(incidents().get(query={"state": 1}, stream=True).all())
    assert len(records) == 2 and all(record["state"] == "1" and len(record["sys_id"]) == 32 for record in records)


def fetch_first():
    # The documentation calls first() without a stream, which pysnow itself refuses, whatever the server is.
    response = incidents().get(query={"state": 3})
    with examples.Raises(pysnow.exceptions.InvalidUsage):
        response.first()
    assert incidents().get(query={"state": 3}, stream=True).first()["state"] == "3"


def fetch_first_or_none():
    assert incidents().get(query={"number": "INC9999999"}, stream=True).first_or_none() is None
    assert incidents().get(query={"state": 3}, stream=True).first_or_none()["state"] == "3"


def fetch_one():
    assert incidents().get(query={"number": "INC0000001"}).one()["number"] == "INC0000001"
    with examples.Raises(pysnow.exceptions.MultipleResults):
        incidents().get(query={"active": "true"}).one()


def fetch_one_or_none():
    assert incidents().get(query={"number": "INC9999999"}).one_or_none() is None
    assert incidents().get(query={"number": "INC0000001"}).one_or_none()["number"] == "INC0000001"


def create():
    record = {"short_description": "<short_description>", "description": "<description>"}
    made = incidents().create(payload=record).one()
    assert made["short_description"] == "<short_description>" and made["number"].startswith("INC")
    return made["number"]


def update():
    number = create()
    changed = incidents().update(query={"number": number}, payload={"short_description": "changed", "state": "5"})
    assert changed["short_description"] == "changed" and changed["state"] == "1", "5 is no state"


def delete():
    number = create()
    assert incidents().delete(query={"number": number})["status"] == "record deleted"
    assert incidents().get(query={"number": number}).one_or_none() is None


def filtering():
    response = incidents().get(query={"state": 3}, fields=["sys_id", "number", "description"], stream=True)
    assert set(response.first()) == {"sys_id", "number", "description"}


def sorting():
    query = pysnow.QueryBuilder().field("priority").equals(["1", "5"]).AND()
    query.field("number").order_descending().AND().field("priority").order_ascending()
    assert str(query) == "priorityIN1,5^ORDERBYDESCnumber^ORDERBYpriority"
    numbers = [record["number"] for record in incidents().get(query=query, limit=3).all()]
    assert len(numbers) == 3 and numbers == sorted(numbers, reverse=True)


def query_builder():
    today = datetime.today()

    def created_between(first, last):
        query = (
            pysnow.QueryBuilder()
            .field("number").starts_with("INC00000")
            .AND()
            .field("sys_created_on").between(today - timedelta(days=first), today - timedelta(days=last))
        )
        return len(incidents().get(query=query).all())

    assert created_between(2000, -1) >= 8
    assert created_between(60, 30) == 1, "one of the simulator's incidents is from 45 days ago"
    assert created_between(-1, -2) == 0


def paging():
    pages = [incidents().get(query="ORDERBYnumber", limit=3, offset=offset).all() for offset in (0, 3, 6)]
    numbers = [record["number"] for page in pages for record in page]
    assert len(numbers) >= 8 and numbers == sorted(set(numbers)) and len(pages[0]) == 3
    assert incidents().get(limit=1).headers["X-Total-Count"] == str(len(incidents().get().all()))


def threads():
    def states(resource, query):
        return {record["state"] for record in resource.get(query=query).all()}

    shared = client()
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        done = [(state, pool.submit(states, shared.resource(api_path="/table/incident"), {"state": state})) for state in (1, 3)]
    assert all(future.result() == {str(state)} for state, future in done)


def oauth():
    store = {"token": None, "updated": 0}

    def updater(token):
        store["token"] = token
        store["updated"] += 1

    s = pysnow.OAuthClient(client_id="my-id", client_secret="my-secret", token_updater=updater, instance="myinstance")
    if not store["token"]:
        store["token"] = s.generate_token("myusername", "mypassword")
    first = store["token"]["access_token"]
    s.set_token(store["token"])
    assert s.resource(api_path="/table/incident").get(stream=True).first()["number"].startswith("INC")
    time.sleep(store["token"]["expires_in"] + 0.5)
    assert s.resource(api_path="/table/incident").get(stream=True).first()["number"].startswith("INC")
    assert store["updated"] == 1 and store["token"]["access_token"] != first
    with examples.Raises(pysnow.exceptions.TokenCreateError) as wrong_password:
        s.generate_token("myusername", "wrong")
    assert "access_denied" in str(wrong_password.error)


def retry():
    s = requests.Session()
    s.auth = requests.auth.HTTPBasicAuth("myusername", "mypassword")
    s.mount("https://", HTTPAdapter(max_retries=Retry(total=3, backoff_factor=0.3, status_forcelist=(401, 429, 503))))
    sn = pysnow.Client(instance="myinstance", session=s)
    assert sn.resource(api_path="/table/incident").get(query={"number": "INC0000001"}).one()["number"] == "INC0000001"


def attachments():
    resource = incidents()
    path = os.path.join(tempfile.mkdtemp(), "attachment.txt")
    with open(path, "w") as file:
        file.write("attached")
    # Resource.attachments.upload(), and Response.upload() of a record that was fetched.
    number = create()
    sys_id = incidents().get(query={"number": number}).one()["sys_id"]
    sent = resource.attachments.upload(sys_id=sys_id, file_path=path).one()
    assert (sent["file_name"], sent["table_sys_id"], sent["size_bytes"]) == ("attachment.txt", sys_id, "8")
    incidents().get(query={"number": number}).upload(file_path=path)
    incidents().get(query={"number": number}).upload(file_path=path, name="named.txt")
    listed = incidents().attachments.get(sys_id=sys_id)
    assert sorted(file["file_name"] for file in listed) == ["attachment.txt", "attachment.txt", "named.txt"]
    # pysnow cannot download: the link that it lists can be followed with its credentials.
    link = listed[0]["download_link"].replace("//myinstance", "//myusername:mypassword@myinstance")
    assert requests.get(link).text == "attached"
    assert incidents().attachments.delete(listed[0]["sys_id"])["status"] == "record deleted"
    assert len(incidents().attachments.get(sys_id=sys_id)) == 2
    assert len(incidents().attachments.get(limit=1)) == 1
    # Its multipart upload sends no boundary and no form (the file as it is): no server can read that, and this one says so.
    with examples.Raises(requests.exceptions.HTTPError) as no_boundary:
        incidents().attachments.upload(sys_id=sys_id, file_path=path, multipart=True).one()
    assert no_boundary.error.response.status_code == 415


def errors():
    with examples.Raises(requests.exceptions.HTTPError) as no_such_table:
        client().resource(api_path="/table/no_such_table").get().all()
    assert no_such_table.error.response.status_code == 400
    with examples.Raises(requests.exceptions.HTTPError) as wrong_password:
        stranger = pysnow.Client(instance="myinstance", user="myusername", password="wrong")
        stranger.resource(api_path="/table/incident").get().all()
    assert wrong_password.error.response.status_code == 401
    assert "User Not Authenticated" in wrong_password.error.response.text


examples.run("pysnow", [
    fetch_many, fetch_first, fetch_first_or_none, fetch_one, fetch_one_or_none, create, update, delete, filtering, sorting,
    query_builder, paging, threads, oauth, retry, attachments, errors,
])
