"""Files of days in a bucket of an S3-compatible store: moto's server on this machine, and pyarrow's own client."""

import asyncio
import http.client
import os
import re
import subprocess
from urllib.parse import quote, urlsplit

import pytest

from harness.process import Program
from servers import wait_until
from servers.ports import free_port
from tests.gateway.collector.columnar import Columns, Homes, day_of, moment, need_pyarrow, pack, publish
from tests.gateway.collector.desk import INDEX, notice

HOME, OTHER = "maison@sen1.test", "autre@sen1.test"
KEY, SECRET = "collector", "canary-5b1e-secret"
BASE = "readings/linky"
# Debian's Python, which has Debian's moto and botocore.
PYTHON = "/usr/bin/python3"
WAIT_S = 60


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    """Where the store answers; nothing of it is on a disk."""
    need_pyarrow()
    found = subprocess.run([PYTHON, "-c", "import moto.server, flask_cors"], check=False, capture_output=True)
    if found.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("not installed: python3-moto python3-flask-cors")
    port = str(free_port())
    command = [PYTHON, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
    server = Program(tmp_path_factory.mktemp("moto"), "moto", command, bound="")
    server.start()
    try:
        at = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(at), WAIT_S, "the store answers", every=0.2, alive=[server.require_alive])
        yield at
    finally:
        server.kill()


def answers(endpoint):
    try:
        return Operator(endpoint).ask("GET", "/")
    except OSError:
        return None


class Operator:
    """Whose the store is: believed without a signature."""

    def __init__(self, endpoint):
        self._at = urlsplit(endpoint).netloc

    def ask(self, method, path, content=b""):
        """What is answered to a request about the bucket."""
        connection = http.client.HTTPConnection(self._at, timeout=WAIT_S)
        try:
            connection.request(method, path, content)
            answer = connection.getresponse()
            assert answer.status < 300, (method, path, answer.status)
            return answer.read().decode() or "well"
        finally:
            connection.close()

    def put(self, key, content):
        self.ask("PUT", f"/readings/{quote(key)}", content)

    def delete(self, key):
        self.ask("DELETE", f"/readings/{quote(key)}")

    def versioning(self, status):
        self.ask("PUT", "/readings?versioning", (
            '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Status>{status}</Status></VersioningConfiguration>"
        ).encode())  # fmt: skip

    def objects(self):
        """Name and entity tag of each object."""
        text = self.ask("GET", "/readings?list-type=2")
        return dict(re.findall(r"<Key>([^<]+)</Key>.*?<ETag>([^<]+)</ETag>", text, re.DOTALL))


@pytest.fixture
def s3(endpoint):
    """Its operator, and an empty bucket."""
    operator = Operator(endpoint)
    operator.ask("POST", "/moto-api/reset")
    operator.ask("PUT", "/readings")
    return operator


@pytest.fixture
def columns(store_at, tmp_path, endpoint, s3):
    """A store that writes into the bucket, with two homes of three days."""
    store = store_at()
    (tmp_path / "s3-secret").write_text(f"{SECRET}\n")
    store.config.write_text(
        f'{store.config.read_text()}[parquet]\nbucket = "{BASE}"\nendpoint = "{endpoint}"\nkey_id = "{KEY}"\n'
        'secret_file = "s3-secret"\n'
    )
    columns = Columns(store, tmp_path / "none")
    keep(columns, *((jid, pack(jid, INDEX, (moment(day), day))) for jid in (HOME, OTHER) for day in (3, 2, 1)))
    return columns


def keep(columns, *told):
    async def work():
        async with Homes(columns.store, HOME, OTHER) as homes:
            for jid, content in told:
                await homes.keep(jid, content)

    asyncio.run(work())


def rows(endpoint):
    """Every reading, by pyarrow's dataset, as an analyst reads a bucket."""
    from pyarrow import fs

    at = endpoint.removeprefix("http://")
    there = fs.S3FileSystem(endpoint_override=at, scheme="http", access_key=KEY, secret_key=SECRET, region="us-east-1")
    table = need_pyarrow().dataset(BASE, filesystem=there, format="parquet", partitioning="hive").to_table()
    return sorted((row["meter"], str(row["day"]), row["value"]) for row in table.to_pylist())


def test_days_are_objects_and_an_erasure_replaces_them(columns, s3, endpoint, tmp_path):
    """The same names as in a folder; a night that has nothing to do writes nothing; nothing is left on this machine."""
    assert columns.night() == "3 files written, 0 deleted, 0 unchanged\n"
    before = s3.objects()
    assert set(before) == {f"{BASE[9:]}/day={day_of(day)}/part-00.parquet" for day in (3, 2, 1)}
    assert len(rows(endpoint)) == 6
    assert columns.night() == "0 files written, 0 deleted, 0 unchanged\n"
    keep(columns, (HOME, notice("consent-withdrawn")))
    assert columns.night() == "3 files written, 0 deleted, 0 unchanged\n"
    assert not set(s3.objects().values()) & set(before.values())
    (left,) = columns.store.ask("SELECT pseudonym FROM meter")
    assert {meter for meter, *_ in rows(endpoint)} == set(left)
    keep(columns, (OTHER, notice("consent-withdrawn")))
    assert columns.night() == "0 files written, 3 deleted, 0 unchanged\n"
    assert s3.objects() == {}
    assert not list(tmp_path.rglob("*.parquet"))


def test_published_totals_are_objects_beside_the_days(columns, s3, endpoint):
    """Whoever reads the days of the bucket sees none of them; they go with the days."""
    publish(columns, ("all", INDEX, moment(3), 1200.0, 12), until=moment(2))
    assert columns.night() == "4 files written, 0 deleted, 0 unchanged\n"
    assert f"{BASE[9:]}/_totals/day={day_of(3)}/part-00.parquet" in s3.objects()
    assert len(rows(endpoint)) == 6
    assert columns.night() == "0 files written, 0 deleted, 0 unchanged\n"
    assert columns.night("--end") == "4 files deleted; nothing is written any more\n"
    assert s3.objects() == {}


def test_an_object_that_is_not_as_it_was_written_is_written_anew(columns, s3):
    """Lost, cut; and another's is left alone."""
    columns.night()
    before = s3.objects()
    lost, cut, _ = before
    s3.delete(lost)
    s3.put(cut, b"PAR1")
    assert columns.night() == "2 files written, 0 deleted, 0 unchanged\n"
    assert s3.objects() == before
    theirs = "linky/day=2020-01-01/part-00.parquet"
    s3.put(theirs, b"PAR1")
    assert "was not written by this collector" in columns.store.command("parquet", code=78)
    assert columns.night("--end") == "3 files deleted; nothing is written any more\n"
    assert set(s3.objects()) == {theirs}


def test_a_bucket_that_keeps_versions_is_refused(columns, s3):
    """What was erased would live on in it."""
    s3.versioning("Enabled")
    assert "readings keeps versions, and so what households have had erased" in columns.store.command(
        "parquet", code=74
    )
    assert s3.objects() == {}
    s3.versioning("Suspended")
    columns.night()
    assert len(s3.objects()) == 3


def test_a_store_that_does_not_answer_is_a_sentence(columns, s3, endpoint):
    """Which one, and what to look at."""
    told = columns.store.config.read_text()
    columns.store.config.write_text(told.replace(BASE, "other"))
    said = columns.store.command("parquet", code=74)
    assert "other: the store does not say whether it keeps versions (NoSuchBucket)" in said
    columns.store.config.write_text(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", told))
    assert "http://127.0.0.1:1 cannot be reached: " in columns.store.command("parquet", code=74)
    columns.store.config.write_text(told)
    columns.night()
    assert len(s3.objects()) == 3


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [("GET", "/readings", "versioning="), ("DELETE", "/readings/linky/day%3D2026-11-27/part-00.parquet", "")],
)
def test_a_request_is_signed_as_the_store_s_own_client_signs_it(endpoint, method, path, query):
    """Moto believes everybody; botocore's signature of the very same request is ours."""
    from gateway.collector.bucket import signed
    from gateway.collector.config import StoreAccount

    assert endpoint
    url = f"https://s3.example.org{path}" + (f"?{query}" if query else "")
    program = f"""
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
request = AWSRequest({method!r}, {url!r}, headers={{"host": "s3.example.org"}})
request.context["payload_signing_enabled"] = True
S3SigV4Auth(Credentials({KEY!r}, {SECRET!r}), "s3", "fr-par").add_auth(request)
for name in ("x-amz-content-sha256", "x-amz-date", "authorization"):
    print(request.headers[name])
"""
    said = subprocess.run([PYTHON, "-c", program], check=True, capture_output=True, text=True).stdout.splitlines()
    account = StoreAccount("https://s3.example.org", "fr-par", "readings", "", KEY, SECRET)
    headers = {"host": "s3.example.org", "x-amz-content-sha256": said[0], "x-amz-date": said[1]}
    assert signed(account, f"{method}\n{path}\n{query}", headers) == said[2]
