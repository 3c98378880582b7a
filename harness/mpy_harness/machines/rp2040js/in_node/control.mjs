// What the host asks of a running board: memory, registers, to hold. Numbers are in little-endian order.
//
// A request is a byte that says what, an address and a size (uint32 each), and for a write as many bytes. An answer
// is a byte, 1 where it was done, a size and as many bytes (machines/rp2040js/control.py).

const HEAD = 9;
const READ = 1;
const WRITE = 2;
const REGISTERS = 3;
const HOLD = 4;
const GO = 5;
const RAM = 0x20000000;
const FLASH = 0x10000000;
const LARGEST = 1 << 24;

export class Control {
  constructor(chip, socket, { onHold, counted }) {
    this.chip = chip;
    this.socket = socket;
    this.onHold = onHold;
    this.counted = counted;
    this.received = Buffer.alloc(0);
    socket.on('data', (data) => {
      this.received = this.received.length ? Buffer.concat([this.received, data]) : data;
      while (this.serve());
    });
  }

  serve() {
    const { received } = this;
    if (received.length < HEAD) return false;
    const [what, address, size] = [received[0], received.readUInt32LE(1), received.readUInt32LE(5)];
    const rest = what === WRITE ? size : 0;
    if (rest > LARGEST) {
      this.socket.destroy();
      return false;
    }
    if (received.length < HEAD + rest) return false;
    this.received = received.subarray(HEAD + rest);
    this.answer(this.done(what, address, size, received.subarray(HEAD, HEAD + rest)));
    return true;
  }

  done(what, address, size, data) {
    if (what === READ) return this.memory(address, size, true);
    if (what === WRITE) {
      const memory = this.memory(address, size, false);
      if (memory) memory.set(data);
      return memory && Buffer.alloc(0);
    }
    if (what === REGISTERS) {
      const { core } = this.chip;
      const words = Buffer.alloc(4 * 17 + 16);
      core.registers.forEach((value, number) => words.writeUInt32LE(value >>> 0, 4 * number));
      words.writeUInt32LE(core.xPSR >>> 0, 64);
      words.writeBigUInt64LE(BigInt(this.counted()), 68);
      words.writeBigUInt64LE(BigInt(core.cycles), 76);
      return words;
    }
    if (what === HOLD || what === GO) {
      this.onHold(what === HOLD);
      return Buffer.alloc(0);
    }
    return null;
  }

  memory(address, size, reads) {
    const { sram, flash, bootrom } = this.chip;
    if (address >= RAM && address + size <= RAM + sram.length) return sram.subarray(address - RAM, address - RAM + size);
    if (!reads) return null;
    if (address >= FLASH && address + size <= FLASH + flash.length) {
      return flash.subarray(address - FLASH, address - FLASH + size);
    }
    const rom = new Uint8Array(bootrom.buffer);
    return address + size <= rom.length ? rom.subarray(address, address + size) : null;
  }

  answer(data) {
    const head = Buffer.alloc(5);
    head[0] = data ? 1 : 0;
    head.writeUInt32LE(data ? data.length : 0, 1);
    this.socket.write(data ? Buffer.concat([head, data]) : head);
  }
}
