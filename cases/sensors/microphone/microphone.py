# A microphone on the guest's bus, for Renode (IronPython 2): plays a WAV file of 16-bit samples, one channel, at its
# own rate in the guest's time, into a FIFO that forgets what the guest does not take in time. Runs below lines that
# set WAV and DEPTH, once for each access.
#
#     0x0 CONTROL  write 1: start from the file's beginning; 0: stop
#     0x4 STATUS   samples in the FIFO; bit 31: samples were lost since the start
#     0x8 DATA     the oldest sample, sign-extended; 0 where there is none

if request.IsInit:
    from Antmicro.Renode.Peripherals import IPeripheralExtensions
    from System import BitConverter
    from System.IO import File

    class Microphone:
        def __init__(self, machine):
            self.machine = machine
            self.core = machine["sysbus.cpu"]
            sound = File.ReadAllBytes(WAV)
            at = 12  # behind "RIFF", its length and "WAVE"
            while at + 8 <= len(sound):
                size = BitConverter.ToInt32(sound, at + 4)
                if sound[at] == 0x66:  # "fmt "
                    self.rate = BitConverter.ToInt32(sound, at + 12)
                elif sound[at] == 0x64:  # "data"
                    self.samples = [BitConverter.ToInt16(sound, i) for i in range(at + 8, at + 8 + size, 2)]
                at += 8 + size + size % 2
            self.stop()

        def stop(self):
            self.begun = None
            self.taken = 0
            self.has_lost = False

        def start(self):
            self.stop()
            self.begun = self.now()

        def now(self):
            self.core.SyncTime()  # in the middle of a step of Renode's time
            return self.machine.LocalTimeSource.ElapsedVirtualTime.TotalMicroseconds

        def waiting(self):
            if self.begun is None:
                return 0
            played = min(len(self.samples), int((self.now() - self.begun) * self.rate / 1000000))
            if played - self.taken > DEPTH:
                self.taken = played - DEPTH
                self.has_lost = True
            return played - self.taken

        def take(self):
            if not self.waiting():
                return 0
            self.taken += 1
            return self.samples[self.taken - 1] & 0xFFFFFFFF

    microphone = Microphone(IPeripheralExtensions.GetMachine(self))
elif request.IsWrite and request.Offset == 0:
    microphone.start() if request.Value & 1 else microphone.stop()
elif request.IsRead and request.Offset == 4:
    request.Value = microphone.waiting() | microphone.has_lost << 31
elif request.IsRead and request.Offset == 8:
    request.Value = microphone.take()
