/* AVR: blocks that QEMU leaves at an access to registers.
 *
 * An AVR's registers, of the core and of peripherals, are the first 256 bytes of its data. At an instruction which reaches
 * them by an address, QEMU leaves the block, makes a block of that instruction alone, and goes on behind it in another one
 * (avr_cpu_tlb_fill() and TB_FLAGS_FULL_ACCESS in QEMU's target/avr). The block that was left was counted as a whole: what
 * came behind the instruction is taken off, and the block of it alone does not count.
 *
 * Such a block is told from others of one instruction by the block that began before it, which has the instruction too.
 * Another block of one load or store stands at the end of a page, and no block before it that has it can go on there. */
#include "plugin.h"

struct begun {
    uint32_t count;
    uint32_t address[];
};

static struct begun *latest;
static void (*left_early)(uint32_t address);

static void began(unsigned int vcpu, void *data) {
    (void)vcpu;
    latest = data;
}

/* Return how many instructions of the block that began last are from an address on, 0 where it has none there. */
static uint32_t rest_from(uint32_t address) {
    for (uint32_t at = 0; latest != NULL && at < latest->count; at++) {
        if (latest->address[at] == address) {
            return latest->count - at;
        }
    }
    return 0;
}

static void repeated(unsigned int vcpu, void *data) {
    (void)vcpu;
    uint32_t address = (uint32_t)(uintptr_t)data, rest = rest_from(address);
    if (rest == 0) {
        counter_doubt("left"); /* by an interrupt between the two */
        return;
    }
    counter_take_off(rest - 1);
    if (left_early != NULL && rest > 1) {
        left_early(address);
    }
    latest = NULL;
}

/* Tell whether a block repeats the access at which the one before was left, and arrange for the correction. */
bool registers_repeat(const struct code *code, void (*tell)(uint32_t address)) {
    const struct insn *insn = &code->insn[0];
    if (decode != decode_avr || code->count != 1 || insn->words == 0 || insn->flow != FLOW_NEXT ||
        rest_from(code->address[0]) == 0) {
        return false;
    }
    left_early = tell;
    qemu_plugin_register_vcpu_tb_exec_cb(code->tb, repeated, QEMU_PLUGIN_CB_NO_REGS,
                                         (void *)(uintptr_t)code->address[0]);
    return true;
}

void registers_translate(const struct code *code) {
    if (decode != decode_avr) {
        return;
    }
    struct begun *block = allocate_for_code(sizeof *block + code->count * sizeof *block->address);
    block->count = code->count;
    for (uint32_t at = 0; at < code->count; at++) {
        block->address[at] = code->address[at];
    }
    qemu_plugin_register_vcpu_tb_exec_cb(code->tb, began, QEMU_PLUGIN_CB_NO_REGS, block);
}

void registers_forget(void) {
    keep(latest);
}
