# Runs in Renode (IronPython 2), below lines that set SITES, LOADS_CODE, CODE_IN, SENDING, MARKS, CPU, UART and OUTPUT:
# says which marks the guest executed, and how many instructions before each (counting/marks.py). A hook takes up to a
# millisecond. An exception here ends Renode.
from System import Byte, UInt64
from System.IO import BinaryWriter, FileAccess, FileMode, FileShare, FileStream

_bus = self.Machine.SystemBus
_core = self.Machine[CPU]
_events = BinaryWriter(FileStream(OUTPUT, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
_watched = set()


class _Sending:
    # Renode's UARTs are always ready to send: the stretch that is not counted then is the same with each byte. It is
    # measured once, and taken off for each byte instead of at its marks.
    paused_at = 0
    length = 0
    sent = 0


def _executed(cpu):
    return cpu.ExecutedInstructions - _Sending.sent * _Sending.length


def _marked(cpu, address):
    # Where code was, another one may be by now, or data.
    mark = MARKS.get(_bus.ReadWord(address))
    if mark is not None:
        _events.Write(Byte(mark))
        _events.Write(UInt64(_executed(cpu)))
        _events.Flush()


def _watch(address):
    if address not in _watched:
        _watched.add(address)
        _core.AddHook(address, _marked)


def _loads_code(cpu, address):
    start, size = [cpu.GetRegister(number).RawValue for number in CODE_IN]
    code = _bus.ReadBytes(start, int(size))
    for at in range(0, int(size) - 1, 2):
        if code[at] | code[at + 1] << 8 in MARKS:
            _watch(start + at)


def _sending_begins(cpu, address):
    _Sending.paused_at = cpu.ExecutedInstructions


def _sending_ends(cpu, address):
    _Sending.length = cpu.ExecutedInstructions + 1 - _Sending.paused_at
    cpu.RemoveHook(SENDING[0], _begins)
    cpu.RemoveHook(SENDING[1], _ends)
    self.Machine[UART].CharReceived += _sent


def _sent(byte):
    _Sending.sent += 1


for _address in SITES:
    if SENDING is None or _address not in SENDING:
        _watch(_address)
if LOADS_CODE is not None:
    _core.AddHook(LOADS_CODE, _loads_code)
if SENDING is not None:
    from Antmicro.Renode.Peripherals.CPU import CpuAddressHook

    _begins, _ends = CpuAddressHook(_sending_begins), CpuAddressHook(_sending_ends)
    _core.AddHook(SENDING[0], _begins)
    _core.AddHook(SENDING[1], _ends)
