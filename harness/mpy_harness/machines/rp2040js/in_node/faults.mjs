// What ends a guest on the chip and not in rp2040js, which logs it and goes on: a HardFault. Also reads and writes of
// RAM, flash and ROM without the detours of a model that knows all addresses.
//
// Sources: RP2040 Datasheet, sections 2.2 (address map) and 2.6.3 (writes to flash); Armv6-M Architecture Reference
// Manual (Arm DDI 0419), section B1.5.

const ROM_END = 0x4000;
const FLASH = 0x10000000;
const FLASH_ALIASES = 0x11000000;
const FLASH_END = 0x14000000;
const FLASH_MASK = 0x00ffffff;
const RAM = 0x20000000;
const EXCEPTION_RETURN = 0xf;
const CODE_BEFORE = 24;
const CODE_BEHIND = 24;
const STACK_WORDS = 256;
const MOST_CALLERS = 8;

export class Fault extends Error {
  constructor(reason, address = null) {
    super(reason);
    this.address = address;
  }
}

function hex(value) {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

// The logger of a chip: what it says of wrong addresses and unknown instructions is a fault, all else nobody reads.
export const logger = {
  debug() {},
  info() {},
  error() {},
  warn(component, message) {
    let found = /^(Read from invalid memory|Write to undefined) address: ([0-9a-f]+)$/.exec(message);
    if (found) {
      const verb = found[1].startsWith('Read') ? 'read from' : 'write to';
      throw new Fault(`${verb} memory that does not exist`, parseInt(found[2], 16));
    }
    found = /Instruction at ([0-9a-f]+) is not implemented/.exec(message);
    if (found) {
      throw new Fault('undefined instruction');
    }
  },
};

// Let wrong accesses and jumps of the core throw a Fault.
export function guard(chip) {
  const core = chip.core;
  const rom16 = new Uint16Array(chip.bootrom.buffer);
  const rom32 = chip.bootrom;
  const { flash, sram } = chip;
  const flash16 = new Uint16Array(flash.buffer);
  const flash32 = new Uint32Array(flash.buffer);
  const ram16 = new Uint16Array(sram.buffer);
  const ram32 = new Uint32Array(sram.buffer);
  const RAM_END = RAM + sram.length;

  core.readUint32 = (address) => {
    address >>>= 0;
    if (address & 3) throw new Fault('unaligned read', address);
    if (address >= RAM && address < RAM_END) return ram32[(address - RAM) >>> 2];
    if (address >= FLASH && address < FLASH_END) return flash32[(address & FLASH_MASK) >>> 2];
    if (address < ROM_END) return rom32[address >>> 2];
    return chip.readUint32(address);
  };
  core.readUint16 = (address) => {
    address >>>= 0;
    if (address >= FLASH && address < FLASH_END) return flash16[(address & FLASH_MASK) >>> 1];
    if (address & 1) throw new Fault('unaligned read', address);
    if (address >= RAM && address < RAM_END) return ram16[(address - RAM) >>> 1];
    if (address < ROM_END) return rom16[address >>> 1];
    return chip.readUint16(address);
  };
  core.readUint8 = (address) => {
    address >>>= 0;
    if (address >= RAM && address < RAM_END) return sram[address - RAM];
    if (address >= FLASH && address < FLASH_END) return flash[address & FLASH_MASK];
    return chip.readUint8(address);
  };
  // Tell whether a write that is not to RAM has no effect: one to flash's first alias, which only drops cached data, and
  // one to ROM. TinyUSB, a part of MicroPython, writes through a null pointer for each packet of endpoint 0.
  const isIdle = (address, size) => {
    if (address & (size - 1)) throw new Fault('unaligned write', address);
    if (address >= FLASH && address < FLASH_END) {
      if (address >= FLASH_ALIASES) throw new Fault('write to flash', address);
      return true;
    }
    return address < ROM_END;
  };
  core.writeUint32 = (address, value) => {
    address >>>= 0;
    if (address >= RAM && address < RAM_END && !(address & 3)) ram32[(address - RAM) >>> 2] = value;
    else if (!isIdle(address, 4)) chip.writeUint32(address, value);
  };
  core.writeUint16 = (address, value) => {
    address >>>= 0;
    if (address >= RAM && address < RAM_END && !(address & 1)) ram16[(address - RAM) >>> 1] = value;
    else if (!isIdle(address, 2)) chip.writeUint16(address, value);
  };
  core.writeUint8 = (address, value) => {
    address >>>= 0;
    if (address >= RAM && address < RAM_END) sram[address - RAM] = value;
    else if (!isIdle(address, 1)) chip.writeUint8(address, value);
  };

  const jump = core.BXWritePC.bind(core);
  core.BXWritePC = (address) => {
    if (!(address & 1)) throw new Fault('branch to an address that is not Thumb code (even address)', address);
    jump(address);
  };
  chip.onBreak = (code) => {
    throw new Fault(`breakpoint instruction (${code}): the firmware gave up, or an exception that nothing handles`);
  };
}

// Return what a fault is told with: its lines for the console (machines/fault_line.py), and its facts.
export function told(fault, chip) {
  const { core } = chip;
  const registers = { pc: core.PC - 2, lr: core.LR, sp: core.SP };
  if (core.IPSR && core.LR >>> 4 === 0xfffffff) {
    // In a handler: what it interrupted is on the stack.
    const frame = core.LR & 4 ? core.SPprocess : core.SPmain;
    if (frame >= RAM && frame + 32 <= RAM + chip.sram.length) {
      registers.lr = chip.sramView.getUint32(frame - RAM + 20, true);
      registers.pc = chip.sramView.getUint32(frame - RAM + 24, true);
      registers.sp = frame + 32;
    }
  }
  for (const number of [0, 1, 2, 3]) registers[`r${number}`] = core.registers[number];
  if (fault.address !== null) registers.address = fault.address;
  const words = Object.entries(registers).map(([name, value]) => `${name}=${hex(value)}`);
  const places = [['pc', registers.pc], ['lr', registers.lr], ...callers(chip, registers.sp)];
  const lines = places.flatMap(([name, address]) => code(chip, name, address));
  return { reason: fault.message, lines: [`#FAULT HardFault ${words.join(' ')}`, ...lines] };
}

function* callers(chip, stack) {
  let found = 0;
  const end = Math.min(RAM + chip.sram.length - 3, stack + 4 * STACK_WORDS);
  for (let at = Math.max(RAM, stack & ~3); at < end && found < MOST_CALLERS; at += 4) {
    const word = chip.sramView.getUint32(at - RAM, true);
    if (word & 1 && isBehindCall(chip, word - 1)) {
      found++;
      yield ['caller', word];
    }
  }
}

function isBehindCall(chip, address) {
  // Native code is in RAM. BLX, or BL.
  if (address < RAM + 4 || address >= RAM + chip.sram.length) return false;
  const at = address - RAM;
  const last = chip.sramView.getUint16(at - 2, true);
  const first = chip.sramView.getUint16(at - 4, true);
  return (last & 0xff87) === 0x4780 || ((first & 0xf800) === 0xf000 && (last & 0xd000) === 0xd000);
}

function code(chip, name, address) {
  if (address < RAM || address >= RAM + chip.sram.length) return [];
  const first = Math.max(RAM, address - CODE_BEFORE) & ~1;
  const bytes = chip.sram.subarray(first - RAM, Math.min(chip.sram.length, address - RAM + CODE_BEHIND));
  return [`#CODE ${name}=${hex(address)} from=${hex(first)} ${Buffer.from(bytes).toString('hex')}`];
}
