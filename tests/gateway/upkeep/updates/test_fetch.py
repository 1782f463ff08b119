"""A file of the folder of releases: bounded in bytes and in time, from nowhere else, by a real server."""

import io
import time

import pytest

from gateway.errors import ReleaseError
from gateway.upkeep.updates.fetch import download, fetch


def test_a_file_comes_once_and_is_asked_for_again_by_its_tag(hosted):
    """The second time the server says that it is the same."""
    (hosted.folder / "latest.json").write_bytes(b"{}\n")
    body, tag = fetch(hosted.url, "latest.json", 100, 5)
    assert body == b"{}\n"
    assert fetch(hosted.url + "/", "latest.json", 100, 5, tag) is None
    (hosted.folder / "latest.json").write_bytes(b"[]\n")
    assert fetch(hosted.url, "latest.json", 100, 5, tag)[0] == b"[]\n"


def _endless(request):
    request.send_response(200)
    request.end_headers()
    for _ in range(1000):
        request.wfile.write(b"x" * 65536)


def _dripping(request):
    request.send_response(200)
    request.end_headers()
    while not request.server.hosted.ended.wait(0.05):
        request.wfile.write(b"x")


def _dripping_headers(request):
    request.send_response_only(200)
    request.flush_headers()
    while not request.server.hosted.ended.wait(0.05):
        request.wfile.write(b"x")


def _cut(request):
    request.send_response(200)
    request.send_header("Content-Length", "100")
    request.end_headers()
    request.wfile.write(b"x" * 50)
    request.close_connection = True


def _elsewhere(request):
    request.send_response(302)
    request.send_header("Location", "http://127.0.0.1:1/latest.json")
    request.send_header("Content-Length", "0")
    request.end_headers()


def _nonsense(request):
    request.wfile.write(b"\x00\xff" * 50 + b"\r\n\r\n")
    request.close_connection = True


@pytest.mark.parametrize(
    ("injury", "sentence"),
    [
        (_endless, "is larger than it may be"),
        (_dripping, "took longer than 1 s"),
        (_dripping_headers, "took longer than 1 s"),
        (_cut, "cannot be reached"),
        (_elsewhere, "answered 302"),
        (_nonsense, "cannot be reached"),
    ],
)
def test_a_server_that_misbehaves_costs_a_second_and_is_a_sentence(hosted, injury, sentence):
    """Endless, slow in its body or in its head, cut, pointing elsewhere, no HTTP: bounded, in both languages."""
    hosted.injuries["latest.json"] = injury
    began = time.monotonic()
    with pytest.raises(ReleaseError, match=sentence) as error:
        fetch(hosted.url, "latest.json", 64 << 10, 1)
    assert time.monotonic() - began < 5
    assert error.value.phrase.in_language("fr") != str(error.value)


def test_a_file_that_is_not_there_and_a_server_that_is_none(hosted):
    """Each is a sentence."""
    with pytest.raises(ReleaseError, match="answered 404"):
        download(hosted.url, "releases/none.deb", io.BytesIO(), 100, 5)
    hosted.end()
    with pytest.raises(ReleaseError, match=r"127\.0\.0\.1 cannot be reached"):
        fetch(hosted.url, "latest.json", 100, 5)


@pytest.mark.parametrize("url", ["http://93.184.216.34/x", "http://[2606:2800:220:1::1]/x"])
def test_without_encryption_only_at_home(url):
    """A public address wants https; nothing is sent there."""
    with pytest.raises(ReleaseError, match="without encryption"):
        fetch(url, "latest.json", 100, 5)


@pytest.mark.parametrize(
    "url", ["", "ftp://example.org/x", "https://", "https://a@example.org/", "https://example.org:x/", "https://a b/",
            "https://example.org/?x", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_address_is_said_to_be_none(url):
    """Another scheme, no host, a user, a strange port."""
    with pytest.raises(ReleaseError, match="is no address"):
        fetch(url, "latest.json", 100, 5)
