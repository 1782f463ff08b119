"""The fingerprint of a public key, against openssl's own."""

import base64
import hashlib
import ssl
import subprocess
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import FederationError
from gateway.federation.connection.pins import pin_of

KEYS = {
    "p256": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "rsa": ("-newkey", "rsa:2048"),
    "ed25519": ("-newkey", "ed25519"),
}


def certificate(folder, *options):
    """A self-signed certificate (DER) and what openssl says its key is."""
    command = ["openssl", "req", "-x509", "-noenc", "-keyout", folder / "key", "-out", folder / "crt", "-subj", "/CN=x"]
    subprocess.run([*command, *options], check=True, capture_output=True)
    key = ["openssl", "pkey", "-in", folder / "key", "-pubout", "-outform", "DER"]
    public = subprocess.run(key, check=True, capture_output=True).stdout
    der = ssl.PEM_cert_to_DER_cert((folder / "crt").read_text())
    return der, "sha256/" + base64.b64encode(hashlib.sha256(public).digest()).decode()


@pytest.mark.parametrize("kind", KEYS)
def test_the_pin_is_the_hash_of_the_public_key_that_openssl_shows(tmp_path, kind):
    """Whatever the kind of key."""
    der, pin = certificate(tmp_path, *KEYS[kind])
    assert pin_of(der) == pin


def test_a_renewed_certificate_of_the_same_key_has_the_same_pin(tmp_path):
    """That is why keys are pinned and not certificates."""
    first, pin = certificate(tmp_path, *KEYS["p256"])
    renew = [
        "openssl",
        "req",
        "-x509",
        "-key",
        tmp_path / "key",
        "-out",
        tmp_path / "new",
        "-subj",
        "/CN=y",
        "-days",
        "9",
    ]
    subprocess.run(renew, check=True, capture_output=True)
    second = ssl.PEM_cert_to_DER_cert((tmp_path / "new").read_text())
    assert first != second
    assert pin_of(second) == pin


@given(st.data())
def test_no_bytes_make_it_fail_otherwise_than_in_a_sentence(shared_certificate, data):
    """Cut, changed or invented: a pin or a FederationError."""
    der = bytearray(shared_certificate)
    for place in data.draw(st.lists(st.integers(0, len(der) - 1), max_size=4)):
        der[place] = data.draw(st.integers(0, 255))
    broken = data.draw(
        st.one_of(st.just(bytes(der)), st.integers(0, len(der)).map(lambda n: bytes(der[:n])), st.binary())
    )
    with suppress(FederationError):
        assert pin_of(broken).startswith("sha256/")


@pytest.fixture(scope="module")
def shared_certificate(tmp_path_factory):
    """One certificate for many trials."""
    return certificate(tmp_path_factory.mktemp("pin"), *KEYS["p256"])[0]
