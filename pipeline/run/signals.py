"""SIGINT, SIGTERM, SIGHUP: the first one lets the work in hand end in good order; a second one and the deadline do not.

Python runs its signal handlers in the main thread, between two bytecodes: while that thread is in a long call of
TensorFlow, none runs. So a thread of ours is told of signals too, by `signal.set_wakeup_fd`, and ends the process

- at a second signal, at once; a SIGHUP is no second one, as nobody asks by it for more haste: the shell and the kernel
  both send one when a terminal is closed, and systemd sends one together with SIGTERM;
- `SECONDS` after the first one, whatever the main thread does then: whether it is still in its step, writes a snapshot,
  closes files after `leave()`, or was interrupted where it did not defer anything. It may be stuck there too, and the
  exception may be lost in a finalizer.

The deadline costs nothing that was whole, as all files are written beside and renamed. It ends with `uninstall()`:
where a command is run in a process that goes on, as in tests, an interruption that was dealt with has no later effect.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

CODES: dict[int, int] = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}
"""The exit code of a process that a signal asked to leave; to lose the terminal counts as to be terminated."""
SECONDS = 4.0
"""How long leaving may take; what the operating system still has to tidy up is done within 5 seconds."""


def install() -> None:
    """Watches for SIGINT, SIGTERM and SIGHUP until `uninstall()`; does nothing outside of the main thread.

    May be called again before that; each call needs an `uninstall()` of its own. A signal that the process ignores, as
    SIGINT is in the background of a shell script and SIGHUP under nohup, stays ignored.
    """
    global _watch  # noqa: PLW0603
    if threading.current_thread() is not threading.main_thread():
        return
    if _watch is None:
        _watch = _Watch()
    _watch.installs += 1


def uninstall() -> None:
    """Ends what `install()` began: signals have the handlers of before, and the deadline no longer counts."""
    global _watch
    if _watch is None or threading.current_thread() is not threading.main_thread():
        return
    _watch.installs -= 1
    if not _watch.installs:
        ended, _watch = _watch, None
        ended.close()


@contextmanager
def deferred() -> Iterator[None]:
    """Within it, the first signal only notes that leaving is asked for; without it, that signal raises at once.

        with signals.deferred():
            for block in blocks:
                train(block)
                if signals.requested():
                    write_snapshot()
                    signals.leave()

    Blocks may be nested. If a signal came and nobody has left by the end of the outermost, that raises as `leave()`
    does, also in place of an error: the signal may well be its reason, as Ctrl-C reaches child processes too.

    Raises:
        KeyboardInterrupt: At its end, SIGINT came.
        SystemExit: At its end, SIGTERM or SIGHUP came.
    """
    watch = _watch
    if watch is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    watch.blocks += 1
    try:
        yield
    except Exception:
        watch.blocks -= 1
        watch.leave_if_asked()
        raise
    except BaseException:
        watch.blocks -= 1
        raise
    watch.blocks -= 1
    watch.leave_if_asked()


def requested() -> bool:
    """Whether a signal asks to leave; False where nothing is installed."""
    return _watch is not None and _watch.asked is not None


def leave() -> NoReturn:
    """Leaves as the signal asks; the deadline that began with the signal stays.

    Raises:
        KeyboardInterrupt: For SIGINT, and if no signal came.
        SystemExit: With code 143, for SIGTERM and SIGHUP.
    """
    if _watch is None or _watch.asked is None:
        raise KeyboardInterrupt
    _watch.leave()


class _Watch:
    """What watches for signals.

    Attributes:
        installs: Calls of `install()` without their `uninstall()`.
        blocks: Deferred blocks that the main thread is in.
        asked: The signal that asks to leave.
    """

    def __init__(self) -> None:
        self.installs, self.blocks = 0, 0
        self.asked: int | None = None
        self._leaving = False
        self._reader, self._writer = os.pipe()
        # The process may never wait for a watching thread that lags behind.
        os.set_blocking(self._writer, False)
        self._thread = threading.Thread(target=self._guard, name="interruption", daemon=True)
        self._thread.start()
        self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._before: dict[int, Any] = {
            number: signal.signal(number, self._note)
            for number in CODES
            if signal.getsignal(number) not in (signal.SIG_IGN, None)
        }

    def close(self) -> None:
        """Puts all back as it was."""
        self._restore()
        os.write(self._writer, b"\0")
        self._thread.join()
        self._close_pipe()

    def close_in_child(self) -> None:
        """Does so in a forked process, which has no thread of ours but the same pipe to the one of its parent."""
        self._wakeup = -1
        self._restore()
        self._close_pipe()

    def leave_if_asked(self) -> None:
        """Leaves at the end of the outermost block, unless someone already does."""
        if self.asked is not None and not self.blocks and not self._leaving:
            self.leave()

    def leave(self) -> NoReturn:
        """Raises what the signal means."""
        self._leaving = True
        if self.asked in (None, signal.SIGINT):
            raise KeyboardInterrupt
        raise SystemExit(CODES[self.asked])

    def _restore(self) -> None:
        for number, handler in self._before.items():
            # Whoever has put one of their own in its place keeps it.
            if signal.getsignal(number) == self._note:
                signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)

    def _close_pipe(self) -> None:
        os.close(self._reader)
        os.close(self._writer)

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # What a second one means is up to the thread, which is told of them in the order in which they came.
        if self.asked is not None:
            return
        self.asked = number
        if not self.blocks:
            self.leave()

    def _guard(self) -> None:
        """Ends the process at a second signal or the deadline; runs in the thread."""
        first, deadline = 0, None
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([self._reader], [], [], left)[0]:
                os._exit(CODES[first])
            for number in os.read(self._reader, 1024):
                if number == 0:
                    return
                # A debugger may have taken a signal over.
                if number not in CODES or signal.getsignal(number) != self._note:
                    continue
                if deadline is None:
                    first, deadline = number, time.monotonic() + SECONDS
                elif number != signal.SIGHUP:
                    os._exit(CODES[number])


def _before_fork() -> None:
    # Else a worker could be terminated while it still has the handlers of its parent.
    _fork.mask = signal.pthread_sigmask(signal.SIG_BLOCK, CODES) if _watch is not None else None


def _after_fork() -> None:
    if _fork.mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _fork.mask)


def _after_fork_in_child() -> None:
    """Lets a forked process have no part in this: a worker that is terminated must end, and not tell its parent so."""
    global _watch
    if _watch is not None:
        ended, _watch = _watch, None
        ended.close_in_child()
    _after_fork()


_watch: _Watch | None = None
_fork = threading.local()
os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
