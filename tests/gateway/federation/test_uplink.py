"""How much may be on the way to one's own server, by how fast it takes it."""

from gateway.federation.connection.uplink import MOST_BYTES, Uplink

A, B, C, D = (("coop@sen2.test", name) for name in "abcd")


def test_a_server_that_is_quick_is_sent_a_window():
    """Up to what the next ping may have to wait for."""
    uplink = Uplink()
    assert not uplink.full(30_000, 0)
    for key in (A, B):
        uplink.sent(key, 30_000, 0)
    assert not uplink.full(30_000, 0)
    uplink.sent(C, 30_000, 0)
    assert uplink.full(30_000, 0)
    uplink.taken(A, 0.01)
    assert not uplink.full(30_000, 0.01)
    assert MOST_BYTES == 90_000


def test_one_that_lags_is_sent_one_message_at_a_time():
    """By what it took, and by what it has not taken for a second: what is under way cannot be withdrawn."""
    uplink = Uplink()
    uplink.sent(A, 30_000, 0)
    assert not uplink.full(30_000, 0.5)
    assert uplink.full(30_000, 3.1)
    uplink.taken(A, 3.2)
    assert not uplink.full(30_000, 3.2)
    uplink.sent(B, 30_000, 3.2)
    assert uplink.full(30_000, 3.2)
    uplink.taken(B, 3.21)
    uplink.sent(C, 30_000, 3.3)
    assert not uplink.full(30_000, 3.3)


def test_small_messages_share_what_a_slow_line_takes_in_a_second():
    """Ten recipients of a kilobyte each need not wait for one another."""
    uplink = Uplink()
    uplink.sent(A, 1_000, 0)
    uplink.taken(A, 0.1)
    for number in range(10):
        assert not uplink.full(30_000, 1)
        uplink.sent(("r", str(number)), 1_000, 1)
    assert not uplink.full(30_000, 1)
    uplink.sent(D, 1_000, 1)
    assert uplink.full(30_000, 1)
    uplink.forget(D)
    assert not uplink.full(30_000, 1)
    uplink.sent(D, 1_000, 1)
    uplink.begin()
    assert not uplink.full(30_000, 1)
