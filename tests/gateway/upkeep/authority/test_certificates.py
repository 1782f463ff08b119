"""The authority and its certificates, as OpenSSL and a board's TLS judge them."""

import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.errors import AccessError
from gateway.upkeep.authority.certificates import make

NAMES, ADDRESSES = ("linky.local", "linky.home.arpa"), ("192.168.1.20", "fd12::20")
NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    """A folder with an authority and a certificate."""
    make(tmp_path / "https", NAMES, ADDRESSES, NOW)
    return tmp_path / "https"


def verify(folder, leaf, *more):
    """What OpenSSL says of a certificate that is shown, at the time at which it was made."""
    command = ["openssl", "verify", "-x509_strict", "-CAfile", folder / "ca.crt", "-purpose", "sslserver"]
    done = subprocess.run(
        [*command, "-attime", str(int(NOW.timestamp())), *more, leaf], check=False, capture_output=True, text=True
    )
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("option", "called"),
    [
        *(("-verify_hostname", name) for name in NAMES),
        *(("-verify_ip", one) for one in ADDRESSES),
    ],
)
def test_the_page_is_believed_by_each_of_its_names_and_addresses(folder, option, called):
    """And by no other one."""
    assert verify(folder, folder / "server.pem", option, called)[0]
    good, said = verify(folder, folder / "server.pem", "-verify_hostname", "nas.local")
    assert not good
    assert "hostname mismatch" in said.lower()


def signed(folder, *, name, ca=False, now=NOW):
    """A certificate that whoever has stolen the authority's key would make, in a file."""
    key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    issuer = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    own = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "another authority" if ca else "stolen")])
    builder = x509.CertificateBuilder(issuer.subject, subject, own.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=90))
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if ca:
        identifier = x509.SubjectKeyIdentifier.from_public_key(own.public_key())
        builder = builder.add_extension(identifier, critical=False)
    else:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(usage, critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=False)
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    by = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    certificate = builder.add_extension(by, critical=False).sign(key, SHA256())
    file = folder / "stolen.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + own.private_bytes(*form))
    return file


@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName("bank.example"),
        x509.DNSName("notlocal"),
        x509.IPAddress(ip_address("203.0.113.9")),
        x509.IPAddress(ip_address("2001:db8::1")),
    ],
    ids=str,
)
def test_its_key_cannot_stand_for_anybody_outside_a_house(folder, name):
    """Whoever steals it can sign what he likes: nobody believes it."""
    good, said = verify(folder, signed(folder, name=name))
    assert not good
    assert "permitted subtree violation" in said


def test_its_key_makes_no_other_authority(folder, tmp_path):
    """One whose certificates would be believed as its own; nor one for mail or programs."""
    middle = signed(folder, name=x509.DNSName("linky.local"), ca=True).read_bytes()
    below = tmp_path / "below"
    below.mkdir()
    for name in ("ca.crt", "ca.key"):
        (below / name).write_bytes(middle)
    good, said = verify(folder, signed(below, name=x509.DNSName("linky.local")), "-untrusted", below / "ca.crt")
    assert not good
    assert "path length constraint exceeded" in said
    found = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes()).extensions
    assert found.get_extension_for_class(x509.NameConstraints).critical
    assert [*found.get_extension_for_class(x509.ExtendedKeyUsage).value] == [ExtendedKeyUsageOID.SERVER_AUTH]


@pytest.mark.parametrize("now", [datetime(1970, 1, 1, tzinfo=UTC), NOW, datetime(2048, 6, 1, tzinfo=UTC)], ids=str)
def test_the_authority_does_not_depend_on_the_clock(tmp_path, now):
    """A machine without a clock of its own makes the same one; its page's certificate is good for 397 days."""
    make(tmp_path, NAMES, (), max(now, datetime(1971, 1, 1, tzinfo=UTC)))
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes())
    assert (authority.not_valid_before_utc.year, authority.not_valid_after_utc.year) == (2020, 2049)
    leaf = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=397, seconds=-1)


def test_the_next_certificate_is_of_the_same_authority(folder):
    """Phones that trust it trust the next one; its key is another."""
    files = {name: (folder / name).read_bytes() for name in ("ca.crt", "ca.key", "server.pem")}
    make(folder, ("linky-2.local",), (), NOW)
    assert (folder / "ca.crt").read_bytes() == files["ca.crt"]
    assert (folder / "ca.key").read_bytes() == files["ca.key"]
    assert (folder / "server.pem").read_bytes() != files["server.pem"]
    assert verify(folder, folder / "server.pem", "-verify_hostname", "linky-2.local")[0]


def test_nobody_else_can_read_the_keys(folder, tmp_path):
    """Of the page's key the group where the folder gives its own to what is in it, as tmpfiles.d makes it."""
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "ca.key": 0o600,
        "ca.crt": 0o644,
        "server.pem": 0o600,
    }
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2750)
    make(shared, NAMES, (), NOW)
    assert {path.name: path.stat().st_mode & 0o777 for path in shared.iterdir()} == {
        "ca.key": 0o600,
        "ca.crt": 0o644,
        "server.pem": 0o640,
    }


def test_a_power_cut_leaves_an_authority_or_none(tmp_path):
    """A key without its certificate was given to nobody: both are made anew."""
    make(tmp_path, NAMES, (), NOW)
    (tmp_path / "ca.crt").unlink()
    key = (tmp_path / "ca.key").read_bytes()
    make(tmp_path, NAMES, (), NOW)
    assert (tmp_path / "ca.key").read_bytes() != key
    assert verify(tmp_path, tmp_path / "server.pem")[0]


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("ca.key", b"rubbish", "damaged"),
        ("ca.crt", b"rubbish", "damaged"),
        ("ca.key", None, "cannot be written"),
        ("ca.key", "another", "another key"),
    ],
    ids=str,
)
def test_a_damaged_authority_is_never_replaced_by_itself(folder, tmp_path, file, content, said):
    """Each phone would have to trust the next one: that is for a person to decide."""
    if content == "another":
        make(tmp_path / "other", NAMES, (), NOW)
        content = (tmp_path / "other" / file).read_bytes()
    (folder / file).unlink() if content is None else (folder / file).write_bytes(content)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(AccessError, match=said):
        make(folder, NAMES, (), NOW)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_for_a_name_outside_nothing_is_made(tmp_path):
    """Not even the authority."""
    with pytest.raises(AccessError, match=r"bank\.example"):
        make(tmp_path / "https", ("linky.local", "bank.example"), (), NOW)
    with pytest.raises(AccessError, match="give it one of letters"):
        make(tmp_path / "https", (), (), NOW)
    assert not (tmp_path / "https").exists()


def test_a_board_does_not_take_this_authority(folder, tmp_path):
    """MbedTLS knows no name constraints, and refuses what it must not pass over: the broker has another authority."""
    (tmp_path / "ca.der").write_bytes(
        x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes()).public_bytes(serialization.Encoding.DER)
    )
    script = (
        "import tls\ncontext = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)\n"
        f"try: context.load_verify_locations(open({str(tmp_path / 'ca.der')!r}, 'rb').read())\n"
        "except ValueError as error: print(error)\n"
    )
    done = subprocess.run(["micropython", "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "invalid cert\n"
