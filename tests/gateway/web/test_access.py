"""Who may see the page: what the file keeps, how often somebody may try, how long a session lasts."""

import hashlib
import json

import pytest

from gateway.errors import AccessError
from gateway.web.access.access import MOST_DEVICES, MOST_LINKS, PageAccess, Viewer
from gateway.web.access.sessions import IDLE_S, BrowserSessions, Limiter

PASSWORD = "canary-phrase-de-passe"
DAY_S = 86_400


@pytest.fixture
def access(tmp_path):
    """A page that nobody has visited yet."""
    return PageAccess(tmp_path / "page.json")


def test_the_code_sets_one_password_and_is_used_up(access, tmp_path):
    """However it is typed; a new one makes the older one worthless; what was set is there after a restart."""
    old, code = access.make_code(), access.make_code()
    assert not access.ready
    assert not access.code_fits(old)
    assert access.code_fits(f" {code.lower().replace('-', ' ')} ")
    access.set_password(PASSWORD)
    assert access.ready
    assert not access.code_fits(code)
    again = PageAccess(tmp_path / "page.json")
    assert again.password_fits(PASSWORD)
    assert not again.password_fits(PASSWORD + "x")


def test_r2_a_password_is_kept_as_scrypt_of_its_own_salt(access, tmp_path):
    """R2: two houses with the same password keep different bytes, which the standard library's scrypt makes."""
    access.set_password(PASSWORD)
    other = PageAccess(tmp_path / "other.json")
    other.set_password(PASSWORD)
    one, two = (json.loads((tmp_path / name).read_text())["password"] for name in ("page.json", "other.json"))
    assert one["hash"] != two["hash"]
    assert one["n"] * one["r"] * one["p"] >= 2**14 * 8 * 5
    kept = access._kept.password
    assert hashlib.scrypt(PASSWORD.encode(), salt=kept.salt, n=kept.n, r=kept.r, p=kept.p, dklen=32) == kept.hash


def test_r8_r9_the_file_has_no_secret_and_one_reader(access, tmp_path):
    """R8, R9: neither password, code nor token stands in it, and only its owner may read it."""
    code = access.make_code()
    access.set_password(PASSWORD)
    token = access.add_link("salon", 1)
    text = (tmp_path / "page.json").read_text()
    assert not [secret for secret in (PASSWORD, code, code.replace("-", ""), token) if secret in text]
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()} == {"page.json": "0o600"}


def test_a_code_from_a_screen_passes_and_leaves_the_printed_one_alone(access, tmp_path, monkeypatch):
    """Good for ten minutes and for one password; nothing of it is in the file."""
    now = [1000.0]
    monkeypatch.setattr("gateway.web.access.access.time.monotonic", lambda: now[0])
    shown = access.make_passing_code()
    assert not (tmp_path / "page.json").exists()
    assert access.has_code
    assert access.code_fits(shown)
    now[0] += 601
    assert not access.code_fits(shown)
    assert not access.has_code
    now[0] -= 601
    printed = access.make_code()
    assert access.code_fits(printed)
    access.set_password(PASSWORD)
    assert not access.code_fits(shown)
    assert not access.has_code


@pytest.mark.parametrize("password", ["", "elevensigns", "x" * 257])
def test_a_password_that_is_too_short_is_refused(access, password):
    """Nothing is kept of it, and the page stays closed."""
    with pytest.raises(AccessError, match="12 to 256 characters"):
        access.set_password(password)
    assert not access.ready


def test_a_display_looks_until_it_is_removed(access):
    """Each by its own link; one in a public place is a guest; names are given once, and there is an end of them."""
    wall, hall = access.add_link("salon", 1), access.add_link("hall", 2, Viewer.GUEST)
    assert [access.role_of(token) for token in (wall, hall, "", "x")] == [Viewer.DISPLAY, Viewer.GUEST, None, None]
    with pytest.raises(AccessError, match="'salon' already"):
        access.add_link("salon", 3, Viewer.GUEST)
    access.remove_link("salon")
    assert access.role_of(wall) is None
    for number in range(MOST_LINKS - 1):
        access.add_link(str(number), 4)
    with pytest.raises(AccessError, match="remove one first"):
        access.add_link("one more", 5)


@pytest.mark.parametrize("content", [b"", b"{", b'{"password": 1}', b"\xff"])
def test_a_damaged_file_is_a_sentence_that_says_what_to_do(tmp_path, content):
    """It is not taken for a page without a password."""
    (tmp_path / "page.json").write_bytes(content)
    with pytest.raises(AccessError, match="linky-gateway page code"):
        PageAccess(tmp_path / "page.json")


def test_a_file_that_cannot_be_written_changes_nothing(tmp_path):
    """A card that is full keeps the password as it was."""
    access = PageAccess(tmp_path / "nowhere" / "page.json")
    with pytest.raises(AccessError, match="nothing was changed"):
        access.set_password(PASSWORD)
    assert not access.ready


def test_r2_five_tries_a_minute_and_ever_fewer_when_they_are_wrong():
    """R2: after five wrong ones a minute, then two, four, up to fifteen; another visitor is not hindered."""
    limiter, now, waits = Limiter(), 0.0, []
    for _ in range(12):
        while wait := limiter.wait_s("192.168.1.9", now):
            waits.append(round(wait))
            now += wait
        limiter.failed("192.168.1.9", now)
    assert waits == [60, 120, 240, 480, 900, 900, 900]
    assert limiter.wait_s("192.168.1.10", now) == 0
    limiter.succeeded("192.168.1.9")
    assert limiter.wait_s("192.168.1.9", now) == 0


def test_r2_many_addresses_are_no_way_around_the_limit():
    """R2: all strangers together have thirty tries at once, then one each half minute; who is known has its own."""
    limiter = Limiter()
    assert sum(limiter.wait_s("10.9.9.8", 0.0) == 0 for _ in range(20)) == 5
    assert sum(limiter.wait_s(f"10.0.{n // 250}.{n % 250}", 0.0) == 0 for n in range(1000)) == 25
    assert limiter.wait_s("10.9.9.9", 0.0) == 30
    assert limiter.wait_s("phone", 0.0, known=True) == 0
    assert limiter.wait_s("10.9.9.9", 31.0) == 0
    assert limiter.wait_s("10.9.9.7", 31.0) > 0


def test_devices_are_known_by_what_only_they_have(access, tmp_path):
    """By its hash; of too many the oldest goes; a changed password keeps them, a code or an erasure does not."""
    tokens = [access.know_device("", number) for number in range(MOST_DEVICES + 1)]
    assert access.device_of(tokens[0]) is None
    assert access.know_device(tokens[1], 10 * DAY_S) == tokens[1]
    access.know_device("guessed", 10 * DAY_S)
    again = PageAccess(tmp_path / "page.json")
    assert [again.device_of(token) is not None for token in tokens] == [
        False,
        True,
        False,
        *[True] * (MOST_DEVICES - 2),
    ]
    assert not [token for token in tokens if token in (tmp_path / "page.json").read_text()]
    access.set_password(PASSWORD)
    assert access.device_of(tokens[1])
    access.set_password(PASSWORD, by_code=True)
    assert access.device_of(tokens[1]) is None
    token = access.know_device("", 0)
    access.forget()
    assert access.device_of(token) is None


def test_a_session_ends_when_it_is_not_used():
    """Two weeks after it was last seen, when it is closed, or when all are; of many the oldest goes."""
    sessions = BrowserSessions()
    used, idle, closed = (sessions.open(0.0) for _ in range(3))
    sessions.close(closed)
    assert sessions.find(used, IDLE_S)
    assert sessions.find(used, 2 * IDLE_S)
    assert sessions.find(idle, IDLE_S + 1) is None
    assert sessions.find(closed, 1.0) is None
    for _ in range(50):
        last = sessions.open(2 * IDLE_S)
    assert sessions.find(used, 2 * IDLE_S) is None
    sessions.close_all()
    assert sessions.find(last, 2 * IDLE_S) is None
