"""The configuration: what is shipped is what is read; a fault is one sentence that names its place."""

import re

import pytest

from gateway.collector.config import AccessTable, CollectorConfig, load
from gateway.errors import ConfigError
from harness import ROOT

SHIPPED = ROOT / "systemd" / "collect.toml"


def written(folder, text):
    path = folder / "collect.toml"
    path.write_text(text)
    return path


def test_the_shipped_file_states_every_default():
    """Nothing in it differs from what holds without it."""
    config = load(SHIPPED)
    bare = CollectorConfig(account=config.account, folder=config.folder)
    assert config == bare
    assert config.account.jid == "coop@example.org"


def test_every_key_of_the_shipped_file_is_one(tmp_path):
    """Also those in comments."""
    text = SHIPPED.read_text()
    keys = [line[2:] for line in text.splitlines() if re.match(r"# (\[|\w+ = )", line)]
    assert len(keys) == 34
    for key in keys:
        text = text.replace(f"# {key}", key)
    config = load(written(tmp_path, text))
    assert config.account.address == "xmpp.example.org:5222"
    stated = {field: getattr(config.access, field) for field in AccessTable.__struct_fields__}
    needed = {"purpose", "controller", "contact", "privacy", "retention", "code_url", "code_version"}
    assert config.metrics.at == ("127.0.0.1", 9788)
    assert AccessTable(**{key: stated[key] for key in needed}) == config.access


def test_a_server_that_is_a_cluster_has_several_addresses(tmp_path):
    """They are those of the account that the session gets."""
    text = '[account]\njid = "c@x"\npassword_file = "p"\naddress = ["a:5222", "b:5222"]\n'
    (tmp_path / "p").write_text("secret\n")
    assert load(written(tmp_path, text)).session_account("one").address == ("a:5222", "b:5222")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "[account] is missing"),
        ("[account]\n", "account: `jid` is missing"),
        ('[account]\njid = "coop"\n', "account: 'coop' is not an XMPP address"),
        ('[account]\njid = "c@x"\naddress = "x:99999"\n', "account: 'x:99999' is not host:port"),
        ('[account]\njid = "c@x"\naddress = ["x:5222", "x:0"]\n', "account: 'x:0' is not host:port"),
        ('[account]\njid = "c@x"\naddress = []\n', "[account] address: "),
        ('[account]\njid = "c@x"\nfoo = 1\n', "[account] foo: unknown key"),
        ('[account]\njid = "c@x"\n[publish]\nto = ["Ville.example"]\n', "publish.to: 'Ville.example': an address or a"),
        ('[account]\njid = "c@x"\n[publish]\nto = ["a@b@c"]\n', "publish.to: "),
        ('[account]\njid = "co+op@x"\n[publish]\nto = ["ville.example"]\n', "publish.to: "),
        ('[account]\njid = "c@x"\n[publish]\nafter_hours = 48\n', "[publish] after_hours: "),
        ('[account]\njid = "c@x"\n[access]\npurpose = "x"\n', "access: `controller` is missing"),
        (
            '[account]\njid = "c@x"\n[retention]\nmost = "3 years"\n',
            "'3 years' will not do; write a duration such as P3Y",
        ),
        (
            '[account]\njid = "c@x"\n[limits]\nqueue_records = 5\n',
            "queue_records: 5 will not do; write a whole number from 1000",
        ),
        ('[account]\njid = "c@x"\n[database]\nconninfo = "a b"\n', "database.conninfo: "),
        ('[account]\njid = "c@x"\n[database]\nconninfo = "password=x"\n', "database.password_file"),
        ("[account\n", "a bracket ] is missing"),
        ('folder = "x"\n', "folder: unknown key"),
    ],
)
def test_a_fault_names_its_place(tmp_path, text, sentence):
    """File, path inside the file, what is wrong."""
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    assert sentence in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_passwords_come_from_files_or_from_systemd(tmp_path, monkeypatch):
    """A blank credential counts as not given; without a password an account is a fault, a database may do without."""
    path = written(tmp_path, '[account]\njid = "c@x"\nresource = "one"\npassword_file = "mine"\n')
    (tmp_path / "mine").write_text("mine\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for name in ("xmpp-password", "database-password"):
        (tmp_path / name).write_text("\n")
    config = load(path)
    assert config.database_conninfo() == "dbname=linky"
    assert config.session_account().password == "mine"
    with pytest.raises(ConfigError, match=r"account\.password_file"):
        load(written(tmp_path, '[account]\njid = "c@x"\n')).session_account()
    for name in ("xmpp-password", "database-password"):
        (tmp_path / name).write_text("s'3 cret\n")
    assert config.session_account().password == "s'3 cret"
    assert config.session_account().resource == "one"
    assert config.session_account("two").resource == "two"
    assert "s\\'3 cret" in config.database_conninfo()
