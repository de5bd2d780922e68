"""Signals: deferred work ends in good order, a second signal and the deadline end the process, nothing is left over."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.run import signals

HASTY = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
"""Those that end the process at once where they come second."""
CODES = [*HASTY, (signal.SIGHUP, 143)]
IN_MAIN = """
import hashlib, os, signal, sys, threading
from pipeline.run import signals

def main():
    signals.install()
    try:
        work()
        print("end of work")
        return 0
    except KeyboardInterrupt:
        return 130
    except SystemExit as request:
        return request.code
    finally:
        signals.uninstall()

def say(text):
    print(text, flush=True)

{work}
code = main()
print("main returned", code, flush=True)
sys.exit(code)
"""
DEFERRED_LOOP = """
def work():
    with signals.deferred():
        say("ready")
        while not signals.requested():
            pass
        say("snapshot")
        signals.leave()
"""
STUCK_IN_DEFERRED = """
def work():
    with signals.deferred():
        say("ready")
        # One call that no handler of Python's interrupts.
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""
STUCK_IN_CLOSING = """
def work():
    with signals.deferred():
        say("ready")
        while not signals.requested():
            pass
        try:
            signals.leave()
        finally:
            say("closing")
            threading.Event().wait()
"""


@pytest.fixture
def start() -> Iterator[Callable[[str], "subprocess.Popen[str]"]]:
    """Starts a script, and waits until it says that it is ready."""
    started = []

    def run(work: str) -> "subprocess.Popen[str]":
        script = IN_MAIN.format(work=work)
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def installed() -> Iterator[None]:
    signals.install()
    yield
    signals.uninstall()


@pytest.mark.parametrize(("number", "code"), CODES)
def test_deferred_work_ends_in_good_order(
    number: int, code: int, start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    process = start(DEFERRED_LOOP)
    process.send_signal(number)
    assert _rest(process) == f"snapshot\nmain returned {code}\n"
    assert process.wait() == code


@pytest.mark.exhaustive
@pytest.mark.parametrize(("number", "code"), HASTY)
@pytest.mark.parametrize("work", [STUCK_IN_DEFERRED, STUCK_IN_CLOSING])
def test_stuck_process_leaves_within_5_seconds(
    work: str, number: int, code: int, start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    process = start(work)
    asked = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=10) == code
    assert signals.SECONDS <= time.monotonic() - asked < 5


@pytest.mark.parametrize(("number", "code"), HASTY)
def test_second_signal_leaves_at_once(number: int, code: int, start: Callable[..., "subprocess.Popen[str]"]) -> None:
    process = start(STUCK_IN_CLOSING)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stdout.readline() == "closing\n"
    asked = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=10) == code
    assert time.monotonic() - asked < 1


def test_terminated_worker_ends_and_does_not_end_its_parent(start: Callable[..., "subprocess.Popen[str]"]) -> None:
    process = start("""
import multiprocessing

def work():
    with signals.deferred():
        worker = multiprocessing.get_context("fork").Process(target=threading.Event().wait)
        worker.start()
        worker.terminate()
        worker.join()
        say("ready")
        print(worker.exitcode, signals.requested(), signals._watch._thread.is_alive())
""")
    assert _rest(process) == "-15 False True\nend of work\nmain returned 0\n"


def test_ctrl_c_of_a_whole_group_is_one_signal(start: Callable[..., "subprocess.Popen[str]"]) -> None:
    process = start("""
import multiprocessing

def work():
    os.setpgid(0, 0)
    reader, writer = os.pipe()

    def pause():
        os.write(writer, b"!")
        signal.pause()

    with signals.deferred():
        workers = [multiprocessing.get_context("fork").Process(target=pause) for _ in range(3)]
        for worker in workers:
            worker.start()
            os.read(reader, 1)
        say("ready")
        os.killpg(0, signal.SIGINT)
        for worker in workers:
            worker.join()
        say("snapshot")
        signals.leave()
""")
    assert _rest(process) == "snapshot\nmain returned 130\n"


@pytest.mark.parametrize("first", ["SIGHUP", "SIGTERM"])
def test_hangup_after_another_signal_changes_nothing(first: str, start: Callable[..., "subprocess.Popen[str]"]) -> None:
    # As where a terminal is closed, or systemd ends a session.
    process = start(f"""
def work():
    with signals.deferred():
        say("ready")
        os.kill(os.getpid(), signal.{first})
        os.kill(os.getpid(), signal.SIGHUP)
        # The thread, which would end the process, is given the time to.
        signals._watch._thread.join(0.3)
        say("snapshot")
        signals.leave()
""")
    assert _rest(process) == "snapshot\nmain returned 143\n"


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_ignored_signal_stays_ignored(name: str, start: Callable[..., "subprocess.Popen[str]"]) -> None:
    process = start(f"""
signal.signal(signal.{name}, signal.SIG_IGN)

def work():
    say("ready")
    os.kill(os.getpid(), signal.{name})
""")
    assert _rest(process) == "end of work\nmain returned 0\n"


def test_signal_outside_deferred_work_raises_at_once(installed: None) -> None:
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_end_of_the_outermost_deferred_block_raises_if_nobody_left(installed: None) -> None:
    reached = []
    with pytest.raises(SystemExit, match="143"), signals.deferred():  # noqa: PT012
        with signals.deferred():
            os.kill(os.getpid(), signal.SIGTERM)
        reached.append(signals.requested())
    assert reached == [True]


def test_leaving_takes_the_place_of_an_error_that_the_signal_may_have_caused(installed: None) -> None:
    with pytest.raises(KeyboardInterrupt) as raised, signals.deferred():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        raise BrokenPipeError("a worker is gone")
    assert isinstance(raised.value.__context__, BrokenPipeError)


def test_deferred_block_while_leaving_does_not_raise_again(installed: None) -> None:
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    with signals.deferred():
        pass


def test_without_install_nothing_is_watched() -> None:
    before = signal.getsignal(signal.SIGINT)
    with signals.deferred():
        assert signal.getsignal(signal.SIGINT) is before
        assert not signals.requested()
    with pytest.raises(KeyboardInterrupt):
        signals.leave()


def test_outside_of_the_main_thread_nothing_is_installed() -> None:
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=signals.install)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before


def test_nothing_is_left_of_many_commands_in_one_process() -> None:
    before = _state()
    for _ in range(20):
        signals.install()
        signals.install()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        signals.uninstall()
        assert signals.requested()
        signals.uninstall()
        assert not signals.requested()
    assert _state() == before


def _rest(process: "subprocess.Popen[str]") -> str:
    """Returns what a process still says until it ends, which a worker that is left over would delay."""
    assert process.stdout is not None
    return process.stdout.read()


def _state() -> tuple[object, ...]:
    wakeup = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakeup)
    handlers = [signal.getsignal(number) for number, _ in CODES]
    return wakeup, handlers, threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
