"""Options of QEMU in a target: those that reach the host are refused, unless they are where it is said that they do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mpy_harness.errors import TargetInvalid
from mpy_harness.machines import kind_of, with_options
from mpy_harness.machines.qemu.kind import QemuTable
from mpy_harness.resources import targets_dir
from mpy_harness.targets import Target, load_target

M33 = (targets_dir() / "m33" / "target.toml").read_text(encoding="utf-8")

HARMLESS = [
    "-global nrf51-soc.flash-size=1048576 -global nrf51-soc.sram-size=4194304",
    "-bios none",
    "-m 32M -smp 2 -icount shift=4,align=off",
    "-cpu cortex-m33,mve=off",
    "-device loader,addr=0x100,data=1,data-len=4",
    "-append /dev/file=1",
    "--machine accept=on -no-shutdown",
    "-device tmp105,id=vhost,address=0x48",
]
OF_THE_HOST = [
    ("-semihosting", "-semihosting lets the guest read, write and delete files of the host, and run commands"),
    ("--semihosting-config enable=on,target=native", "--semihosting-config lets the guest"),
    ("-m 32M -drive file=disk.img", "-drive opens files of the host"),
    ("-fsdev local,id=f,path=/", "-fsdev shows the guest a folder of the host"),
    ("-virtfs local,path=/,mount_tag=x", "-virtfs shows the guest a folder"),
    ("-chardev file,id=x,path=out", "-chardev connects the guest to files, sockets and programs of the host"),
    ("-serial tcp::4444", "-serial connects"),
    ("-netdev user,id=n", "-netdev connects the guest to the host's network"),
    ("-sandbox off", "-sandbox changes the fence around QEMU's process"),
    ("-something-new", "-something-new is not known to leave the host alone"),
    ("-device usb-host,hostbus=1", "-device with 'usb-host' names something of the host"),
    ("-device driver=vfio-pci", "-device with 'driver=vfio-pci' names"),
    ("-device pci-device,host=01:00.0", "-device with 'host=01:00.0' names"),
    ("-device loader,file=secret,addr=0", "-device with 'file=secret' names"),
    ('-device {"driver":"vfio-pci"}', '-device with \'{"driver"'),
    ("-global loader.file=secret", "-global with 'loader.file=secret' names"),
    ("-global driver=loader,property=file,value=secret", "-global with 'property=file' names"),
    ("-machine dumpdtb=out", "-machine with 'dumpdtb=out' names"),
    ("-icount shift=4,rr=record,rrfile=out", "-icount with 'rrfile=out' names"),
    ("-bios rom.bin", "-bios with 'rom.bin' names"),
    ("-no-shutdown disk.img", "'disk.img' belongs to no option: QEMU opens it as a disk"),
]


def with_lists(folder: Path, lines: str, machine: str = "mps2-an505") -> Target:
    (folder / "mine").mkdir()
    text = M33.replace('machine = "mps2-an505"', f'machine = "{machine}"\n{lines}')
    (folder / "mine" / "target.toml").write_text(text, encoding="utf-8")
    return load_target("mine", folder)


@pytest.mark.parametrize("options", HARMLESS)
def test_what_describes_the_machine_is_taken(tmp_path, options):
    target = with_lists(tmp_path, f"options = {options.split()}")
    assert kind_of(target).table == QemuTable(binary="qemu-system-arm", machine="mps2-an505", options=options.split())


@pytest.mark.parametrize(("options", "message"), OF_THE_HOST)
def test_what_reaches_the_host_is_refused_with_a_reason(tmp_path, options, message):
    target = with_lists(tmp_path, f"options = {options.split()}")
    with pytest.raises(
        TargetInvalid, match=rf"mine/target\.toml .*\n  qemu\.options: {re.escape(message)}.*host_options"
    ):
        kind_of(target)


@pytest.mark.parametrize("options", [options for options, _ in OF_THE_HOST])
def test_it_is_taken_where_it_is_said_that_it_does(tmp_path, options):
    target = with_lists(tmp_path, f"host_options = {options.split()}")
    assert kind_of(target).table.host_options == options.split()


def test_the_machine_itself_names_no_file(tmp_path):
    target = with_lists(tmp_path, "", "mps2-an505,dumpdtb=out")
    with pytest.raises(TargetInvalid, match=r"qemu\.machine: 'dumpdtb=out' names something of the host.*host_options"):
        kind_of(target)


def test_more_options_come_after_those_of_the_target():
    m0 = load_target("m0")
    more = kind_of(with_options(m0, ["-m", "32M"], ["-semihosting"])).table
    assert more.options == [*kind_of(m0).table.options, "-m", "32M"]
    assert more.host_options == ["-semihosting"]
    assert with_options(m0, [], []) is m0


def test_more_options_are_looked_at_as_well():
    with pytest.raises(TargetInvalid, match=r"(?s)-semihosting lets the guest.*--emulator-host-options"):
        with_options(load_target("m33"), ["-semihosting"], [])
    with pytest.raises(TargetInvalid, match="renode-m33 takes no options for its emulator, renode"):
        with_options(load_target("renode-m33"), ["-m", "1"], [])
