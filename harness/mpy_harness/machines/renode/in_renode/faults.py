# Runs in Renode (IronPython 2) below lines that set VECTORS and CPU, for firmware that does not tell of its core's faults
# as the project's own boards do: at the begin of each handler it does so on Renode's standard error, and ends Renode
# (machines/fault_line.py). VECTORS is where the core's vectors are.
from System import Console

_bus = self.Machine.SystemBus
_core = self.Machine[CPU]
_STATUS = (("cfsr", 0xE000ED28), ("mmfar", 0xE000ED34), ("bfar", 0xE000ED38))
_CODE_BYTES = 64  # around an address, by which a native module is recognised


def _faulted(kind):
    def tell(cpu, address):
        # What the core has saved (Armv7-M ARM, section B1.5.6): r0 to r3, r12, lr, pc, xpsr.
        stack = cpu.GetRegister(13).RawValue
        saved = dict((name, _bus.ReadDoubleWord(stack + at)) for name, at in (("lr", 20), ("pc", 24)))
        facts = [("pc", saved["pc"]), ("lr", saved["lr"]), ("sp", stack)]
        facts += [(name, _bus.ReadDoubleWord(place)) for name, place in _STATUS]
        lines = ["#FAULT %s %s" % (kind, " ".join("%s=0x%08x" % fact for fact in facts))]
        for name in ("pc", "lr"):
            first = (saved[name] & ~1) - _CODE_BYTES // 2
            code = "".join("%02x" % byte for byte in _bus.ReadBytes(first, _CODE_BYTES))
            lines.append("#CODE %s=0x%x from=0x%x %s" % (name, saved[name], first, code))
        Console.Error.WriteLine("\n".join(lines))
        self.Machine.RequestReset()

    return tell


for _number, _kind in ((3, "HardFault"), (4, "MemManage"), (5, "BusFault"), (6, "UsageFault")):
    _core.AddHook(_bus.ReadDoubleWord(VECTORS + 4 * _number) & ~1, _faulted(_kind))
