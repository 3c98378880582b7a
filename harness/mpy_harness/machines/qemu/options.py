"""Which options of QEMU leave the host alone.

What is let pass is listed, not what is refused: QEMU has more options than anybody knows, and each release adds some
(https://www.qemu.org/docs/master/system/invocation.html).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Options that describe the machine, by whether a value follows.
_OF_THE_MACHINE = {
    **dict.fromkeys(("M", "append", "bios", "cpu", "device", "global", "icount", "m", "machine", "rtc", "smp"), True),
    **dict.fromkeys(("action", "watchdog-action"), True),
    **dict.fromkeys(("no-shutdown", "usb"), False),
}
_FILES, _NETWORK = "opens files of the host", "connects the guest to the host's network"
_STREAMS = "connects the guest to files, sockets and programs of the host"
#: Why others are refused, those that people ask for.
_REASONS = {
    **dict.fromkeys(
        ("semihosting", "semihosting-config"),
        "lets the guest read, write and delete files of the host, and run commands",
    ),
    **dict.fromkeys(
        ("drive", "blockdev", "sd", "pflash", "mtdblock", "cdrom", "hda", "kernel", "initrd", "dtb"), _FILES
    ),
    **dict.fromkeys(("fsdev", "virtfs"), "shows the guest a folder of the host"),
    **dict.fromkeys(("netdev", "nic", "net"), _NETWORK),
    **dict.fromkeys(("chardev", "serial", "parallel", "monitor", "mon", "qmp", "gdb", "debugcon"), _STREAMS),
    **dict.fromkeys(("D", "trace", "readconfig", "plugin", "L", "object", "mem-path"), _FILES),
    "sandbox": "changes the fence around QEMU's process",
}
#: Properties of machines and devices that name something of the host, and devices that are the host's own.
_OF_THE_HOST = re.compile(
    r"(?:.*[.-])?(?:file|filename|path|dir|rootdir|rrfile|kernel|initrd|dtb|dumpdtb|firmware|splash|romfile|logfile"
    r"|host\w*|sysfsdev|chardev|drive|netdev|fsdev|evdev|fd|memory-backend|memdev)"
)
_DEVICE_OF_THE_HOST = re.compile(r"vfio.*|vhost.*|usb-(?:host|redir|mtp)|virtio-9p.*|.*pass(?:thru|through)|ivshmem.*")


def refusal(options: Sequence[str]) -> str:
    """Return why these options are not for a machine that is fenced off from the host, "" where they are."""
    words = iter(options)
    for word in words:
        name = word.lstrip("-")
        if name == word:
            return f"{word!r} belongs to no option: QEMU opens it as a disk"
        if name not in _OF_THE_MACHINE:
            return f"{word} {_REASONS.get(name, 'is not known to leave the host alone')}"
        if _OF_THE_MACHINE[name] and (part := of_the_host(name, next(words, ""))):
            return f"{word} with {part!r} names something of the host"
    return ""


def of_the_host(option: str, value: str) -> str:
    """Return the part of an option's value that names a file, a device or the like of the host, "" for none."""
    if option == "append":  # text that the guest reads
        return ""
    if option == "bios" or value.startswith("{"):  # JSON is not looked into
        return "" if value == "none" else value
    for number, part in enumerate(value.split(",")):
        key, assigned, content = part.partition("=")
        is_driver = option == "device" and (number == 0 or key == "driver")
        named = content if option == "global" and key == "property" else key if assigned else ""
        if _OF_THE_HOST.fullmatch(named) or (is_driver and _DEVICE_OF_THE_HOST.fullmatch(content or key)):
            return part
    return ""
