"""A board at a port: found, and connected with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from mpy_harness.counting.instrument import Instrument
from mpy_harness.errors import ToolMissing
from mpy_harness.machines.base import MachineKind
from mpy_harness.machines.serial import port
from mpy_harness.machines.serial.machine import SerialBoard
from mpy_harness.machines.storage import Storage
from mpy_harness.targets import Table, Text


class SerialTable(Table):
    """The table ``[serial]``: where the board is.

    ``port`` is a device or ``socket://HOST:PORT``; ``baudrate`` is in bits a second, which USB and sockets do not ask
    for. ``reset_command`` is a program of the host that resets the board, with its arguments: for a hard reset, and
    where the board answers nothing.
    """

    port: Text
    baudrate: Annotated[int, Field(gt=0)] = 115_200
    reset_command: Annotated[list[Text], Field(default_factory=list)]


class SerialKind(MachineKind[SerialTable]):
    """A board at a port. It is on before a test and after it, and keeps its files."""

    table_model = SerialTable
    is_hardware = True

    @property
    def name(self) -> str:
        """What it is, and where."""
        return f"a board at {self.table.port}"

    def find(self) -> Path:
        """Return the port (see ``MachineKind.find``); whether somebody listens at a socket is seen at the start."""
        if not port.is_there(self.table.port):
            raise ToolMissing(
                f"there is no port {self.table.port}: plug the board in, or name its port: --target serial:PORT. "
                f"{port.said_of_others()}"
            )
        return Path(self.table.port)

    def version(self) -> str:
        """Return that it is a board; which one, its firmware says."""
        self.find()
        return "a board"

    def start(self, image: Path, instrument: Instrument | None = None, storage: Storage | None = None) -> SerialBoard:
        """Connect with the board, which is on already; its firmware is its own (see ``MachineKind.start``).

        Raises PortRefused where the port is in use or must not be used.
        """
        del image, instrument, storage
        return SerialBoard(self.table.port, self.table.baudrate, self.table.reset_command)
