// Traps: the console's interrupt, and faults. A fault is told on the console in lines that the harness understands, then the
// emulation ends.

#include "board.h"
#include "board_chip.h"

#define MACHINE_EXTERNAL 0x8000000bu // in mcause

// By the exception's code (The RISC-V Instruction Set Manual, volume II, "Machine Cause Register").
static const char *const names[] = {
    "InstructionMisaligned", "InstructionAccessFault", "IllegalInstruction", "Breakpoint", "LoadMisaligned",
    "LoadAccessFault", "StoreMisaligned", "StoreAccessFault",
};

__attribute__((noreturn)) static void fault_report(uint32_t cause, uint32_t ra) {
    uint32_t pc = CSR_READ(mepc), sp = CSR_READ(mscratch);
    board_tell("\n#FAULT ");
    board_tell(cause < sizeof(names) / sizeof(*names) ? names[cause] : "Exception");
    board_tell_register("pc", pc);
    board_tell_register("ra", ra);
    board_tell_register("sp", sp);
    board_tell_register("stack", (uintptr_t)&_sstack);
    board_tell_register("mcause", cause);
    board_tell_register("mtval", CSR_READ(mtval));
    board_tell("\n");
    board_tell_code("pc", pc);
    board_tell_code("ra", ra);
    board_tell_callers(sp);
    board_end();
}

__attribute__((used)) void board_trapped(uint32_t ra) {
    uint32_t cause = CSR_READ(mcause);
    if (cause != MACHINE_EXTERNAL) {
        fault_report(cause, ra);
    }
    uint32_t source = plic_claim();
    console_interrupt();
    plic_complete(source);
}

// On a stack of its own: that of the program may be what is broken, and an interrupt leaves nothing there. Between traps,
// mscratch has this stack; during one, the program's stack pointer. The harness knows the functions of an interrupt by
// their names (mpy_harness/architectures/riscv.py).
__attribute__((naked, aligned(4))) void board_trap(void) {
    __asm volatile (
        "csrrw sp, mscratch, sp\n"
        "addi sp, sp, -64\n"
        "sw ra, 0(sp)\n"
        "sw t0, 4(sp)\n"
        "sw t1, 8(sp)\n"
        "sw t2, 12(sp)\n"
        "sw a0, 16(sp)\n"
        "sw a1, 20(sp)\n"
        "sw a2, 24(sp)\n"
        "sw a3, 28(sp)\n"
        "sw a4, 32(sp)\n"
        "sw a5, 36(sp)\n"
        "sw a6, 40(sp)\n"
        "sw a7, 44(sp)\n"
        "sw t3, 48(sp)\n"
        "sw t4, 52(sp)\n"
        "sw t5, 56(sp)\n"
        "sw t6, 60(sp)\n"
        "mv a0, ra\n"
        "call board_trapped\n"
        "lw ra, 0(sp)\n"
        "lw t0, 4(sp)\n"
        "lw t1, 8(sp)\n"
        "lw t2, 12(sp)\n"
        "lw a0, 16(sp)\n"
        "lw a1, 20(sp)\n"
        "lw a2, 24(sp)\n"
        "lw a3, 28(sp)\n"
        "lw a4, 32(sp)\n"
        "lw a5, 36(sp)\n"
        "lw a6, 40(sp)\n"
        "lw a7, 44(sp)\n"
        "lw t3, 48(sp)\n"
        "lw t4, 52(sp)\n"
        "lw t5, 56(sp)\n"
        "lw t6, 60(sp)\n"
        "addi sp, sp, 64\n"
        "csrrw sp, mscratch, sp\n"
        "mret");
}
