// A fault is told on the console in lines that the harness understands, then the emulation ends.

#include "board.h"

// The order in which the core stacks registers on exception entry (Arm DDI 0403, section B1.5.6; DDI 0553, B3.20).
typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} frame_t;

#define CFSR_STKOF (1 << 20)

extern uint8_t _ecode, _ram_start, _ram_last;

static const char *const names[] = {
    "Exception", "Reset", "NMI", "HardFault", "MemManage", "BusFault", "UsageFault", "SecureFault",
};

static void say(const char *text) {
    unsigned length = 0;
    while (text[length] != 0) {
        ++length;
    }
    console_put(text, length);
}

static void say_register(const char *name, uint32_t value) {
    char digits[] = "=0x00000000";
    for (char *digit = digits + 10; value != 0; value >>= 4) {
        *digit-- = "0123456789abcdef"[value & 15];
    }
    say(" ");
    say(name);
    say(digits);
}

// The bytes around an address of native code, by which the harness recognises the module: nothing else tells which one
// the loader put there. Those of the firmware need none.
#define BYTES_BEFORE 24
#define BYTES_BEHIND 24

static void say_code(const char *name, uint32_t address) {
    uintptr_t first = (uintptr_t)&_ram_start, end = (uintptr_t)&_ram_last + 1;
    if (address < first || address >= end) {
        return;
    }
    if (address - first > BYTES_BEFORE) {
        first = address - BYTES_BEFORE;
    }
    first &= ~(uintptr_t)1;
    if (end - address > BYTES_BEHIND) {
        end = address + BYTES_BEHIND;
    }
    say("#CODE");
    say_register(name, address);
    say_register("from", first);
    say(" ");
    for (; first < end; ++first) {
        uint8_t byte = *(const volatile uint8_t *)first;
        char digits[] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15], 0};
        say(digits);
    }
    say("\n");
}

// Whether there is a call in front of an address in the memory behind the stack, where native code is, in the heap or in
// an area of its own: BL or BLX (Arm DDI 0403, A7.7.18 and 19).
static int is_return_address(uint32_t address) {
    if (!(address & 1) || address < (uintptr_t)&_sdata + 5 || address >= (uintptr_t)&_ecode) {
        return 0;
    }
    const volatile uint16_t *next = (const volatile uint16_t *)(address - 1);
    return (next[-1] & 0xff87) == 0x4780 || ((next[-2] & 0xf800) == 0xf000 && (next[-1] & 0xd000) == 0xd000);
}

#define MOST_CALLERS 8

// Native code that calls others has its return address on the stack. One that calls itself is told once.
void board_tell_callers(uintptr_t sp) {
    uint32_t told[MOST_CALLERS];
    unsigned number = 0;
    const uint32_t *word = sp > (uintptr_t)&_sstack ? (const uint32_t *)(sp & ~3u) : &_sstack;
    for (; word < &_estack && number < MOST_CALLERS; ++word) {
        unsigned before = 0;
        while (before < number && told[before] != *word) {
            ++before;
        }
        if (before == number && is_return_address(*word)) {
            told[number++] = *word;
            say_code("caller", *word);
        }
    }
}

// `frame` is the stack pointer on entry. After a stack overflow nothing was stacked there: then only
// the registers that the core still holds are known.
__attribute__((used)) static void fault_report(const frame_t *frame, uint32_t exception) {
    uint32_t cfsr = IS_MAINLINE ? SCB_CFSR : 0;
    #if __ARM_ARCH < 8
    if ((uintptr_t)frame < (uintptr_t)&_sstack) {
        cfsr |= CFSR_STKOF; // as Armv8-M says it, where the stack pointer has a limit
    }
    #endif
    uint32_t stacking_failed = cfsr & (1 << 4 | 1 << 12 | CFSR_STKOF); // MSTKERR, STKERR
    int whole = !stacking_failed && (uintptr_t)frame >= (uintptr_t)&_sstack
        && (uintptr_t)(frame + 1) <= (uintptr_t)&_estack;
    say("\n#FAULT ");
    say(names[exception < sizeof(names) / sizeof(*names) ? exception : 0]);
    say_register("pc", whole ? frame->pc : 0);
    say_register("lr", whole ? frame->lr : 0);
    say_register("sp", (uintptr_t)frame);
    say_register("xpsr", whole ? frame->xpsr : 0);
    say_register("cfsr", cfsr);
    #if IS_MAINLINE
    say_register("hfsr", SCB_HFSR);
    say_register("mmfar", SCB_MMFAR);
    say_register("bfar", SCB_BFAR);
    #endif
    say("\n");
    if (whole) {
        say_code("pc", frame->pc);
        say_code("lr", frame->lr);
    }
    board_tell_callers((uintptr_t)(whole ? frame + 1 : frame));
    board_end();
}

// The handler runs on a stack of its own: the main one may be what is broken.
__attribute__((naked)) void fault_entry(void) {
    __asm volatile (
        "mov r0, sp\n"
        #if __ARM_ARCH >= 8
        "mov r1, #0\n"
        "msr msplim, r1\n"
        #endif
        "ldr r1, =_fault_stack\n"
        "mov sp, r1\n"
        "mrs r1, ipsr\n"
        GO_TO(fault_report));
}
