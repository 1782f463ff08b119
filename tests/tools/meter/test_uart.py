"""What a reader's port makes of the line: parity, loss, and a wrong speed."""

from __future__ import annotations

from meter.uart import SimulatedUart, UartSettings

TEXT = b"\x02\nADCO 021861000001 *\r\nPAPP 02070 *\r\x03" * 40


def test_a_quiet_line_changes_nothing() -> None:
    """Without injuries a port at the right speed delivers what was sent."""
    assert SimulatedUart().carry(TEXT, 1200, UartSettings(1200)) == TEXT


def test_a_flipped_bit_reads_as_nul_where_parity_is_checked() -> None:
    """With parity checked no wrong character comes through: it is right or NUL; unchecked, wrong ones do."""
    checked, unchecked = SimulatedUart(3), SimulatedUart(3)
    checked.noise = unchecked.noise = 0.05
    got = checked.carry(TEXT, 1200, UartSettings(1200, check_parity=True))
    assert {mine for mine, sent in zip(got, TEXT, strict=True) if mine != sent} == {0}
    raw = unchecked.carry(TEXT, 1200, UartSettings(1200))
    assert max(raw) < 0x80
    assert any(mine not in {sent, 0} for mine, sent in zip(raw, TEXT, strict=True))
    dropped = SimulatedUart(3)
    dropped.noise = 0.05
    assert dropped.carry(TEXT, 1200, UartSettings(1200, check_parity=True, drop_bad=True)) == got.replace(b"\0", b"")


def test_an_eight_bit_port_sees_the_parity_in_bit_7() -> None:
    """An 8N1 port delivers each character with even parity in its highest bit."""
    got = SimulatedUart().carry(TEXT, 9600, UartSettings(9600, eight_bits=True))
    assert bytes(byte & 0x7F for byte in got) == TEXT
    assert all(byte.bit_count() % 2 == 0 for byte in got)


def test_lost_characters_are_gone_and_the_same_seed_loses_the_same() -> None:
    """Loss takes about its share, and repeats itself."""

    def lossy(seed: int) -> bytes:
        uart = SimulatedUart(seed)
        uart.drop = 0.1
        return uart.carry(TEXT, 1200, UartSettings(1200))

    assert lossy(1) == lossy(1) != lossy(2)
    assert 0.8 < len(lossy(1)) / len(TEXT) < 0.97


def test_a_slow_line_read_too_fast_is_nul_and_five_letters() -> None:
    """A 1200 Bd line read at 9600 gives NUL @ ` p x | and no delimiter, as owners of such ports report."""
    got = SimulatedUart().carry(TEXT, 1200, UartSettings(9600))
    assert set(got) <= set(b"\0@`px|")
    assert len(set(got)) > 3


def test_a_fast_line_read_too_slowly_gives_few_bytes() -> None:
    """A 9600 Bd line read at 1200 gives one byte in eight to ten or so."""
    got = SimulatedUart().carry(TEXT, 9600, UartSettings(1200))
    assert 1 / 14 < len(got) / len(TEXT) < 1 / 7


def test_speeds_next_to_each_other_garble_whatever_the_cut() -> None:
    """The way the stream is cut does not change what is heard, and a corrected speed hears rightly at once."""
    whole, cut = SimulatedUart(), SimulatedUart()
    pieces = b"".join(cut.carry(TEXT[n : n + 7], 1200, UartSettings(2400)) for n in range(0, len(TEXT), 7))
    assert pieces == whole.carry(TEXT, 1200, UartSettings(2400))
    assert cut.carry(TEXT, 1200, UartSettings(1200)) == TEXT
