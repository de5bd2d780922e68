"""SIGINT, SIGTERM, SIGHUP: the first lets current work end in good order; a second one and the deadline do not.

Python runs its signal handlers in the main thread between two bytecodes, so none runs while that thread is in a long
call of TensorFlow. So a thread of our own is notified of signals too, by `signal.set_wakeup_fd`. It ends the process

- at a second signal, at once. SIGHUP does not count as a second one, since nobody sends it to ask for haste: the shell
  and the kernel both send one when a terminal is closed, and systemd sends one together with SIGTERM.
- `SECONDS` after the first one, whatever the main thread does then: it may still be in its step, write a snapshot,
  close files after `leave()`, or have been interrupted where nothing was deferred. It may also be stuck, or the
  exception may have been lost in a finalizer.

The deadline damages no complete file, since all files are written to temporary ones and renamed. It ends with
`uninstall()`: if a command runs in a process that continues, as in tests, a handled interruption has no later effect.
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

INTERRUPTED, TERMINATED = 130, 143
CODES: dict[int, int] = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED, signal.SIGHUP: TERMINATED}
"""The exit codes after a signal. Losing the terminal counts as being terminated."""
SECONDS = 4.0
"""How long leaving may take. The whole process is gone within 5 seconds, including the operating system's cleanup."""


def install() -> None:
    """Watches for SIGINT, SIGTERM and SIGHUP until `uninstall()`. Does nothing outside of the main thread.

    Calls may be nested; each needs its own `uninstall()`. A signal that the process ignores, such as SIGINT in the
    background of a shell script and SIGHUP under nohup, stays ignored.
    """
    global _watch  # noqa: PLW0603
    if threading.current_thread() is not threading.main_thread():
        return
    if _watch is None:
        _watch = _Watch()
    _watch.installs += 1


def uninstall() -> None:
    """Reverses `install()`: restores the earlier signal handlers and cancels the deadline."""
    global _watch
    if _watch is None or threading.current_thread() is not threading.main_thread():
        return
    _watch.installs -= 1
    if not _watch.installs:
        ended, _watch = _watch, None
        ended.close()


@contextmanager
def deferred() -> Iterator[None]:
    """Inside the context, the first signal only sets a flag. Outside, it raises at once.

        with signals.deferred():
            for block in blocks:
                train(block)
                if signals.requested():
                    write_snapshot()
                    signals.leave()

    Contexts may be nested. If a signal came and nobody has left by the end of the outermost one, it raises as `leave()`
    does, even in place of an error: the signal may be its cause, since Ctrl-C reaches child processes too.

    Raises:
        KeyboardInterrupt: SIGINT came; raised at the end of the context.
        SystemExit: SIGTERM or SIGHUP came; raised at the end of the context.
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
    """Whether a signal asks to leave. False if nothing is installed."""
    return _watch is not None and _watch.asked is not None


def leave() -> NoReturn:
    """Leaves as the signal asks. The deadline that began with the signal still holds.

    Raises:
        KeyboardInterrupt: For SIGINT, and if no signal came.
        SystemExit: With code 143, for SIGTERM and SIGHUP.
    """
    if _watch is None or _watch.asked is None:
        raise KeyboardInterrupt
    _watch.leave()


class _Watch:
    """The state of watching for signals.

    Attributes:
        installs: Calls of `install()` without their `uninstall()`.
        blocks: Deferred contexts that the main thread is in.
        asked: The signal that asks to leave.
    """

    def __init__(self) -> None:
        self.installs, self.blocks = 0, 0
        self.asked: int | None = None
        self._leaving = False
        self._reader, self._writer = os.pipe()
        # The process must never wait for a watching thread that lags behind.
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
        """Restores everything."""
        self._restore()
        os.write(self._writer, b"\0")
        self._thread.join()
        self._close_pipe()

    def close_in_child(self) -> None:
        """The same in a forked process, which lacks our thread but shares the pipe to its parent's thread."""
        self._wakeup = -1
        self._restore()
        self._close_pipe()

    def leave_if_asked(self) -> None:
        """Leaves at the end of the outermost context, unless someone already does."""
        if self.asked is not None and not self.blocks and not self._leaving:
            self.leave()

    def leave(self) -> NoReturn:
        """Raises the exception for the signal."""
        self._leaving = True
        if self.asked in (None, signal.SIGINT):
            raise KeyboardInterrupt
        raise SystemExit(CODES[self.asked])

    def _restore(self) -> None:
        for number, handler in self._before.items():
            # A handler that someone else has installed since stays.
            if signal.getsignal(number) == self._note:
                signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)

    def _close_pipe(self) -> None:
        os.close(self._reader)
        os.close(self._writer)

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # The thread decides what a second signal means, since it is notified of them in order.
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
                # A debugger may have taken over a signal.
                if number not in CODES or signal.getsignal(number) != self._note:
                    continue
                if deadline is None:
                    first, deadline = number, time.monotonic() + SECONDS
                elif number != signal.SIGHUP:
                    os._exit(CODES[number])


def _before_fork() -> None:
    # Otherwise a worker could be terminated while it still has its parent's handlers.
    _fork.mask = signal.pthread_sigmask(signal.SIG_BLOCK, CODES) if _watch is not None else None


def _after_fork() -> None:
    if _fork.mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _fork.mask)


def _after_fork_in_child() -> None:
    """Excludes a forked process: a terminated worker must end, and not notify its parent."""
    global _watch
    if _watch is not None:
        ended, _watch = _watch, None
        ended.close_in_child()
    _after_fork()


_watch: _Watch | None = None
_fork = threading.local()
os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
