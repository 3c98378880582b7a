/* Mode "classes": how many instructions of each class were executed.
 *
 * A callback at each block's begin counts it, and sees whether the conditional branch that ended the
 * block before was taken. An instruction in an IT block counts whether its condition held or not, unless it
 * is a branch. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

struct kind {
    uint8_t class_, words, pair, times; /* times: that the pair counts */
    bool is_behind; /* a division of the same block */
    uint16_t offset; /* from the block's first byte */
};

struct block {
    uint64_t begun, not_taken;
    uint64_t falls_to; /* the address behind it, where the last instruction is a branch that may not be taken */
    uint32_t address, count;
    uint8_t lead; /* instructions before the first for the floating-point unit, as far as a division may hide them */
    uint8_t left; /* how many more the last division may hide behind the block */
    bool is_through; /* there is none for that unit */
    bool turns;      /* it ends with a branch, call or return */
    bool is_followed; /* whether follow() is for it: its divisions hide something, or its end makes pairs with its begin */
    struct block *next;
    int64_t *change; /* how many times more than the instruction before it each was executed; NULL: as many */
    uint64_t loops;  /* how often it began straight behind itself, without a jump */
    uint8_t again[PAIR_COUNT]; /* pairs of its end with its begin, where it does */
    struct kind kinds[];
};

struct totals {
    uint64_t classes[CLASS_COUNT], pairs[PAIR_COUNT], not_taken, load_words, store_words, behind, behind_turns;
};

/* What pairs are called in the record. */
static const char *const pair_names[PAIR_COUNT] = {
    [PAIR_LOAD_USED] = "load_used",
    [PAIR_LOAD_ROW] = "load_row",
    [PAIR_MULTIPLY_USED] = "multiply_used",
    [PAIR_FLOAT_USED] = "float_used",
    [PAIR_LOAD_LATER] = "load_later",
    [PAIR_SHIFT_USED] = "shift_used",
};

bool pairs_tell(const char *name) {
    for (int pair = PAIR_NONE + 1; pair < PAIR_COUNT; pair++) {
        if (strcmp(pair_names[pair], name) == 0) {
            pairs_told |= 1u << pair;
            return true;
        }
    }
    return false;
}

#define NOWHERE UINT64_MAX
/* What follows a float division or square root, but for the floating-point unit, goes on while that divides: on a
 * Cortex-M4 for 13 cycles (GCC, gcc/config/arm/cortex-m4-fpu.md), so no more instructions than that. */
#define MOST_BEHIND 13

static struct block nothing = {.falls_to = NOWHERE};
static struct block *blocks;
static struct block *current = &nothing; /* that began and counts */
static struct block *latest = &nothing;  /* that began, where several cores do */
static bool is_whole = true; /* whether the current block's end will be executed, and counts */
static bool is_paused;
static struct totals at_start[OPEN_REGIONS];
static struct totals forgotten; /* of blocks whose translation is */
static uint8_t behind; /* how many more instructions the last division may hide */
static uint64_t led, turned; /* instructions that a division of another block may hide, and turns behind divisions */
static uint64_t parted[PAIR_COUNT]; /* pairs of which the second came in another block */

/* Count that a block goes on behind itself, and what the last division may hide of it. At a region's edges it is of whole
 * blocks. */
static __attribute__((noinline)) void follow(struct block *block, bool was_taken) {
    block->loops += block == current && is_whole && !block->turns;
    if (behind > 0) {
        uint8_t hidden = block->lead < behind ? block->lead : behind;
        turned += was_taken;
        led += hidden;
        behind = (uint8_t)(behind - hidden);
    }
    behind = block->is_through ? behind : block->left;
}

static void begin(struct block *block) {
    bool fell = current->falls_to == block->address && is_whole;
    current->not_taken += fell;
    if ((behind | block->is_followed) != 0 && !is_paused) {
        follow(block, current->turns && is_whole && !fell);
    }
    block->begun += !is_paused;
    current = block;
    is_whole = !is_paused;
}

static void begun(unsigned int vcpu, void *data) {
    (void)vcpu;
    begin(data);
}

static void begun_on_core(unsigned int vcpu, void *data) {
    latest = data;
    if (cores_counts(vcpu)) {
        begin(latest);
    }
}

static void join(void) {
    current = &nothing; /* what came before is not the program's */
    begin(latest);
}

/* Tell which instructions follow divisions, within the block and at its edges. */
static void note_divisions(struct block *block, const struct code *code) {
    block->is_through = true;
    for (uint32_t at = 0; at < code->count; at++) {
        uint8_t class_ = code->insn[at].class_;
        if (class_ == CLASS_FLOAT_DIV || class_ == CLASS_FLOAT_SQRT) {
            block->left = MOST_BEHIND;
        } else if (code->is_float[at]) {
            block->left = 0;
        } else if (block->left > 0) {
            block->left--;
            block->kinds[at].is_behind = true;
        } else if (block->is_through && block->lead < MOST_BEHIND) {
            block->lead++;
        }
        block->is_through = block->is_through && !code->is_float[at];
    }
}

static void translate(const struct code *code) {
    struct block *block = allocate_for_code(sizeof *block + code->count * sizeof(struct kind));
    const struct insn *last = &code->insn[code->count - 1];
    block->address = code->address[0];
    block->count = code->count;
    bool may_fall = last->conditional && last->flow != FLOW_NEXT;
    block->falls_to = may_fall ? code->address[code->count] : NOWHERE;
    for (uint32_t at = 0; at < code->count; at++) {
        block->kinds[at] = (struct kind){
            code->insn[at].class_, code->insn[at].words, (uint8_t)code->pair[at], code->times[at], false,
            (uint16_t)(code->address[at] - block->address)};
    }
    block->turns = last->flow != FLOW_NEXT;
    memcpy(block->again, code->again, sizeof block->again);
    note_divisions(block, code);
    block->is_followed = block->left > 0;
    for (int pair = 0; pair < PAIR_COUNT; pair++) {
        block->is_followed |= block->again[pair] > 0;
    }
    block->next = blocks;
    blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(code->tb, cores_used() ? begun_on_core : begun, QEMU_PLUGIN_CB_NO_REGS, block);
}

/* From the instruction at an index on, the current block is executed once more, or once less, than before it. */
static void change(uint32_t index, int64_t times) {
    if (current->change == NULL) {
        current->change = allocate((current->count + 1) * sizeof *current->change);
    }
    current->change[index] += times;
    is_whole = times > 0;
}

static void left_early(uint32_t address) {
    for (uint32_t at = 0; at < current->count && is_whole; at++) {
        if (current->address + current->kinds[at].offset == address) {
            change(at + 1, -1);
            if (at + 1 < current->count) {
                parted[current->kinds[at + 1].pair] += current->kinds[at + 1].times;
            }
        }
    }
}

static void cut(uint32_t rest) {
    if (current != &nothing && is_whole) {
        change(current->count - rest, -1);
    }
}

static void pause(uint32_t rest, uint32_t address) {
    (void)address;
    is_paused = true;
    cut(rest);
}

static void resume(uint32_t rest, uint32_t address) {
    (void)address;
    is_paused = false;
    if (current != &nothing) {
        change(current->count - rest, 1);
    }
}

/* Add what was executed of a block, except the last `rest` instructions once. */
static void add(struct totals *totals, const struct block *block, uint32_t rest) {
    int64_t times = (int64_t)block->begun;
    for (uint32_t at = 0; at < block->count; at++) {
        const struct kind *kind = &block->kinds[at];
        times += block->change != NULL ? block->change[at] : 0;
        times -= at == block->count - rest;
        totals->classes[kind->class_] += (uint64_t)times;
        *(kind->class_ == CLASS_STORE ? &totals->store_words : &totals->load_words) += (uint64_t)times * kind->words;
        totals->pairs[kind->pair] += (uint64_t)times * kind->times;
        totals->behind += kind->is_behind ? (uint64_t)times : 0;
    }
    for (int pair = 0; pair < PAIR_COUNT; pair++) {
        totals->pairs[pair] += block->loops * block->again[pair];
    }
    totals->not_taken += block->not_taken;
    totals->classes[block->kinds[block->count - 1].class_] -= block->not_taken;
}

/* Return what was executed so far, except the last `rest` instructions of the current block. */
static struct totals executed(uint32_t rest) {
    struct totals totals = forgotten;
    for (int pair = 0; pair < PAIR_COUNT; pair++) {
        totals.pairs[pair] += parted[pair];
    }
    totals.behind += led;
    totals.behind_turns += turned;
    for (const struct block *block = blocks; block != NULL; block = block->next) {
        add(&totals, block, block == current && is_whole ? rest : 0);
    }
    return totals;
}

/* The block that began last may still be cut: it stays. */
static void forget(void) {
    struct block **link = &blocks;
    while (*link != NULL) {
        struct block *block = *link;
        if (block == current || block == latest) {
            keep(block);
            link = &block->next;
        } else {
            add(&forgotten, block, 0);
            free(block->change);
            *link = block->next;
        }
    }
}

static void start(int region, uint32_t rest, uint32_t address) {
    (void)address;
    at_start[region] = executed(rest);
}

static void stop(int region, uint32_t rest, uint32_t address, FILE *record) {
    (void)address;
    struct totals now = executed(rest);
    const struct totals *then = &at_start[region];
    fputs(",\"classes\":{", record);
    for (int class_ = 0; class_ < CLASS_COUNT; class_++) {
        const char *name = class_ == CLASS_BRANCH ? "branch_taken" : insn_class_names[class_];
        fprintf(record, "\"%s\":%" PRIu64 ",", name, now.classes[class_] - then->classes[class_]);
    }
    fprintf(record, "\"branch_not_taken\":%" PRIu64 "},\"load_words\":%" PRIu64 ",\"store_words\":%" PRIu64,
            now.not_taken - then->not_taken, now.load_words - then->load_words, now.store_words - then->store_words);
    for (int pair = 0; pair < PAIR_COUNT; pair++) {
        if (pairs_told >> pair & 1) {
            fprintf(record, ",\"%s\":%" PRIu64, pair_names[pair], now.pairs[pair] - then->pairs[pair]);
        }
    }
    fprintf(record, ",\"behind_divide\":%" PRIu64 ",\"behind_divide_turns\":%" PRIu64, now.behind - then->behind,
            now.behind_turns - then->behind_turns);
}

const struct mode mode_classes = {"classes", translate, left_early, pause, resume, start, stop, .cut = cut, .join = join,
                                   .forget = forget};
