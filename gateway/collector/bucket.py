"""A bucket of an S3-compatible store as a place for files of days, by pyarrow's own client.

A store that keeps versions keeps what was erased: nothing is written into such a bucket. That client cannot ask whether
it does, and where it deletes it leaves an empty object: these two requests are made and signed here, path-style.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from gateway.collector.days import DayPart
from gateway.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.collector.config import StoreAccount

_TIMEOUT_S = 60
_MOST_ANSWER = 65_536
_AT_ONCE = 4 * 1024 * 1024
_NOTHING = hashlib.sha256(b"").hexdigest()


class DayBucket:
    """A bucket that keeps no versions. StoreError when it does, or does not say."""

    def __init__(self, store: StoreAccount) -> None:
        _require_no_versions(store)
        self._store = store
        at = urlsplit(store.endpoint)
        self._fs = fs.S3FileSystem(
            access_key=store.key_id,
            secret_key=store.secret,
            region=store.region,
            scheme=at.scheme,
            endpoint_override=at.netloc,
            connect_timeout=_TIMEOUT_S,
            request_timeout=_TIMEOUT_S,
            allow_bucket_creation=False,
        )
        self._base = "/".join(filter(None, (store.bucket, store.prefix)))
        self._here = Path(tempfile.mkdtemp(prefix="linky-parquet-"))
        self.begun = self._here / "begun"

    def listed(self) -> dict[str, int]:
        """The name of each file of a day, and its size."""
        infos = self._fs.get_file_info(fs.FileSelector(self._base, allow_not_found=True, recursive=True))
        sizes = {info.path.removeprefix(f"{self._base}/"): info.size for info in infos if info.type == fs.FileType.File}
        return {name: size for name, size in sizes.items() if DayPart.named(name)}

    def put(self, name: str) -> None:
        """Put what was ``begun`` in its place: to others it is there when all of it has arrived."""
        size = self.begun.stat().st_size
        with self.begun.open("rb") as source, self._fs.open_output_stream(f"{self._base}/{name}") as target:
            shutil.copyfileobj(source, target, _AT_ONCE)
        if self._fs.get_file_info(f"{self._base}/{name}").size != size:
            raise OSError(f"{name} has not arrived whole")

    def remove(self, name: str) -> None:
        """Take a file away; one that is not there is gone already."""
        path = quote(f"/{self._base}/{name}", safe="/-_.~")
        status, said = _ask(self._store, "DELETE", path)
        if status not in (http.HTTPStatus.OK, http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_FOUND):
            raise OSError(f"{name} cannot be deleted: {said}")

    def owner(self, name: str, key: bytes) -> bytes | None:
        """What stands under a key in a file's head; None where nothing does, or it is no Parquet file."""
        try:
            return (pq.read_schema(f"{self._base}/{name}", filesystem=self._fs).metadata or {}).get(key)
        except pa.ArrowInvalid:
            return None

    def close(self) -> None:
        """Leave nothing on this machine."""
        shutil.rmtree(self._here, ignore_errors=True)


def _require_no_versions(store: StoreAccount) -> None:
    try:
        status, said = _ask(store, "GET", f"/{quote(store.bucket)}", "versioning=")
    except OSError as error:
        raise StoreError(f"{store.endpoint} cannot be reached: {error or type(error).__name__}") from error
    if status == http.HTTPStatus.NOT_IMPLEMENTED:
        # A store that knows no versions keeps none.
        return
    if status != http.HTTPStatus.OK:
        raise StoreError(
            f"{store.bucket}: the store does not say whether it keeps versions ({said}): look at bucket, key_id and"
            " secret of [parquet]; the key needs s3:GetBucketVersioning"
        )
    if said == "Enabled":
        raise StoreError(
            f"{store.bucket} keeps versions, and so what households have had erased: switch its versioning off, delete"
            " the old versions, or choose another bucket"
        )


def _ask(store: StoreAccount, method: str, path: str, query: str = "") -> tuple[int, str]:
    """Make a request without a content: the status of its answer, and the code or the status that stands in it."""
    at = urlsplit(store.endpoint)
    kind = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    headers = {"host": at.netloc, "x-amz-content-sha256": _NOTHING, "x-amz-date": f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"}
    headers |= {"authorization": signed(store, f"{method}\n{path}\n{query}", headers)}
    connection = kind(at.netloc, timeout=_TIMEOUT_S)
    try:
        connection.request(method, f"{path}?{query}" if query else path, headers=headers)
        answer = connection.getresponse()
        content = answer.read(_MOST_ANSWER).decode(errors="replace")
    except http.client.HTTPException as error:
        raise OSError(f"{at.netloc} does not speak HTTP: {error or type(error).__name__}") from error
    finally:
        connection.close()
    said = re.search(r"<(?:Code|Status)>\s*(\w{1,60})\s*</", content)
    return answer.status, said[1] if said else str(answer.status)


def signed(store: StoreAccount, what: str, headers: Mapping[str, str]) -> str:
    """The Authorization of a request without a content (AWS General Reference, "Create a signed AWS API request").

    Args:
        store: whose key signs.
        what: method, path and query, a line each, as they go out.
        headers: in lower case and in order.
    """
    moment = headers["x-amz-date"]
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"{what}\n{lines}\n{names}\n{_NOTHING}"
    scope = f"{moment[:8]}/{store.region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{store.secret}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return f"AWS4-HMAC-SHA256 Credential={store.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
