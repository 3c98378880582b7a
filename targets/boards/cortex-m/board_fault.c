// A fault is told on the console in lines that the harness understands, then the emulation ends.

#include "board.h"

// The order in which the core stacks registers on exception entry (Arm DDI 0403, section B1.5.6; DDI 0553, B3.20).
typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} frame_t;

#define CFSR_STKOF (1 << 20)

static const char *const names[] = {
    "Exception", "Reset", "NMI", "HardFault", "MemManage", "BusFault", "UsageFault", "SecureFault",
};

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
    board_tell("\n#FAULT ");
    board_tell(names[exception < sizeof(names) / sizeof(*names) ? exception : 0]);
    board_tell_register("pc", whole ? frame->pc : 0);
    board_tell_register("lr", whole ? frame->lr : 0);
    board_tell_register("sp", (uintptr_t)frame);
    board_tell_register("xpsr", whole ? frame->xpsr : 0);
    board_tell_register("cfsr", cfsr);
    #if IS_MAINLINE
    board_tell_register("hfsr", SCB_HFSR);
    board_tell_register("mmfar", SCB_MMFAR);
    board_tell_register("bfar", SCB_BFAR);
    #endif
    board_tell("\n");
    if (whole) {
        board_tell_code("pc", frame->pc);
        board_tell_code("lr", frame->lr);
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
