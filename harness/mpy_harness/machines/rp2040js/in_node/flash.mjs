// The flash chip of a Pico, a W25Q16JV, behind the RP2040's SSI: rp2040js has flash to read alone.
//
// Sources: RP2040 Datasheet, sections 2.19.6 (IO_QSPI) and 4.10 (SSI); W25Q16JV datasheet, section 8.1 (instructions).

import { writeSync } from 'node:fs';

const SSI_ENABLE = 0x08;
const SSI_TX_LEVEL = 0x20;
const SSI_RX_LEVEL = 0x24;
const SSI_STATUS = 0x28;
const SSI_DATA = 0x60;
const SSI_DATA_END = 0xf0;
const SSI_CONTROL = 0x00;
const READY_TO_SEND = 0x06; // transmit FIFO empty, and not full
const HAS_RECEIVED = 0x08;
const FRAME_BITS = 16; // in the control register: bits of a frame, less one
const BYTE_FRAME = 7;

const SELECT_CONTROL = 0x0c;
const OVERRIDE = 8;
const OVERRIDE_LOW = 2;
const OVERRIDE_HIGH = 3;

const PAGE = 256;
const ERASED = 0xff;
const ERASES = { 0x20: 4096, 0x52: 32768, 0xd8: 65536 };
const PROGRAM = 0x02;
const WRITE_ENABLE = 0x06;
const WRITE_DISABLE = 0x04;
const STATUS_WRITES = { 0x01: 0, 0x31: 1, 0x11: 2 };
const STATUS_READS = { 0x05: 0, 0x35: 1, 0x15: 2 };
const READS = { 0x03: 3, 0x0b: 4 }; // and how many bytes come between the instruction and the data
const JEDEC_ID = [0xef, 0x40, 0x15];
const UNIQUE_ID = [0xe6, 0x61, 0x38, 0x52, 0x83, 0x4b, 0x2a, 0x31]; // such as a chip has: any will do
const WRITE_ENABLED = 2;

// A chip: bytes go in and come out while it is selected. `kept` is the file that has its content.
class FlashChip {
  constructor(content, size, kept) {
    this.content = content;
    this.size = size;
    this.kept = kept;
    this.status = [0, 2, 0]; // the second one: four lines are used
    this.sent = [];
  }

  select() {
    this.sent = [];
  }

  transfer(byte) {
    const { sent } = this;
    sent.push(byte);
    const [instruction] = sent;
    const at = sent.length - 2; // of this byte, behind the instruction
    if (at < 0) return 0;
    if (instruction in STATUS_READS) return this.status[STATUS_READS[instruction]];
    if (instruction === 0x9f) return JEDEC_ID[at % 3];
    if (instruction === 0x4b) return at < 4 ? 0 : UNIQUE_ID[(at - 4) % 8];
    if (instruction in READS && at >= READS[instruction]) {
      return this.content[(this.address() + at - READS[instruction]) % this.size];
    }
    return 0;
  }

  deselect() {
    const [instruction, ...data] = this.sent;
    const isEnabled = this.status[0] & WRITE_ENABLED;
    this.sent = [];
    if (instruction === WRITE_ENABLE) {
      this.status[0] |= WRITE_ENABLED;
    } else if (instruction === WRITE_DISABLE) {
      this.status[0] &= ~WRITE_ENABLED;
    } else if (isEnabled) {
      if (instruction in STATUS_WRITES) this.writeStatus(STATUS_WRITES[instruction], data);
      else if (instruction in ERASES && data.length >= 3) this.erase(address(data), ERASES[instruction]);
      else if (instruction === 0xc7 || instruction === 0x60) this.erase(0, this.size);
      else if (instruction === PROGRAM && data.length > 3) this.program(address(data), data.slice(3));
      else return;
      this.status[0] &= ~WRITE_ENABLED;
    }
  }

  address() {
    return address(this.sent.slice(1));
  }

  writeStatus(first, data) {
    data.forEach((byte, at) => {
      if (first + at < this.status.length) this.status[first + at] = byte & ~(first + at ? 0 : 3);
    });
  }

  erase(at, size) {
    const start = (at % this.size) & ~(size - 1);
    this.content.fill(ERASED, start, start + size);
    this.keep(start, size);
  }

  program(at, data) {
    // Bits can only become 0; a page's end is followed by its begin.
    const page = (at % this.size) & ~(PAGE - 1);
    data.forEach((byte, index) => {
      this.content[page + ((at + index) % PAGE)] &= byte;
    });
    this.keep(page, PAGE);
  }

  keep(at, size) {
    for (let done = 0; done < size; ) done += writeSync(this.kept, this.content, at + done, size - done, at + done);
  }
}

function address(bytes) {
  return ((bytes[0] ?? 0) << 16) | ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0);
}

// Put a flash chip into a simulated RP2040 in place of its model. `Peripheral` is rp2040js's class for one.
export function connectFlash(Peripheral, chip, size, kept) {
  const flash = new FlashChip(chip.flash, size, kept);
  let held = 0; // what the program does to the line that selects the chip, 0 for nothing
  let isSelected = false;
  const select = (wanted) => {
    if (wanted && !isSelected) flash.select();
    if (!wanted && isSelected) flash.deselect();
    isSelected = wanted;
  };

  class Registers extends Peripheral {
    words = new Map();

    readUint32(offset) {
      return this.words.get(offset) ?? 0;
    }

    writeUint32(offset, value) {
      this.words.set(offset, value);
    }
  }

  class Ssi extends Registers {
    received = [];

    readUint32(offset) {
      if (offset === SSI_TX_LEVEL) return 0;
      if (offset === SSI_RX_LEVEL) return this.received.length;
      if (offset === SSI_STATUS) return READY_TO_SEND | (this.received.length ? HAS_RECEIVED : 0);
      if (offset >= SSI_DATA && offset < SSI_DATA_END) {
        const byte = this.received.shift() ?? 0;
        if (!this.received.length && held !== OVERRIDE_LOW) select(false);
        return byte;
      }
      return super.readUint32(offset);
    }

    writeUint32(offset, value) {
      if (offset >= SSI_DATA && offset < SSI_DATA_END) {
        // Longer frames are those that set up the reading of code, which the model does by itself.
        const bits = (super.readUint32(SSI_CONTROL) >>> FRAME_BITS) & 0x1f;
        if (bits !== BYTE_FRAME) return;
        if (held === 0) select(true);
        this.received.push(isSelected ? flash.transfer(value & 0xff) : 0);
        return;
      }
      if (offset === SSI_ENABLE && !(value & 1)) {
        this.received = [];
        if (held === 0) select(false);
      }
      super.writeUint32(offset, value);
    }
  }

  class Pins extends Registers {
    writeUint32(offset, value) {
      super.writeUint32(offset, value);
      if (offset === SELECT_CONTROL) {
        const override = (value >>> OVERRIDE) & 3;
        held = override >= OVERRIDE_LOW ? override : 0;
        if (held) select(held !== OVERRIDE_HIGH);
      }
    }
  }

  chip.peripherals[0x14000] = new CacheControl(chip);
  chip.peripherals[0x18000] = new Ssi(chip, 'SSI');
  chip.peripherals[0x40018] = new Pins(chip, 'IO_QSPI');
}

// The registers of the cache (section 2.6.3.5): its flushes are done at once.
class CacheControl {
  control = 3;

  readUint32(offset) {
    return offset === 0 ? this.control : offset === 8 ? 3 : 0;
  }

  writeUint32(offset, value) {
    if (offset === 0) this.control = value;
  }

  writeUint32Atomic(offset, value, kind) {
    const now = this.readUint32(offset);
    this.writeUint32(offset, [value, now ^ value, now | value, now & ~value][kind]);
  }
}
