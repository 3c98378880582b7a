"""Files and connections without a name, which a child process inherits: nothing of them can be left behind."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import socket
import tempfile
import termios


def nameless(owner: contextlib.ExitStack) -> int:
    """Return the descriptor of an empty file that has no name, in memory where the system offers that."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("mpy-harness")
        owner.callback(os.close, file)
        return file
    return owner.enter_context(tempfile.TemporaryFile()).fileno()


def pair(undo: contextlib.ExitStack, theirs: contextlib.ExitStack) -> tuple[socket.socket, int]:
    """Return a socket, which belongs to ``undo``, and the descriptor connected to it, which belongs to ``theirs``."""
    ours, its = socket.socketpair()
    undo.enter_context(ours)
    return ours, theirs.enter_context(its).fileno()


def waiting(pipe: int) -> int:
    """Return how many bytes are in a pipe and not yet read; on Linux, either of its ends tells."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]
