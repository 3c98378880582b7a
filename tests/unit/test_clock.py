"""A machine's clock: what other processes of the host take is not the guest's time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mpy_harness.machines import clock as clock_module
from mpy_harness.machines.clock import Clock, ThreadWaits, receive


class Host:
    """A host whose clock and waits are set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.waits: dict[str, float] = {}
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(monkeypatch)


def test_without_waits_it_is_the_hosts_clock(host: Host) -> None:
    clock = Clock()
    host.now += 7.5
    assert clock.now() == 107.5
    assert clock.lost == 0


def test_what_threads_waited_is_left_out(host: Host) -> None:
    host.waits = {"main": 50.0, "core": 3.0}  # of before
    clock = Clock(lambda: dict(host.waits))
    host.now += 10
    host.waits |= {"core": 9.0, "born later": 0.5}
    assert clock.now() == pytest.approx(103.5)
    assert clock.lost == pytest.approx(6.5)
    host.now += 2
    del host.waits["main"]  # a thread that has ended
    assert clock.now() == pytest.approx(105.5)


def test_it_never_stands_still(host: Host) -> None:
    clock = Clock(lambda: dict(host.waits))
    before = clock.now()
    for _ in range(100):
        host.now += 10
        host.waits = {"core": host.now * 5}
        assert clock.now() > before
        before = clock.now()
    assert clock.now() == pytest.approx(100 + 0.05 * 1000)


def test_a_thread_that_ended_is_no_time_won(host: Host) -> None:
    host.waits = {"core": 9.0}
    clock = Clock(lambda: dict(host.waits))
    host.now += 1
    host.waits = {"core": 1.0}  # its number was given to another
    assert clock.now() == 101


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux' /proc")
def test_a_process_that_has_to_share_its_processor() -> None:
    one = min(os.sched_getaffinity(0))
    busy = [sys.executable, "-c", f"import os\nos.sched_setaffinity(0, {{{one}}})\nprint(flush=True)\nwhile True: pass"]
    both = [subprocess.Popen(busy, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for process in both:
            assert process.stdout is not None
            process.stdout.readline()
        clock = Clock(ThreadWaits(both[0].pid))
        started, its = time.monotonic(), clock.now()
        time.sleep(0.6)
        mine, passed = clock.now() - its, time.monotonic() - started
        assert mine < 0.8 * passed  # a half, where nothing else runs there
        both[1].kill()
    finally:
        for process in both:
            process.kill()
            process.communicate()
    assert not [thread for thread in ThreadWaits(both[0].pid)() if str(both[0].pid) in thread]


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux' /proc")
def test_a_wait_that_goes_on_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host) -> None:
    # Linux adds a wait to its figures when it is over.
    thread = tmp_path / "7" / "task" / "7"
    thread.mkdir(parents=True)

    def say(ran: int, waited: int, state: str) -> None:
        (thread / "schedstat").write_text(f"{ran} {waited} 3\n")
        (thread / "stat").write_text(f"7 (a name) ) {state} 1 7\n")

    monkeypatch.setattr(clock_module, "_PROC", tmp_path)
    waits, name = ThreadWaits(7), str(thread)
    say(1_000_000_000, 500_000_000, "R")
    assert waits()[name] == 0.5
    host.now += 1  # it may have come into the queue a moment ago
    assert waits()[name] == 0.5
    host.now += 2
    assert waits()[name] == 2.5
    say(1_000_000_000, 500_000_000, "S")
    assert waits()[name] == 0.5
    say(1_000_100_000, 3_900_000_000, "R")
    assert waits()[name] == 3.9
    host.now += 3
    say(1_100_000_000, 3_900_000_000, "R")
    assert waits()[name] == 3.9


def test_receiving_waits_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, its = socket.socketpair()
    with ours, its:
        clock = Clock()
        its.sendall(b"here")
        assert receive(ours, 100, clock, clock.now() - 1) == b"here"  # it was there in time
        with pytest.raises(TimeoutError):
            receive(ours, 100, clock, clock.now() + 0.01)
        looks = iter([False, False, True])
        monkeypatch.setattr(clock, "is_past", lambda _: next(looks))
        with pytest.raises(TimeoutError):
            receive(ours, 100, clock, clock.now() + 0.001)
        assert list(looks) == []
        its.close()
        assert receive(ours, 100, clock, clock.now() + 5) == b""
