"""The meter as a process on a pty or a socket: pace, speed, dropouts, commands, and the truth it leaves behind.

Time is measured on the meter's own clock wherever it can be; of the host's only bounds that load cannot break.
"""

from __future__ import annotations

import re
import subprocess
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from meter.process import PROGRAM, MeterError, SimulatedMeter
from servers import wait_until
from tests.tools.meter.reference import DEADLINE_S, Listener, Read, bad_groups, frames_of, good_groups, verified

if TYPE_CHECKING:
    from pathlib import Path


# Data by label, horodates by label.
Spoken = tuple[dict[str, str], dict[str, str]]


def spoken(frame: list[Read]) -> Spoken:
    """A frame as the truth has it: data and horodates by label."""
    dated = {group.label: group.horodate for group in frame if group.horodate is not None}
    return {group.label: group.data for group in frame}, dated


def written(meter: SimulatedMeter) -> list[Spoken]:
    """Data and horodates of every frame in the truth."""
    return [(record["data"], record["horodate"]) for record in meter.truth()]


def runs_in(frames: list[Spoken], truth: list[Spoken]) -> bool:
    """Whether ``frames`` stand in the truth one after the other (two of a second may be the same, so not by index)."""
    return any(truth[at : at + len(frames)] == frames for at, first in enumerate(truth) if first == frames[0])


def size_of(record: dict[str, Any]) -> int:
    """Bytes of a frame of the truth, without its two delimiters."""
    dated = sum(1 + len(text) for text in record["horodate"].values())
    return dated + sum(len(label) + len(data) + 5 for label, data in record["data"].items())


def test_what_arrives_is_what_the_truth_says(tmp_path: Path) -> None:
    """Every whole frame received is in the truth, in order, without a hole, and was written before it was sent."""
    with SimulatedMeter(tmp_path / "tic", speed=20, tariff="tempo", solar=3000, start="2025-06-21T11:00") as meter:
        with Listener(meter.path) as listener:
            frames = [spoken(frame) for frame in frames_of(listener.frames(30))]
        truth = written(meter)
    assert len(frames) >= 30
    assert runs_in(frames, truth)


def test_exact_energies_of_the_truth_agree_with_the_indexes(tmp_path: Path) -> None:
    """EAST and EAIT are the exact watt-milliseconds of the truth cut to watt-hours."""
    with SimulatedMeter(tmp_path / "tic", speed=50, solar=3000, start="2025-06-21T09:00") as meter:
        with Listener(meter.path) as listener:
            listener.frames(20)
        for record in meter.truth():
            assert int(record["data"]["EAST"]) == record["drawn_wms"] // 3_600_000
            assert int(record["data"]["EAIT"]) == record["injected_wms"] // 3_600_000


@pytest.mark.parametrize(("mode", "baud"), [("standard", 9600), ("historic", 1200)])
def test_the_pace_is_the_lines(tmp_path: Path, mode: str, baud: int) -> None:
    """On the meter's clock a frame takes ten bits a character and a gap of 25 ms; on the host's, never less."""
    began = time.monotonic()
    with SimulatedMeter(tmp_path / "tic", speed=20, mode=mode, start="2025-01-15T12:00") as meter:
        with Listener(meter.path, baud) as listener:
            heard = listener.frames(20)
        elapsed = time.monotonic() - began
        frames = meter.truth()
    for one, two in pairwise(frames):
        expected = (size_of(one) + 2) * 10 / baud + 0.025
        assert two["time"] - one["time"] == pytest.approx(expected, abs=0.002)
    assert len(heard) <= baud / 10 * 20 * elapsed


def test_twice_the_same_second_or_a_second_further(tmp_path: Path) -> None:
    """DATE follows the meter's clock: two frames in a row are 0, 1 or 2 seconds apart."""
    out, truth = tmp_path / "out.raw", tmp_path / "truth.jsonl"
    capture(out, "--frames", "40", "--start", "2025-10-26T02:59:40", "--truth", str(truth))
    dates = [frame[2].horodate for frame in frames_of(out.read_bytes())]
    assert len(dates) == 40
    assert all(date is not None for date in dates)
    letters = "".join(str(date)[0] for date in dates)
    assert re.fullmatch("E+H+", letters)
    assert "H251026020000" in dates
    seconds = [int(str(date)[-2:]) for date in dates]
    assert {(two - one) % 60 for one, two in pairwise(seconds)} <= {0, 1, 2}


def test_the_mode_switches_while_it_runs_and_takes_the_speed_with_it(tmp_path: Path) -> None:
    """After `mode historic` the reader hears no valid group until it listens at 1200 Bd, and then historic frames."""
    with SimulatedMeter(tmp_path / "tic", speed=20) as meter, Listener(meter.path) as listener:
        listener.frames(2)
        meter.command("mode historic")
        listener.until(lambda heard: heard.endswith(b"\x00" * 3) or b"\x00@" in heard or b"\x00`" in heard)
        garbage = listener.until(lambda heard: len(heard) > 300)
        assert good_groups(garbage) == 0
        listener.set_speed(1200)
        frames = frames_of(listener.frames(3))
        assert frames[-1][0].label == "ADCO"
        meter.command("mode standard")
        listener.set_speed(9600)
        assert frames_of(listener.frames(3))[-1][0].label == "ADSC"


@pytest.mark.parametrize(("mode", "wrong"), [("standard", 1200), ("historic", 9600), ("standard", 19200)])
def test_at_a_wrong_speed_there_is_no_valid_group(tmp_path: Path, mode: str, wrong: int) -> None:
    """A port set to another speed than the meter's gives garbage with no group in it."""
    with SimulatedMeter(tmp_path / "tic", speed=20, mode=mode) as meter, Listener(meter.path, wrong) as listener:
        heard = listener.until(lambda heard: len(heard) > 1500)
    assert good_groups(heard) == 0


def test_unplugged_and_plugged_again(tmp_path: Path) -> None:
    """`unplug` ends the reader's port and removes the link; `plug` brings a new one, and the meter has lived on."""
    with SimulatedMeter(tmp_path / "tic", speed=20) as meter:
        with Listener(meter.path) as listener:
            before = frames_of(listener.frames(2))[-1]
            meter.command("unplug")
            assert listener.ends()
        assert not (tmp_path / "tic").is_symlink()
        meter.command("plug")
        with Listener(meter.path) as listener:
            after = frames_of(listener.frames(2))[0]
        numbers = [written(meter).index(spoken(frame)) for frame in (before, after)]
    assert numbers[1] > numbers[0]


def test_nobody_reading_neither_blocks_nor_hoards(tmp_path: Path) -> None:
    """Without a reader the meter goes on, and a reader that comes later hears the present, not the past."""
    with SimulatedMeter(tmp_path / "tic", speed=100) as meter:
        wait_until(lambda: len(meter.truth()) >= 100, DEADLINE_S)
        with Listener(meter.path) as listener:
            heard = frames_of(listener.frames(1))[0]
        assert written(meter).index(spoken(heard)) >= 99


def test_a_second_reader_finds_nothing_of_the_first(tmp_path: Path) -> None:
    """What one reader left unread is not there for the next."""
    with SimulatedMeter(tmp_path / "tic", speed=20) as meter:
        with Listener(meter.path) as listener:
            listener.frames(1)
            left = len(meter.truth())
            wait_until(lambda: len(meter.truth()) >= left + 3, DEADLINE_S)
        gone = len(meter.truth())
        wait_until(lambda: len(meter.truth()) >= gone + 2, DEADLINE_S)
        with Listener(meter.path) as listener:
            heard = frames_of(listener.frames(1))[0]
        assert written(meter).index(spoken(heard)) >= gone


def test_a_patient_meter_loses_nothing_to_a_slow_reader(tmp_path: Path) -> None:
    """Much faster than real, `--patient` waits for the reader: every frame arrives, without a hole."""
    with SimulatedMeter(tmp_path / "tic", speed=2000, patient=True) as meter:
        with Listener(meter.path) as listener:
            heard = listener.frames(300)
        frames = [spoken(frame) for frame in frames_of(heard)]
        truth = written(meter)
    assert bad_groups(heard[heard.index(b"\x02") :]) == 0
    assert runs_in(frames, truth)


def test_noise_harms_groups_but_lets_no_wrong_value_through(tmp_path: Path) -> None:
    """With parity checked, noise makes NULs and bad groups; every group that verifies is one of the truth's."""
    with SimulatedMeter(tmp_path / "tic", speed=20, noise=0.005) as meter, Listener(meter.path) as listener:
        heard = listener.frames(20)
        truth = {pair for record in meter.truth() for pair in record["data"].items()}
    assert b"\0" in heard
    assert bad_groups(heard) > 10
    assert {(group.label, group.data) for group in verified(heard)} <= truth


def test_lost_bytes_are_lost(tmp_path: Path) -> None:
    """`drop` takes bytes out of frames while it lasts, and the line is whole again afterwards."""
    with SimulatedMeter(tmp_path / "tic", speed=20) as meter, Listener(meter.path) as listener:
        meter.command("drop 0.05")
        listener.frames(2)
        assert bad_groups(listener.frames(3)) > 5
        meter.command("drop 0")
        listener.frames(3)
        assert bad_groups(listener.frames(3)) == 0


def test_silence_and_then_the_present(tmp_path: Path) -> None:
    """`silence` cuts the frame that is on the line, and the meter goes on unheard."""
    with SimulatedMeter(tmp_path / "tic", speed=20) as meter, Listener(meter.path) as listener:
        listener.frames(2)
        asked = time.monotonic()
        meter.command("silence 0.5")
        before = len(meter.truth())
        heard = frames_of(listener.frames(3))[-1]
        assert time.monotonic() - asked > 0.5
        assert written(meter).index(spoken(heard)) > before


def test_telereading_cuts_a_frame_at_the_end_of_a_group(tmp_path: Path) -> None:
    """`eot` ends the frame after a whole group with EOT, and the next one starts with STX; the truth knows where."""
    with SimulatedMeter(tmp_path / "tic", speed=20, patient=True) as meter, Listener(meter.path) as listener:
        # What is heard last has the beginning of the frame that is cut.
        heard = listener.frames(1)
        meter.command("eot")
        heard += listener.until(lambda heard: b"\x04\x02" in heard and heard.endswith(b"\x03"))
        [cut] = [record for record in meter.records() if record["event"] == "cut"]
    part = heard[: heard.index(b"\x04")].rpartition(b"\x02")[2]
    assert part.endswith(b"\r")
    assert part.count(b"\r") == cut["groups"]


def test_an_overload_cuts_the_long_frame_of_a_three_phase_meter(tmp_path: Path) -> None:
    """A three-phase historic frame in which an overload begins ends with EOT, and short frames follow."""
    with SimulatedMeter(tmp_path / "tic", speed=5, mode="historic", phases=3, power=12) as meter:
        with Listener(meter.path, 1200) as listener:
            listener.frames(1)
            listener.until(lambda heard: b"ADCO" in heard)
            meter.command("overload on")
            heard = listener.until(lambda heard: b"\x04" in heard and heard.count(b"ADIR1") > 3)
        assert heard.index(b"\x04") < heard.index(b"ADIR1")
        assert any(record["event"] == "cut" for record in meter.records())


def test_a_tcp_port_serves_every_client(tmp_path: Path) -> None:
    """Over TCP each client gets frames, one that leaves harms nobody, and `unplug` ends the connections."""
    with SimulatedMeter(tmp_path / "tic", tcp="127.0.0.1:0", speed=20) as meter:
        assert meter.path.startswith("socket://127.0.0.1:")
        with Listener(meter.path) as listener:
            with Listener(meter.path) as other:
                other.frames(2)
            assert frames_of(listener.frames(3))
            meter.command("unplug")
            assert listener.ends()
        meter.command("plug")
        with Listener(meter.path) as listener:
            assert frames_of(listener.frames(2))


def test_an_unknown_command_is_refused_and_nothing_stops(tmp_path: Path) -> None:
    """A command nobody knows is answered with one sentence, and the meter goes on."""
    with SimulatedMeter(tmp_path / "tic", speed=20) as meter:
        for text in ("dance", "noise 7", "silence -1", "tariff x"):
            with pytest.raises(MeterError, match=r"^error: "):
                meter.command(text)
        with Listener(meter.path) as listener:
            assert frames_of(listener.frames(2))


def test_the_link_goes_with_the_process(tmp_path: Path) -> None:
    """A stopped meter leaves no link, and never takes the place of a file."""
    with SimulatedMeter(tmp_path / "tic") as meter:
        assert (tmp_path / "tic").is_symlink()
        meter.process.terminate()
        assert meter.process.wait(DEADLINE_S) == 0
        assert not (tmp_path / "tic").is_symlink()
    (tmp_path / "tic").write_text("mine")
    with pytest.raises(MeterError, match="is not a symbolic link"), SimulatedMeter(tmp_path / "tic"):
        pass
    assert (tmp_path / "tic").read_text() == "mine"


def test_the_meter_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    """When the pipe of commands closes, a meter told so stops and cleans up."""
    with SimulatedMeter(tmp_path / "tic") as meter:
        assert meter.process.stdin is not None
        meter.process.stdin.close()
        assert meter.process.wait(DEADLINE_S) == 0
    assert not (tmp_path / "tic").is_symlink()


def capture(out: Path, *options: str) -> None:
    """A capture made as fast as possible."""
    subprocess.run([str(PROGRAM), "run", "--out", str(out), *options], check=True, timeout=60)


def test_the_same_seed_makes_the_same_capture(tmp_path: Path) -> None:
    """A capture depends on its options alone, injuries included."""
    options = ("--frames", "30", "--start", "2025-01-15T18:00", "--noise", "0.01", "--tariff", "hc")
    names = [tmp_path / name for name in ("one", "two", "three")]
    for name, seed in zip(names, ("1", "1", "2"), strict=True):
        capture(name, *options, "--seed", seed)
    one, two, three = (name.read_bytes() for name in names)
    assert one == two != three
    assert one.count(b"\x03") > 20


def test_a_capture_replayed_and_captured_again_is_the_same(tmp_path: Path) -> None:
    """Replay plays a file whole at its mode's speed; capture finds the mode and writes down what it hears."""
    source, copy = tmp_path / "source.raw", tmp_path / "copy.raw"
    capture(source, "--frames", "4", "--mode", "historic", "--tariff", "tempo", "--phases", "3")
    with SimulatedMeter(tmp_path / "tic", replay=source, loop=True, speed=10) as meter:
        command = [str(PROGRAM), "capture", "--port", meter.path, "--mode", "historic", "--seconds", "2", str(copy)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert re.match(r"\d+ bytes at 1200 Bd, \d+ good groups, \d bad", done.stdout)
    whole = re.findall(rb"\x02[^\x03]*\x03", copy.read_bytes())
    assert len(whole) >= 2
    assert set(whole) <= set(re.findall(rb"\x02[^\x03]*\x03", source.read_bytes()))


def test_capture_finds_the_speed_of_a_historic_meter(tmp_path: Path) -> None:
    """Without a mode, capture tries 9600 Bd, then 1200, and keeps what has valid groups."""
    out = tmp_path / "out.raw"
    with SimulatedMeter(tmp_path / "tic", mode="historic", speed=10) as meter:
        command = [str(PROGRAM), "capture", "--port", meter.path, "--seconds", "0.5", str(out)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert "at 1200 Bd" in done.stdout
    assert good_groups(out.read_bytes()) > 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--tcp", "nowhere"], "TCP address 'nowhere' is not HOST:PORT"),
        (["run", "--stdout", "--frames", "1", "--start", "x"], "start time 'x' is not understood"),
        (["run", "--stdout", "--frames", "1", "--noise", "2"], "'2' is not a probability"),
        (["run", "--stdout", "--frames", "1", "--serial", "12"], "is not made of 6 digits"),
        (["capture", "--port", "/dev/null", "{tmp}/x"], "/dev/null is not a serial port"),
        (["capture", "--port", "socket://x", "{tmp}/x"], "socket://x cannot be opened: not HOST:PORT"),
        (["replay", "{tmp}/none", "--stdout"], "none: No such file or directory"),
        (["replay", str(PROGRAM), "--stdout"], "the mode cannot be guessed"),
    ],
)
def test_a_mistake_is_one_clear_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    """Whatever is wrong, the person gets a sentence and no traceback."""
    given = [argument.format(tmp=tmp_path) for argument in arguments]
    done = subprocess.run([str(PROGRAM), *given], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode in {1, 2}
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_it_runs_where_nothing_is_installed(tmp_path: Path) -> None:
    """The tool needs the standard library alone, from any folder, without site packages or environment."""
    command = ["/usr/bin/env", "-i", "PATH=/usr/bin:/bin", "python3", "-I", "-S", str(PROGRAM), "run", "--stdout"]
    done = subprocess.run([*command, "--frames", "2"], check=True, capture_output=True, cwd=tmp_path, timeout=60)
    assert len(frames_of(done.stdout)) == 2
