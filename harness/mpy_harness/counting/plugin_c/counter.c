/* The exact number of instructions that the guest has executed.
 *
 * Every block adds its length when it begins. What makes that exact:
 *
 * - Inside a block, what is left of it has been counted in advance: counter_before() takes it off.
 * - QEMU 8.2 and newer leave a block at an instruction that accesses a device, repeat that instruction in
 *   a block of its own in which only memory is instrumented, and go on behind it in another block
 *   (cpu_io_recompile() in QEMU's accel/tcg). So when such a block's access happens, the rest of the block
 *   that was left has been counted in advance and will be counted again: it is taken off once.
 *   A program has blocks of one instruction as well, at the end of QEMU's pages. They look the same when they are
 *   translated, but callbacks see them begin: an access right behind that is no repetition.
 *
 * When QEMU has forgotten its translations because their memory was full for that block of one instruction, it goes on
 * with an ordinary block. Whether one was left before is not known then, and the count in doubt.
 *
 * An exception raised by an instruction in the middle of a block would leave the block early as well; on
 * the cores we count on, such a fault ends the run.
 *
 * counter_install(true) counts instruction by instruction instead: slower, and what the tests compare with. */
#include <stdlib.h>

#include "plugin.h"

/* An instruction that may access a device, and how much of its block follows it. */
struct access {
    uint32_t address, rest;
    bool is_cut;         /* its block ends because it may not be longer: another one may end elsewhere */
    bool ambiguous;      /* seen in such blocks with different ends */
    uint64_t corrected;  /* the count after the last correction: several accesses of one instruction are one */
    uint64_t begun;      /* the count at its access where it last was an ordinary block by itself */
    void (*left_early)(uint32_t address);
};

static bool by_instruction;
static uint32_t doubts;
static const char *last_doubt;
static bool is_forgotten; /* all that was translated, and nothing was since */
static struct map accesses;

static struct tally count;

static uint64_t *counter(void) {
    return cores_used() ? cores_count() : tally_value(&count);
}

void counter_install(bool each_instruction) {
    by_instruction = each_instruction;
}

/* Return how many instructions came before the one that is `rest` from its block's end, itself included. */
uint64_t counter_before(uint32_t rest) {
    return by_instruction ? *counter() : *counter() - rest;
}

/* Return how many instructions came up to that one, itself included; to be asked just before it is executed. */
uint64_t counter_behind(uint32_t rest) {
    return by_instruction ? *counter() + 1 : *counter() - rest + 1;
}

/* What a block was counted for, and did not execute; instruction by instruction, that was not counted. */
void counter_take_off(uint32_t count) {
    *counter() -= by_instruction ? 0 : count;
}

void counter_doubt(const char *why) {
    doubts++;
    last_doubt = why;
}

const char *counter_last_doubt(void) {
    return last_doubt;
}

void counter_forget(void) {
    is_forgotten = true;
}

/* The first access of the first block behind a flush. */
static void went_on(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    bool *is_first = data;
    (void)vcpu;
    if (*is_first && qemu_plugin_hwaddr_is_io(qemu_plugin_get_hwaddr(info, address))) {
        counter_doubt("left");
    }
    *is_first = false;
}

void counter_goes_on(const struct code *code) {
    if (is_forgotten && code->insn[0].words > 0) {
        bool *is_first = allocate_for_code(sizeof *is_first);
        *is_first = true;
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(code->tb, 0), went_on, QEMU_PLUGIN_CB_NO_REGS,
                                         QEMU_PLUGIN_MEM_RW, is_first);
    }
    is_forgotten = false;
}

uint32_t counter_doubts(void) {
    return doubts;
}

/* Register the additions of a block; after all callbacks, which must see the count before it. */
void counter_translate(const struct code *code) {
    if (by_instruction) {
        for (uint32_t at = 0; at < code->count; at++) {
            tally_add_at_insn(&count, qemu_plugin_tb_get_insn(code->tb, at), 1);
        }
    } else {
        tally_add_at_tb(&count, code->tb, code->count);
    }
    bool is_cut = code->count == BLOCK_INSNS;
    for (uint32_t at = 0; at < code->count; at++) {
        if (code->insn[at].words == 0) {
            continue;
        }
        void **value = map_at(&accesses, code->address[at]);
        struct access *access = *value;
        if (access == NULL) {
            *value = access = allocate(sizeof *access);
            access->address = code->address[at];
        } else if (code->count == 1) {
            continue; /* as it may repeat the access of a longer block */
        } else if (access->rest != code->count - 1 - at) {
            access->ambiguous = is_cut || access->is_cut; /* otherwise memory holds another program now */
        }
        access->rest = code->count - 1 - at;
        access->is_cut = is_cut;
    }
}

static void begun(unsigned int vcpu, void *data) {
    struct access *access = data;
    (void)vcpu;
    access->begun = *counter() + 1;
}

static void repeated(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    struct access *access = data;
    (void)vcpu, (void)info, (void)address;
    if (*counter() == access->begun || *counter() == access->corrected) {
        return; /* no repetition, or the second word of the same instruction */
    }
    if (!by_instruction) {
        *counter() -= access->rest;
        if (access->ambiguous) {
            counter_doubt("left");
        }
    }
    access->corrected = *counter();
    if (access->left_early != NULL) {
        access->left_early(access->address);
    }
}

/* Arrange for the correction where a block may repeat the access at which another one was left; before all else of it.
 * One that is executed for this alone is not counted by counter_translate(): callbacks see its access only. */
void counter_continues(const struct code *code, void (*left_early)(uint32_t address)) {
    if (code->count != 1 || code->insn[0].words == 0 || code->insn[0].flow != FLOW_NEXT) {
        return; /* an instruction that jumps is a block of its own rightly */
    }
    struct access *access = map_find(&accesses, code->address[0]);
    if (access == NULL || access->rest == 0) {
        return; /* where it ended its block, nothing was counted too much */
    }
    access->left_early = left_early;
    qemu_plugin_register_vcpu_tb_exec_cb(code->tb, begun, QEMU_PLUGIN_CB_NO_REGS, access);
    qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(code->tb, 0), repeated, QEMU_PLUGIN_CB_NO_REGS,
                                     QEMU_PLUGIN_MEM_RW, access);
}
