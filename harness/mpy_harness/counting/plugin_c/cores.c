/* What one core executes for its program, without what interrupts it.
 *
 * For chips whose exceptions come back to the program: Xtensa ("Windowed Register Option", "Exception Option" and
 * "Interrupt Option" of its Instruction Set Architecture Reference Manual) and RISC-V ("Machine-Level ISA" of the
 * privileged ISA manual). A callback at each block's begin counts it, unless the core is
 *
 * - spilling or filling registers (Xtensa): from a window vector to rfwo or rfwu. The instruction that needed that ends
 *   its block in QEMU, and is executed again: it is taken off once. How often that happens depends on interrupts.
 * - in another handler: from its begin to where the program goes on. The handler saves the program's registers
 *   below its stack, and what is loaded right before rfe, rfi or mret is from there, whatever ran on the core
 *   meanwhile; one that loads nothing there lets nothing else run (that of syscall). movsp, and an instruction of a
 *   coprocessor that is off, are executed again as well.
 *
 * On Xtensa a handler begins at a vector; where those are is learned from rfwo and rfwu, which stand nowhere else. On
 * RISC-V it begins with the block that reads mepc, and the jump in the table of vectors before that.
 * A program that waits on Xtensa lets others run that are not told apart from it, because it calls them: that is seen
 * by `waiti`, and makes the count inexact. On RISC-V tasks change in handlers only.
 *
 * The guest's cores take turns in one thread of QEMU's (-icount). There, as in counter.c, QEMU leaves a block at an
 * access to a device and repeats that instruction in a block of which callbacks see the access alone. */
#include <stdlib.h>
#include <time.h>

#include "plugin.h"

#define MOST_CORES 8
#define VECTORS 0x400        /* bytes, and alignment, of a table of vectors (core-isa.h of the ESP32) */
#define VECTOR 0x40
#define WINDOW_VECTORS 0x180 /* bytes of those for windows, at its begin */
#define MOST_TABLES 8
#define FRAME 0x200          /* more than a handler saves, less than one task's stack is from another's */
#define SHORT_WAIT 1000000   /* nanoseconds, each time that the program waits for the host: once in 10 ms of the guest's */
#define LONG_WAIT 10000000   /* the same where no mark was seen for a while */
#define SHORT_WAITS 200

struct block {
    uint32_t address, count;
    uint32_t jumps_to; /* a jump alone does, else 0 */
    bool is_entry;     /* a handler's first, where there is no vector to tell */
    bool is_exit;      /* ends with rfe, rfi or mret */
    struct {
        uint16_t offset;
        uint8_t event;
    } insns[];
};

struct core {
    enum { RUNNING, IN_WINDOW, IN_HANDLER } state;
    const struct block *begun, *last; /* last: of the program */
    bool is_entering;                 /* in the handler of state, which has not saved anything yet */
    bool is_saving;                   /* in any handler that has not, one that interrupts another included */
    bool is_leaving;                  /* back from it with the next block */
    bool is_repeated;                 /* the access that `begun` was left at */
    bool is_away;                     /* the handler left for another program */
    bool has_waited;                  /* since the last mark */
    uint32_t nested;                  /* handlers that are not done */
    uint32_t saved, loaded;           /* addresses: first saved by the handler, last loaded by its last block, or 0 */
};

static struct core cores[MOST_CORES];
static unsigned counted;
static bool is_used, by_instruction;
static const struct mode *mode;
static uint64_t count;
static uint32_t tables[MOST_TABLES], known, waits_in_a_row;

void cores_install(unsigned core, bool each_instruction, const struct mode *chosen) {
    is_used = true;
    counted = core;
    by_instruction = each_instruction;
    mode = chosen;
}

bool cores_used(void) {
    return is_used;
}

uint64_t *cores_count(void) {
    return &count;
}

bool cores_counts(unsigned vcpu) {
    return !is_used || (vcpu == counted && cores[vcpu].state == RUNNING);
}

/* The last `rest` instructions of the program's last block were not executed; the first of them was begun. */
static void undo(const struct core *core, uint32_t rest) {
    if (core == &cores[counted] && core->last != NULL && rest > 0) {
        count -= by_instruction ? 1 : rest;
        if (mode->cut != NULL) {
            mode->cut(rest);
        }
    }
}

static uint32_t index_of(const struct block *block, uint32_t address) {
    uint32_t at = 0;
    while (at < block->count && block->address + block->insns[at].offset != address) {
        at++;
    }
    return at;
}

/* Return an address's offset in a table of vectors, VECTORS where it is none. */
static uint32_t vector_of(uint32_t address) {
    for (uint32_t at = 0; at < known && address % VECTOR == 0; at++) {
        if (address - tables[at] < VECTORS) {
            return address - tables[at];
        }
    }
    return VECTORS;
}

static void come_back(struct core *core, const struct block *block) {
    if (core->state == IN_HANDLER && core->last != NULL) {
        const struct block *last = core->last;
        uint32_t at = index_of(last, block->address);
        bool is_last = at + 1 == last->count;
        if (at < last->count && (last->insns[at].event == EVENT_MAY_REPEAT ||
                                 (last->insns[at].event == EVENT_MAY_END && is_last))) {
            undo(core, last->count - at);
        }
    }
    core->state = RUNNING;
    core->is_leaving = core->is_entering = core->is_saving = false;
}

static void enter_window(struct core *core) {
    undo(core, 1);
    core->state = IN_WINDOW;
}

static void enter_handler(struct core *core, const struct block *block) {
    if (core->state == RUNNING && !core->has_waited) {
        if (block->is_entry && core->last != NULL && core->last->jumps_to == block->address) {
            undo(core, 1); /* the vector's jump */
        }
        core->state = IN_HANDLER;
        core->is_entering = true;
        core->is_away = false;
        core->nested = 0;
    }
    core->is_saving = true;
    core->nested++;
}

static void begun(unsigned int vcpu, void *data) {
    const struct block *block = data;
    struct core *core = &cores[vcpu % MOST_CORES];
    core->begun = block;
    core->is_repeated = false;
    if (core->is_leaving) {
        come_back(core, block);
    }
    uint32_t vector = vector_of(block->address);
    if (vector < WINDOW_VECTORS && core->state == RUNNING) {
        enter_window(core);
    } else if (block->is_entry || (vector >= WINDOW_VECTORS && vector < VECTORS)) {
        enter_handler(core, block);
    }
    if (block->is_exit) {
        core->loaded = 0;
    }
    if (core->state == RUNNING) {
        core->last = block;
        count += vcpu == counted && !by_instruction ? block->count : 0;
    }
}

static void executed(unsigned int vcpu, void *data) {
    (void)data;
    count += cores_counts(vcpu);
}

static void returns_from_window(unsigned int vcpu, void *data) {
    struct core *core = &cores[vcpu % MOST_CORES];
    (void)data;
    /* The handler of movsp fills registers as well, without having saved any. */
    core->is_leaving = core->state == IN_WINDOW || (core->state == IN_HANDLER && core->is_entering);
}

static void returns_from_handler(unsigned int vcpu, void *data) {
    struct core *core = &cores[vcpu % MOST_CORES];
    (void)data;
    bool is_outermost = core->nested == 1;
    core->nested -= core->nested > 0;
    if (core->state != IN_HANDLER) {
        return;
    }
    if (core->is_entering || core->loaded == 0) {
        core->is_leaving = is_outermost && !core->is_away;
    } else {
        core->is_leaving = core->loaded - core->saved + FRAME < 2 * FRAME;
        core->is_away |= is_outermost;
    }
}

static void waits(unsigned int vcpu, void *data) {
    (void)data;
    if (vcpu != counted) {
        return;
    }
    counter_doubt("wait"); /* or the program would run */
    if (cores[vcpu].state == RUNNING) {
        cores[vcpu].has_waited = true;
    }
    if (!region_counts()) { /* time would fly, and take all of a host's core */
        nanosleep(&(struct timespec){.tv_nsec = waits_in_a_row++ < SHORT_WAITS ? SHORT_WAIT : LONG_WAIT}, NULL);
    }
}

/* A core executes a mark: what counts is what runs there. Return whether it is the core that counts. */
bool cores_marked(unsigned vcpu) {
    if (!is_used) {
        return true;
    }
    struct core *core = &cores[vcpu % MOST_CORES];
    if (vcpu != counted) {
        return false;
    }
    if (core->state != RUNNING) { /* the program was woken in a way that is not followed */
        core->state = RUNNING;
        core->is_leaving = core->is_entering = false;
        core->last = core->begun;
        count += by_instruction ? 0 : core->begun->count;
        if (mode->join != NULL) {
            mode->join();
        }
        if (region_counts()) {
            counter_doubt("wait");
        }
    }
    core->has_waited = false;
    waits_in_a_row = 0;
    return true;
}

static void saved(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    struct core *core = &cores[vcpu % MOST_CORES];
    (void)info, (void)data;
    if (core->is_entering && core->is_saving) {
        core->saved = (uint32_t)address;
        core->is_entering = false;
    }
    core->is_saving = false;
}

static void loaded(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    (void)info, (void)data;
    cores[vcpu % MOST_CORES].loaded = (uint32_t)address;
}

/* An access in a block of one instruction: a repetition, unless the block began. */
static void repeated(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    const struct block *block = data;
    struct core *core = &cores[vcpu % MOST_CORES];
    (void)info, (void)address;
    if (core->begun == block || core->is_repeated || !cores_counts(vcpu) || core->last == NULL) {
        return;
    }
    core->is_repeated = true;
    uint32_t at = index_of(core->last, block->address);
    if (!by_instruction && at < core->last->count) {
        uint32_t rest = core->last->count - 1 - at;
        undo(core, rest);
    }
}

static void learn_vectors(uint32_t address) {
    uint32_t table = address - address % VECTORS, at = 0;
    while (at < known && tables[at] != table) {
        at++;
    }
    if (at == known && known < MOST_TABLES) {
        tables[known++] = table;
    }
}

static bool any_is_saving(void) {
    bool any = false;
    for (int at = 0; at < MOST_CORES; at++) {
        any |= cores[at].is_saving;
    }
    return any;
}

/* What is executed when an instruction is, by its event. */
static const executed_cb callbacks[EVENT_COUNT] = {
    [EVENT_WINDOW_RETURN] = returns_from_window,
    [EVENT_RETURN] = returns_from_handler,
    [EVENT_WAIT] = waits,
};

/* Register what counts a block; before all other callbacks, which ask whether it counts. */
void cores_translate(const struct code *code) {
    struct block *block = allocate_for_code(sizeof *block + code->count * sizeof block->insns[0]);
    block->address = code->address[0];
    block->count = code->count;
    const struct insn *end = &code->insn[code->count - 1];
    block->jumps_to = code->count == 1 && end->flow == FLOW_JUMP && end->direct ? end->target : 0;
    block->is_entry = end->event == EVENT_ENTRY;
    block->is_exit = end->event == EVENT_RETURN;
    qemu_plugin_register_vcpu_tb_exec_cb(code->tb, begun, QEMU_PLUGIN_CB_NO_REGS, block);
    bool may_save = block->is_entry || any_is_saving(); /* what is translated is executed right away */
    for (uint32_t at = 0; at < code->count; at++) {
        const struct insn *insn = &code->insn[at];
        struct qemu_plugin_insn *handle = qemu_plugin_tb_get_insn(code->tb, at);
        block->insns[at].offset = (uint16_t)(code->address[at] - block->address);
        block->insns[at].event = insn->event;
        if (insn->event == EVENT_WINDOW_RETURN) {
            learn_vectors(code->address[at]);
        }
        if (callbacks[insn->event] != NULL) {
            qemu_plugin_register_vcpu_insn_exec_cb(handle, callbacks[insn->event], QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
        if (by_instruction) {
            qemu_plugin_register_vcpu_insn_exec_cb(handle, executed, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
        if (insn->words > 0 && code->count == 1) {
            qemu_plugin_register_vcpu_mem_cb(handle, repeated, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, block);
        }
        /* MEM_RW: QEMU 7.2 and 8.1 call nothing for MEM_R alone. */
        if (insn->class_ == CLASS_STORE && may_save) {
            qemu_plugin_register_vcpu_mem_cb(handle, saved, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
        }
        if (insn->class_ == CLASS_LOAD && block->is_exit) {
            qemu_plugin_register_vcpu_mem_cb(handle, loaded, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
        }
    }
}

void cores_forget(void) {
    for (int at = 0; at < MOST_CORES; at++) {
        keep(cores[at].begun);
        keep(cores[at].last);
    }
}
