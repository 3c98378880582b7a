/* Mode "memory": bytes loaded and stored, which cache lines, and how deep the stack went.
 *
 * A callback at each access; one of two words counts twice, because it depends on QEMU's version which instructions
 * make one access and which two. Lines are 32 bytes, as in the Cortex-M7 (Arm DDI0489) and most caches of
 * its kind; "stack" is the lowest address stored to in the stack's range. */
#include <inttypes.h>
#include <string.h>

#include "plugin.h"

#define LINE_SHIFT 5
#define LINES 4096 /* in a part of the address space */
#define PARTS ((1u << (32 - LINE_SHIFT)) / LINES)

struct totals {
    uint64_t loads, stores, loaded, stored;
};

/* What a region took: all that was taken since, but for the lines and the stack. */
struct use {
    struct totals before;
    uint64_t lines;
    uint32_t begun;  /* its number among all regions that began */
    uint32_t lowest; /* address in the stack that was stored to */
};

/* Accesses of a kind. QEMU is asked once what it is. */
struct kind {
    uint64_t count;
    uint32_t info, size;
    bool is_store;
};

#define KINDS 64             /* more than there are */
#define NO_INFO UINT32_MAX   /* none yet: QEMU's use fewer bits */
#define RECENT 1024

static struct use uses[OPEN_REGIONS];
static int used;                       /* regions that are open */
static struct kind kinds[KINDS] = {[0 ... KINDS - 1] = {.info = NO_INFO}};
static struct totals others;           /* of kinds that had to make room */
static uint32_t *parts[PARTS];         /* of each line, how many regions had begun when it was touched last, or NULL */
static uint32_t recent[RECENT];        /* lines that were touched since a region began, plus 1 */
static uint32_t began;                 /* regions */
static uint32_t stack_low, stack_high, lowest;
static bool is_paused;
static bool is_seen;                   /* whether accesses matter now */

void memory_stack(uint32_t low, uint32_t high) {
    stack_low = low;
    stack_high = high;
}

static void add(struct totals *totals, const struct kind *kind) {
    *(kind->is_store ? &totals->stores : &totals->loads) += kind->count * ((kind->size + 3) / 4);
    *(kind->is_store ? &totals->stored : &totals->loaded) += kind->count * kind->size;
}

static struct totals taken(void) {
    struct totals totals = others;
    for (int at = 0; at < KINDS; at++) {
        add(&totals, &kinds[at]);
    }
    return totals;
}

static struct kind *kind_of(qemu_plugin_meminfo_t info) {
    return &kinds[info * 0x9e3779b1u >> 26]; /* Knuth, TAOCP vol. 3, 6.4 */
}

static uint32_t line_of(uint32_t address) {
    return address >> LINE_SHIFT;
}

static void learn(struct kind *kind, qemu_plugin_meminfo_t info) {
    add(&others, kind);
    *kind = (struct kind){0, info, 1u << qemu_plugin_mem_size_shift(info), qemu_plugin_mem_is_store(info)};
}

static void touch(uint32_t line) {
    recent[line % RECENT] = line + 1;
    uint32_t *part = parts[line / LINES];
    if (part == NULL) {
        parts[line / LINES] = part = allocate(LINES * sizeof *part);
    }
    uint32_t *last = &part[line % LINES];
    for (int region = used - 1; region >= 0 && uses[region].begun > *last; region--) {
        uses[region].lines++;
    }
    *last = began;
}

static void stored(const struct kind *kind, uint32_t address) {
    if (address - stack_low < lowest - stack_low && kind->is_store) {
        lowest = address;
    }
}

/* What is rare: another kind, a line that was not touched lately, a second line. */
static __attribute__((noinline, cold)) void accessed_anew(qemu_plugin_meminfo_t info, uint32_t address) {
    struct kind *kind = kind_of(info);
    if (kind->info != info) {
        learn(kind, info);
    }
    kind->count++;
    uint32_t first = line_of(address), last = line_of(address + kind->size - 1);
    touch(first);
    if (last != first) {
        touch(last);
    }
    stored(kind, address);
}

/* Called at each access: all that is rare is left to another function, so that no register has to be saved here. */
static void accessed(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    (void)vcpu, (void)data;
    if (!is_seen) {
        return;
    }
    struct kind *kind = kind_of(info);
    uint32_t line = line_of((uint32_t)address);
    if (kind->info != info || recent[line % RECENT] != line + 1 || line_of((uint32_t)address + kind->size - 1) != line) {
        accessed_anew(info, (uint32_t)address);
        return;
    }
    kind->count++;
    stored(kind, (uint32_t)address);
}

static void accessed_on_core(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    if (cores_counts(vcpu)) {
        accessed(vcpu, info, address, data);
    }
}

static void translate(const struct code *code) {
    for (uint32_t at = 0; at < code->count; at++) {
        if (code->insn[at].words > 0) {
            qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(code->tb, at),
                                             cores_used() ? accessed_on_core : accessed, QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_RW, NULL);
        }
    }
}

static void pause(uint32_t rest, uint32_t address) {
    (void)rest, (void)address;
    is_paused = true;
    is_seen = false;
}

static void resume(uint32_t rest, uint32_t address) {
    (void)rest, (void)address;
    is_paused = false;
    is_seen = used > 0;
}

/* Regions end in the reverse order of their begins: `lowest` is that of the one that began last. */
static void start(int region, uint32_t rest, uint32_t address) {
    (void)address, (void)rest;
    if (used > 0) {
        uses[used - 1].lowest = lowest;
    }
    lowest = stack_high;
    used = region + 1;
    uses[region] = (struct use){.before = taken(), .begun = ++began};
    memset(recent, 0, sizeof recent);
    is_seen = !is_paused;
}

static void stop(int region, uint32_t rest, uint32_t address, FILE *record) {
    (void)address, (void)rest;
    const struct use *use = &uses[region];
    struct totals now = taken();
    fprintf(record,
            ",\"memory\":{\"loads\":%" PRIu64 ",\"stores\":%" PRIu64 ",\"bytes_loaded\":%" PRIu64
            ",\"bytes_stored\":%" PRIu64 ",\"lines\":%" PRIu64 ",\"stack\":%" PRIu32 "}",
            now.loads - use->before.loads, now.stores - use->before.stores, now.loaded - use->before.loaded,
            now.stored - use->before.stored, use->lines, stack_high - lowest);
    used = region;
    is_seen = used > 0 && !is_paused;
    if (used > 0 && uses[used - 1].lowest < lowest) {
        lowest = uses[used - 1].lowest;
    }
}

const struct mode mode_memory = {"memory", translate, NULL, pause, resume, start, stop, .cut = NULL};
