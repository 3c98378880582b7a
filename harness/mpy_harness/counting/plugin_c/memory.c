/* Mode "memory": bytes loaded and stored, which cache lines, and how deep the stack went.
 *
 * A callback at each access; one of two words counts twice, because it depends on QEMU's version which instructions
 * make one access and which two. Lines are 32 bytes, as in the Cortex-M7 (Arm DDI0489) and most caches of
 * its kind; "stack" is the lowest address stored to in the stack's range. */
#include <inttypes.h>

#include "plugin.h"

#define LINE_SHIFT 5

struct use {
    uint64_t loads, stores, loaded, stored;
    struct map lines;
    uint32_t stack;
    bool is_open;
};

static struct use uses[OPEN_REGIONS];
static uint32_t stack_low, stack_high;
static bool is_paused;
static char seen; /* its address is a value that is not NULL */

void memory_stack(uint32_t low, uint32_t high) {
    stack_low = low;
    stack_high = high;
}

static void accessed(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    uint64_t size = UINT64_C(1) << qemu_plugin_mem_size_shift(info);
    bool is_store = qemu_plugin_mem_is_store(info);
    (void)data;
    if (!cores_counts(vcpu)) {
        return;
    }
    for (int region = 0; region < OPEN_REGIONS && uses[region].is_open && !is_paused; region++) {
        struct use *use = &uses[region];
        *(is_store ? &use->stores : &use->loads) += (size + 3) / 4;
        *(is_store ? &use->stored : &use->loaded) += size;
        for (uint64_t line = address >> LINE_SHIFT; line <= (address + size - 1) >> LINE_SHIFT; line++) {
            *map_at(&use->lines, line) = &seen;
        }
        if (is_store && address >= stack_low && address < stack_high && address < use->stack) {
            use->stack = (uint32_t)address;
        }
    }
}

static void translate(const struct code *code) {
    for (uint32_t at = 0; at < code->count; at++) {
        if (code->insn[at].words > 0) {
            qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(code->tb, at), accessed,
                                             QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
        }
    }
}

static void pause(uint32_t rest, uint32_t address) {
    (void)rest, (void)address;
    is_paused = true;
}

static void resume(uint32_t rest, uint32_t address) {
    (void)rest, (void)address;
    is_paused = false;
}

static void start(int region, uint32_t rest, uint32_t address) {
    (void)address;
    (void)rest;
    map_clear(&uses[region].lines);
    uses[region] = (struct use){.stack = stack_high, .is_open = true};
}

static void stop(int region, uint32_t rest, uint32_t address, FILE *record) {
    (void)address;
    struct use *use = &uses[region];
    (void)rest;
    fprintf(record,
            ",\"memory\":{\"loads\":%" PRIu64 ",\"stores\":%" PRIu64 ",\"bytes_loaded\":%" PRIu64
            ",\"bytes_stored\":%" PRIu64 ",\"lines\":%zu,\"stack\":%" PRIu32 "}",
            use->loads, use->stores, use->loaded, use->stored, use->lines.used, stack_high - use->stack);
    use->is_open = false;
}

const struct mode mode_memory = {"memory", translate, NULL, pause, resume, start, stop, .repeats = true};
