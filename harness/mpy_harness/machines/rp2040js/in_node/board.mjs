// Runs a Raspberry Pi Pico in rp2040js for machines/rp2040js/machine.py. Its one argument is JSON:
//
//   package   the folder of rp2040js
//   bootrom   the file with the chip's ROM
//   size      of the flash, in bytes
//   flash     a descriptor of the file with the flash's content, which is written to as well
//   console   a descriptor of a socket with the guest's serial port
//   control   a descriptor of a socket with requests of the host (control.mjs)
//   marks     what is counted by: numbers of marks by their encodings; null where nothing is counted
//   output    a descriptor of the file for their events
//
// It ends with status 0 where the guest resets the chip, 3 where it faults, and when the host is gone.

import { readFileSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Console } from './console.mjs';
import { Control } from './control.mjs';
import { Core, CountingCore } from './core.mjs';
import { Fault, guard, logger, told } from './faults.mjs';
import { connectFlash } from './flash.mjs';

const SLICE = 50_000; // instructions, a few milliseconds, until the sockets are looked at
const FLASH = 0x10000000;
const FAULTED = 3;
const RESET = 0;

class Reset extends Error {}

const setup = JSON.parse(process.argv[2]);
const { BasePeripheral, Simulator, USBCDC } = await import(
  pathToFileURL(join(setup.package, 'dist', 'esm', 'index.js'))
);

const simulator = new Simulator();
const { clock, rp2040: chip } = simulator;
chip.logger = logger;
const rom = readFileSync(setup.bootrom);
chip.loadBootrom(new Uint32Array(rom.buffer.slice(rom.byteOffset, rom.byteOffset + rom.length)));
for (let at = 0; at < setup.size; ) at += readSync(setup.flash, chip.flash, at, setup.size - at, at);
connectFlash(BasePeripheral, chip, setup.size, setup.flash);
guard(chip);
chip.core.PC = FLASH; // what the ROM does first, looking for a boot loader in flash, is left out
const core = setup.marks ? new CountingCore(simulator, setup.marks, setup.output) : new Core(simulator);

let isHeld = false; // the host wants to look
let isFull = false; // the host does not take what the guest prints
let isScheduled = false;
let sleeping = null; // a timer, while the core waits for an event

const console = new Console(USBCDC, chip, open(setup.console), {
  onFull: () => (isFull = true),
  onTaken: () => {
    isFull = false;
    schedule();
  },
  onInput: wake,
});
new Control(chip, open(setup.control), {
  onHold: (hold) => {
    isHeld = hold;
    schedule();
  },
  counted: () => core.executed,
});
const watchdog = chip.peripherals[0x40058];
watchdog.onWatchdogTrigger = () => {
  throw new Reset();
};
schedule();

function open(descriptor) {
  const socket = new Socket({ fd: descriptor, readable: true, writable: true });
  socket.on('error', () => process.exit(1));
  socket.on('end', () => process.exit(0));
  socket.on('close', () => process.exit(0));
  return socket;
}

function schedule() {
  if (!isScheduled) {
    isScheduled = true;
    setImmediate(turn);
  }
}

function turn() {
  isScheduled = false;
  if (isHeld || isFull || sleeping !== null) return;
  try {
    core.run(SLICE);
    if (chip.core.waiting) wait();
    else schedule();
  } catch (error) {
    stop(error);
  }
}

// The core waits for an event: so does this process, until the guest's next alarm or until something comes in.
function wait() {
  const alarm = clock.nextAlarm;
  const millis = alarm === null ? Infinity : (alarm.nanos - clock.nanosCounter) / 1e6;
  if (millis < 1) {
    clock.tick(millis * 1e6);
    schedule();
    return;
  }
  const begun = performance.now();
  const timer = Number.isFinite(millis) ? setTimeout(wake, Math.min(millis, 1 << 30)) : null;
  sleeping = { begun, timer };
}

function wake() {
  if (sleeping === null) {
    schedule();
    return;
  }
  const { begun, timer } = sleeping;
  clearTimeout(timer);
  sleeping = null;
  try {
    const passed = (performance.now() - begun) * 1e6;
    const alarm = clock.nextAlarm;
    clock.tick(alarm === null ? passed : Math.min(passed, Math.max(0, alarm.nanos - clock.nanosCounter)));
    schedule();
  } catch (error) {
    stop(error);
  }
}

function stop(error) {
  if (error instanceof Reset) {
    end(RESET);
    return;
  }
  if (!(error instanceof Fault)) throw error;
  const { reason, lines } = told(error, chip);
  process.stderr.write(`${JSON.stringify({ reason })}\n`);
  end(FAULTED, `\r\n${lines.join('\n')}\n`);
}

function end(status, words = '') {
  isHeld = true;
  // What the guest printed before is sent first. The socket closes with the process, not before it.
  console.socket.write(words, () => process.exit(status));
}
