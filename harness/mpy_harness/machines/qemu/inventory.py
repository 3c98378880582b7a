"""Ask QEMU what a machine of its consists of. The machine is set up for that and never runs."""

from __future__ import annotations

import contextlib
import difflib
import re
import subprocess
from collections.abc import Iterator

from mpy_harness.errors import TargetInvalid
from mpy_harness.firmware import toolchain
from mpy_harness.limits import ANSWER_SECONDS
from mpy_harness.machines.descriptors import pair
from mpy_harness.machines.process import EmulatorProcess
from mpy_harness.machines.qemu.kind import install_hint
from mpy_harness.machines.qemu.qmp import Qmp
from mpy_harness.targets.inventory import Inventory, Region, Uart

_BINARY = "qemu-system-arm"
_HOPS = 8  # gates between a device and the interrupt controller
_VIEW = re.compile(r"^FlatView #\d+\n(.*?)(?=^FlatView|\Z)", re.MULTILINE | re.DOTALL)
_REGION = re.compile(r"^  ([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (ram|rom|romd)\): (\S+)", re.MULTILINE)
_DEVICE = re.compile(r"^ *dev: (\S+), id .*\n((?:(?! *(?:dev|bus): ).*\n)*)", re.MULTILINE)
_OBJECT = re.compile(r"^( *)/(\S+) \((\S+)\)$", re.MULTILINE)
_INPUT = re.compile(r"(.*)/unnamed-gpio-in\[(\d+)\]")
_SPEED = re.compile(r'clock-in "cpuclk" freq_hz=([\d.]+) ([kMG]?)Hz')
_CORE = re.compile(r'cpu-type = "(cortex-m\w+)-arm-cpu"')
_OUTPUT = "unnamed-gpio-out[0]"
_TIMES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
#: Of an Arm CMSDK UART, whose receiver has a line of its own (Arm DDI 0479, section 4.3).
_RECEIVER = {"cmsdk-apb-uart": 1}


def inventory(machine: str) -> Inventory:
    """Return what a machine with a Cortex-M consists of. Raises TargetInvalid where QEMU has none of that name."""
    binary = str(toolchain.find(_BINARY, "a target for one of its machines"))
    _check(binary, machine)
    with contextlib.ExitStack() as undo, contextlib.ExitStack() as theirs:
        qmp, its = pair(undo, theirs)
        quiet = ["-nodefaults", "-display", "none", "-monitor", "none", "-nic", "none", "-S", "-serial", "null"]
        asked = ["-chardev", f"socket,id=qmp,fd={its}", "-mon", "chardev=qmp,mode=control"]
        process = EmulatorProcess(
            [binary, "-machine", machine, *quiet, *asked], [its], install_hint=install_hint(_BINARY)
        )
        undo.callback(process.close)
        theirs.close()
        monitor = Qmp(qmp, process.clock)
        undo.callback(monitor.close)
        if not monitor.greet(ANSWER_SECONDS):
            raise process.death(f"did not set up its machine {machine}")
        return _read(machine, monitor)


def _check(binary: str, machine: str) -> None:
    told = subprocess.run(
        [binary, "-machine", "help"], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
    ).stdout
    names = [line.split()[0] for line in told.splitlines()[1:] if line.strip()]
    if machine not in names:
        near = difflib.get_close_matches(machine, names, 3)
        hint = f"Near to it: {', '.join(near)}. " if near else ""
        raise TargetInvalid(f"{_BINARY} has no machine {machine!r}. {hint}All are listed by: {_BINARY} -machine help")


def _read(machine: str, monitor: Qmp) -> Inventory:
    devices = _told(monitor, "info qtree")
    core = _CORE.search(devices)
    if core is None:
        raise TargetInvalid(
            f"{machine} of {_BINARY} has no Cortex-M, and for other cores there is no board's code that it could use. "
            "docs/own-target.md says what a board must offer."
        )
    speed = _SPEED.search(devices)
    machines = monitor.execute("query-machines") or ()
    return Inventory(
        binary=_BINARY,
        machine=machine,
        core=core.group(1),
        clock=round(float(speed.group(1)) * _TIMES[speed.group(2)]) if speed else 0,
        regions=tuple(_regions(_told(monitor, "info mtree -f"))),
        console=_console(devices, monitor),
        main=next((str(each.get("default-ram-id", "")) for each in machines if each.get("name") == machine), ""),
    )


def _told(monitor: Qmp, command: str) -> str:
    text = monitor.execute("human-monitor-command", **{"command-line": command})
    return "\n".join(str(text or "").splitlines()) + "\n"


def _regions(views: str) -> Iterator[Region]:
    # As the first core sees them; a view has the names of all that see the same.
    for view in _VIEW.findall(views):
        if 'AS "cpu-memory-0"' in view or 'AS "cpu-secure-memory-0"' in view:
            for first, last, kind, name in _REGION.findall(view):
                yield Region(name, int(first, 16), int(last, 16) + 1 - int(first, 16), is_writable=kind == "ram")
            return


def _console(devices: str, monitor: Qmp) -> Uart | None:
    for kind, properties in _DEVICE.findall(devices):
        if 'chardev = "serial0"' in properties:
            place = re.search(r"mmio ([0-9a-f]{16})/", properties)
            address = int(place.group(1), 16) if place and place.group(1) != "f" * 16 else None
            return Uart(kind, address, _interrupt(kind, monitor))
    return None


def _interrupt(kind: str, monitor: Qmp) -> int | None:
    for path in _paths(_told(monitor, "info qom-tree"), kind):
        if monitor.execute("qom-get", path=path, property="chardev") == "serial0":
            return _followed(path, f"sysbus-irq[{_RECEIVER.get(kind, 0)}]", monitor)
    return None


def _followed(path: str, output: str, monitor: Qmp) -> int | None:
    # Links lead from a device's output to an input of the next one, and at last to one of the interrupt controller.
    for _ in range(_HOPS):
        link = _INPUT.fullmatch(str(monitor.execute("qom-get", path=path, property=output)))
        if link is None or link.group(1).endswith("/nvic"):
            return int(link.group(2)) if link else None
        path, output = link.group(1), _OUTPUT
    return None


def _paths(tree: str, kind: str) -> Iterator[str]:
    # The paths of objects of a kind, in a tree whose depth is its indentation.
    above: list[str] = []
    for indent, name, what in _OBJECT.findall(tree):
        above = [*above[: len(indent) // 2], name]
        if what == kind:
            yield "/" + "/".join(above)
