"""Addresses of notices in apprise's forms: what each part is, what is refused, and that no secret is ever shown."""

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.notice import NoticeAddress, is_home, read
from gateway.words.phrase import Phrase

_BOT = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K"


def parts(text, *names):
    """Some of what an address is."""
    found = read(text)
    assert isinstance(found, NoticeAddress), str(found)
    return tuple(getattr(found, name) for name in names)


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("ntfy://linky-3f2a", "kind tls host target", ("ntfy", True, "ntfy.sh", "linky-3f2a")),
        ("ntfys://linky-3f2a/", "kind tls host target", ("ntfy", True, "ntfy.sh", "linky-3f2a")),
        ("ntfys://push.example.org/Topic_1", "host port target", ("push.example.org", None, "Topic_1")),
        ("ntfys://moi:p%40ss@push.example.org:8443/t", "user password port", ("moi", "p@ss", 8443)),
        ("ntfys://tk_AbC@push.example.org/t", "user password target", ("tk_AbC", "", "t")),
        ("ntfy://192.168.1.9:2586/t", "tls host port", (False, "192.168.1.9", 2586)),
        ("ntfy://nas/t", "tls host", (False, "nas")),
        ("json://[fd00::5]:8123/api/x", "tls host port path", (False, "fd00::5", 8123, "/api/x")),
        ("jsons://Hook.Example.ORG", "host path", ("hook.example.org", "/")),
        ("freemobile://12345678@Ab1Cd2Ef3Gh4Ij", "host user password tls",
         ("smsapi.free-mobile.fr", "12345678", "Ab1Cd2Ef3Gh4Ij", True)),
        ("gotifys://push.example.org/AbCdEfGh.1-2", "path target", ("/message", "AbCdEfGh.1-2")),
        ("gotify://nas.local/below/AbCdEfGh", "path target tls", ("/below/message", "AbCdEfGh", False)),
        (f"tgram://{_BOT}/-1001234", "host password target", ("api.telegram.org", _BOT, "-1001234")),
        (f"tgram://{_BOT}/@famille/", "target", ("@famille",)),
        ("mailtos://moi%40example.org:s%2Fcret@smtp.example.org?to=anne@example.org,paul@example.org",
         "host sender to password", ("smtp.example.org", "moi@example.org", ("anne@example.org", "paul@example.org"),
                                     "s/cret")),
        ("mailtos://moi:x@example.org?smtp=mail.example.org&mode=ssl", "host sender to",
         ("mail.example.org", "moi@example.org", ("moi@example.org",))),
        ("apprise+pover://user@token", "kind url", ("apprise", "pover://user@token")),
    ],
)  # fmt: skip
def test_each_form_that_apprise_knows_is_read(text, names, found):
    """Host, user, password, target; ports and decoding as in a URL."""
    assert parts(text, *names.split()) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("x" * 1001, "longer than 1000"),
        ("ntfys://a\x00b", "cannot be seen"),
        ("ntfys://host/%0d%0aX-Evil:1", "cannot be seen"),
        ("linky-3f2a", "begins with ntfy, ntfys"),
        ("pover://user@token", "apprise+pover://"),
        ("apprise+://x", "is written apprise+SCHEME"),
        ("ntfy://push.example.org/t", "goes in clear"),
        ("json://example.org/x", "write jsons://"),
        ("mailto://smtp.example.org?from=a@b.org", "goes in clear"),
        ("ntfys://host/a/b", "is written ntfys://TOPIC"),
        ("ntfys://host:99999/a", "is written"),
        ("ntfys://ho st/a", "is written"),
        ("mailtos://smtp.example.org", "is written mailtos://"),
        ("mailtos://a:b@smtp.example.org?to=not-a-mailbox", "is written"),
        ("mailtos://a:b@smtp.example.org?mode=telnet", "is written"),
        ("ntfys://host/a?priority=high", "may stand: token"),
        ("jsons://example.org/?+X-Header=1", "headers and fields"),
        ("mailtos://moi:mot@gmail.com", "such as smtp.gmail.com"),
        ("freemobile://moi@key", "is written freemobile://LOGIN@KEY"),
        ("gotifys://host/short", "is written"),
        ("tgram://123:abc/1", "is written tgram://BOT-TOKEN/CHAT-ID"),
        (f"tgram://{_BOT}/", "is written"),
    ],
)
def test_what_is_none_is_one_sentence_that_repeats_nothing_of_it(text, said):
    """But its scheme: the rest may be a password."""
    found = read(text)
    assert isinstance(found, Phrase)
    assert said in str(found)
    # What stands in the forms themselves is nobody's.
    plain = re.sub("bot-token|/token|token@|stand: token", "", str(found).lower())
    assert "token" not in plain


_SECRETS = {
    "ntfys://moi:canary-pass@push.example.org/canary-topic-abcd": "…abcd",
    "freemobile://12345678@canaryKEY4567": "…4567",
    "gotifys://push.example.org/canary-token-9876": "…9876",
    "tgram://123456789:canary-AAEhBOweik6ad9r/5551234": "…1234",
    "mailtos://moi:canary@smtp.example.org?from=a@b.org&to=paul@example.org": "….org",
    "apprise+pover://canary@canary": "://…",
    "jsons://moi:canary@hook.example.org/canary-long-enough-path": "path",
}


@pytest.mark.parametrize(("text", "end"), _SECRETS.items())
def test_of_an_address_scheme_host_and_the_last_four_characters_are_shown(text, end):
    """Not in its repr either, which a traceback would print."""
    found = read(text)
    assert found.has_secret
    for shown in (found.shown, repr(found), f"{found}"):
        assert "canary" not in shown
    assert found.shown.endswith(end)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("ntfys://linky-3f2a", True), ("ntfy://nas.local/linky", False), ("ntfy://moi:x@nas.local/linky", True),
        ("json://192.168.1.4:1880/linky", False), ("jsons://hook.example.org/", False),
        ("jsons://hook.example.org/webhook/abc", True), ("json://nas.local/?sign=abc", True),
        ("mailto://192.168.1.2?from=a@b.org", False), ("mailtos://u:p@smtp.example.org?from=a@b.org", True),
    ],
)  # fmt: skip
def test_what_lets_its_reader_write_in_ones_name_is_a_secret(text, secret):
    """A topic at a stranger's is its own password; a machine of the house without a login is none."""
    assert read(text).has_secret is secret


def test_a_machine_of_the_house_is_known_by_its_number_or_its_name():
    """Private numbers, names of a network at home; no documentation, no loopback."""
    own = ("192.168.1.4", "10.1.2.3", "172.20.0.1", "fd00::1", "nas", "nas.local", "NAS.Home.Arpa", "pi.lan")
    others = ("example.org", "9.9.9.9", "127.0.0.1", "169.254.1.1", "fe80::1", "192.0.2.1", "::1", "local.example.org")
    assert all(map(is_home, own))
    assert not any(map(is_home, others))


_SCHEMES = ("ntfy", "ntfys", "mailto", "mailtos", "json", "jsons", "freemobile", "gotify", "tgram", "apprise+x", "x")


@given(st.sampled_from(_SCHEMES), st.text(max_size=60))
def test_no_text_makes_it_fail(scheme, rest):
    """An address or a sentence; no part of one has a line's end, or a space in what goes into a request's line."""
    found = read(f"{scheme}://{rest}")
    if isinstance(found, NoticeAddress):
        said = [getattr(found, field.name) for field in dataclasses.fields(found)]
        assert all(text.isprintable() for text in said if isinstance(text, str))
        assert " " not in found.path + found.target + found.host
    else:
        assert str(found)
