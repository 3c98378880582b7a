// A fault is told on the console in one line that the harness understands, then the emulation ends.

#include "py/mphal.h"
#include "py/mpprint.h"

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
    uint32_t cfsr = SCB_CFSR;
    #if __ARM_ARCH < 8
    if ((uintptr_t)frame < (uintptr_t)&_sstack) {
        cfsr |= CFSR_STKOF; // as Armv8-M says it, where the stack pointer has a limit
    }
    #endif
    uint32_t stacking_failed = cfsr & (1 << 4 | 1 << 12 | CFSR_STKOF); // MSTKERR, STKERR
    int whole = !stacking_failed && (uintptr_t)frame >= (uintptr_t)&_sstack
        && (uintptr_t)(frame + 1) <= (uintptr_t)&_estack;
    const char *name = names[exception < MP_ARRAY_SIZE(names) ? exception : 0];
    mp_printf(&mp_plat_print,
        "\n#FAULT %s pc=0x%08x lr=0x%08x sp=0x%08x xpsr=0x%08x"
        " cfsr=0x%08x hfsr=0x%08x mmfar=0x%08x bfar=0x%08x\n",
        name, whole ? frame->pc : 0, whole ? frame->lr : 0, (uintptr_t)frame, whole ? frame->xpsr : 0,
        cfsr, SCB_HFSR, SCB_MMFAR, SCB_BFAR);
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
        "b fault_report\n");
}

void nlr_jump_fail(void *val) {
    (void)val;
    mp_printf(&mp_plat_print, "\n#FAULT UncaughtNLR\n");
    board_end();
}
