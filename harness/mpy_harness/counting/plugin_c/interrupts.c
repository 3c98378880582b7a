/* Whether an interrupt's handler runs. Nothing is counted of a handler, but what it calls is the firmware's like any other
 * code, and is nobody's in particular: the program did not call it. */
#include "plugin.h"

uint32_t interrupts_running;
static void (*at_end)(void);

static void begun(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    interrupts_running++;
}

static void ended(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    interrupts_running -= interrupts_running > 0;
    at_end();
}

void interrupts_translate(const struct code *code, void (*end)(void)) {
    at_end = end;
    uint32_t last = code->count - 1;
    if (function_begin(code->address[0]) == code->address[0]) {
        qemu_plugin_register_vcpu_tb_exec_cb(code->tb, begun, QEMU_PLUGIN_CB_NO_REGS, NULL);
    }
    if (is_return(code, last)) {
        qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(code->tb, last), ended, QEMU_PLUGIN_CB_NO_REGS,
                                               NULL);
    }
}
