// Runs the core: a slice at a time, with or without counting.
//
// Counted is what it executes outside of interrupts' handlers. A mark is told with how many instructions came before it
// (counting/marks.py).
//
// What interrupts leave below the stack's end is found by a collection of garbage later, in parts of frames that nobody
// has written to, and taken for addresses. When they come depends on the host. So, where it counts, that memory is
// cleared while the program waits and at each mark: no program may expect anything there (Arm IHI 0042, section 6.2.1.1).

import { writeSync } from 'node:fs';

const RAM = 0x20000000;
const FLASH = 0x10000000;
const EVENT = 9;
// Where MicroPython has its stack (ports/rp2/memmap_mp_rp2040.ld).
const STACK = 0x20040000;
const STACK_END = 0x20042000;

export class Core {
  constructor(simulator) {
    this.chip = simulator.rp2040;
    this.clock = simulator.clock;
    this.executed = 0;
    this.nanosPerCycle = 1e9 / this.chip.clkSys;
    this.chip.addClockListener((frequency) => {
      this.nanosPerCycle = 1e9 / frequency;
    });
  }

  // Execute so many instructions, fewer where the core begins to wait for an event.
  run(most) {
    const { chip, clock, nanosPerCycle } = this;
    const { core } = chip;
    for (let left = most; left > 0 && !core.waiting; left--) {
      const cycles = core.executeInstruction();
      clock.nanosCounter += cycles * nanosPerCycle;
      const alarm = clock.nextAlarm;
      if (alarm !== null && alarm.nanos <= clock.nanosCounter) clock.tick(0);
    }
  }
}

export class CountingCore extends Core {
  // `marks` has the marks by their encoding, `output` is the file to which their events go.
  constructor(simulator, marks, output) {
    super(simulator);
    this.marks = new Uint8Array(0x10000);
    for (const [encoding, mark] of Object.entries(marks)) this.marks[encoding] = mark;
    this.output = output;
    this.ram = new Uint16Array(this.chip.sram.buffer);
    this.flash = new Uint16Array(this.chip.flash.buffer);
  }

  run(most) {
    const { chip, clock, nanosPerCycle, marks, ram, flash } = this;
    const { core } = chip;
    const { registers } = core;
    let executed = this.executed;
    for (let left = most; left > 0 && !core.waiting; left--) {
      const pc = registers[15];
      const opcode = pc >= RAM ? ram[(pc - RAM) >>> 1] : pc >= FLASH ? flash[(pc - FLASH) >>> 1] : 0;
      const isProgram = core.IPSR === 0;
      const cycles = core.executeInstruction();
      if (isProgram && core.IPSR === 0) {
        if (marks[opcode] !== 0) this.tell(marks[opcode], executed);
        executed++;
      }
      clock.nanosCounter += cycles * nanosPerCycle;
      const alarm = clock.nextAlarm;
      if (alarm !== null && alarm.nanos <= clock.nanosCounter) clock.tick(0);
    }
    if (core.waiting) this.clear();
    this.executed = executed;
  }

  clear() {
    const { core, sram } = this.chip;
    const end = core.registers[13];
    if (core.IPSR === 0 && end > STACK && end <= STACK_END) sram.fill(0, STACK - RAM, end - RAM);
  }

  tell(mark, before) {
    const event = Buffer.alloc(EVENT);
    event[0] = mark;
    event.writeBigUInt64LE(BigInt(before), 1);
    writeSync(this.output, event);
    this.clear();
  }
}
