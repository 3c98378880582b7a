/* The heap of firmware that tells nothing of it, but has symbols: read from the collector's table (py/gc.c).
 *
 * The table is read when native code goes on, and each time that the allocator is called for something else than
 * before, so that what changed meanwhile has one cause. It tells blocks of 16 bytes. What was asked for is seen where
 * a plugin reads registers: at the allocator's entry its arguments, at its return the block.
 *
 * Guest memory is seen from the first native code on, which is executed in the heap. */
#include <stdlib.h>
#include <string.h>

#include "memcheck.h"

enum { FREE, HEAD, TAIL, MARKED };
#define PER_BYTE 4 /* blocks of the table */
#define MOST_RETURNS 32 /* calls in gc_alloc() */

enum cause { ALLOCATING, FREEING, MOVING, COLLECTING };

static bool has_begun, is_found, is_unseen, is_changed = true;
static enum cause cause;
static struct site by;
static bool has_made;        /* a block since the last call of gc_realloc() */
static uint64_t moving_at;   /* when code of gc_realloc() was executed last */
static uint8_t *kept;        /* the table as it was read last */
static uint32_t count;       /* of blocks */
static uint32_t *asked;      /* bytes for the block that begins there, 0 where that is not known */
static uint32_t size_asked, block_given; /* by the call that was last; 0: none */

bool heap_is_foreign(void) {
    return layout_start(PLACE_STATE) != 0;
}

static int kind_of(const uint8_t *table, uint32_t block) {
    return table[block / PER_BYTE] >> block % PER_BYTE * 2 & 3;
}

static bool is_head(const uint8_t *table, uint32_t block) {
    int kind = kind_of(table, block);
    return kind == HEAD || kind == MARKED;
}

static uint32_t number_of(uint32_t address) {
    return (address - shadow.start) / HEAP_BLOCK;
}

static uint32_t address_of(uint32_t block) {
    return shadow.start + block * HEAP_BLOCK;
}

/* Find the heap in the state of the firmware: a table and its size, perhaps the finalisers', and the pool's begin and
 * end, which the size gives as well. Which other members there are depends on the configuration. */
static bool find(void) {
    for (uint32_t at = layout_start(PLACE_STATE); at + 20 <= layout_end(PLACE_STATE); at += 4) {
        uint32_t table = memory_word(at), size = memory_word(at + 4);
        if (table == 0 || size == 0 || size > UINT32_MAX / PER_BYTE / HEAP_BLOCK || memory_at(table, size) == NULL) {
            continue;
        }
        for (uint32_t skip = 8; skip <= 12; skip += 4) {
            uint32_t start = memory_word(at + skip), end = memory_word(at + skip + 4);
            if (end - start == size * PER_BYTE * HEAP_BLOCK && start > table && start - table - size <= size) {
                shadow_begin(table, start, end);
                return true;
            }
        }
    }
    return false;
}

static void begin(void) {
    has_begun = true;
    modules_forget();
    native_forget();
    findings_begin();
    coverage_begin();
    is_unseen = false;
    is_found = find();
    free(kept);
    free(asked);
    kept = NULL;
    asked = NULL;
    block_given = 0;
    if (is_found) {
        count = shadow.size / HEAP_BLOCK;
        kept = allocate(count / PER_BYTE);
        asked = allocate(count * sizeof *asked);
    }
}

static void ended(uint32_t start) {
    static const enum block_end ends[] = {END_COLLECTION, END_FREE, END_MOVE, END_COLLECTION};
    enum block_end end = cause == MOVING && !has_made ? END_FREE : ends[cause];
    modules_remove(start);
    shadow_ended(start, end, by);
}

static uint32_t length_at(const uint8_t *table, uint32_t block) {
    uint32_t length = 1;
    while (block + length < count && kind_of(table, block + length) == TAIL) {
        length++;
    }
    return length;
}

static void allocated(uint32_t block, uint32_t length, struct site whose) {
    uint32_t size = asked[block];
    bool is_known = size > 0 && (size + HEAP_BLOCK - 1) / HEAP_BLOCK == length;
    shadow_allocated(address_of(block), is_known ? size : length * HEAP_BLOCK, whose);
    if (!is_known) {
        shadow_round(address_of(block));
    }
}

/* Bring the shadow up to date from one block to another one, between which the table has changed. */
static void update(const uint8_t *table, uint32_t first, uint32_t after) {
    const struct block *block = shadow_block(address_of(first));
    if (block->state == BLOCK_LIVE) {
        first = number_of(block->start);
    }
    while (first > 0 && kind_of(table, first) == TAIL) {
        first--;
    }
    for (uint32_t at = first; at < after; at++) {
        block = shadow_block(address_of(at));
        if (block->state != BLOCK_LIVE || block->start != address_of(at)) {
            continue;
        }
        uint32_t length = length_at(table, at), before = (block->size + HEAP_BLOCK - 1) / HEAP_BLOCK;
        if (!is_head(table, at) || (length != before && cause != MOVING)) {
            ended(block->start);
        } else if (length != before) {
            struct site whose = block->by;
            shadow_ended(block->start, END_MOVE, by);
            allocated(at, length, whose);
        }
    }
    for (uint32_t at = first; at < after; at++) {
        if (is_head(table, at) && shadow_block(address_of(at))->state != BLOCK_LIVE) {
            allocated(at, length_at(table, at), by);
            has_made = true;
        }
    }
}

static void read_table(void) {
    uint32_t size = count / PER_BYTE, first = 0, after = size;
    const uint8_t *table = memory_at(shadow.tables, size);
    if (table == NULL || memcmp(table, kept, size) == 0) {
        return;
    }
    while (table[first] == kept[first]) {
        first++;
    }
    while (table[after - 1] == kept[after - 1]) {
        after--;
    }
    update(table, first * PER_BYTE, after * PER_BYTE);
    memcpy(kept + first, table + first, after - first);
}

/* Take note of the block that the allocator gave. One that was in use and is given again was freed meanwhile. */
static void take_given(void) {
    uint32_t start = block_given, at = number_of(start);
    block_given = 0;
    if (!is_found || start - shadow.start >= shadow.size || size_asked == 0) {
        return;
    }
    const uint8_t *table = memory_at(shadow.tables, count / PER_BYTE);
    if (table == NULL || !is_head(table, at) || length_at(table, at) != (size_asked + HEAP_BLOCK - 1) / HEAP_BLOCK) {
        return; /* it was no return, on a condition */
    }
    asked[at] = size_asked;
    const struct block *block = shadow_block(start);
    if (block->state == BLOCK_LIVE && block->start == start && (size_asked != block->size || cause != MOVING)) {
        struct site whose = cause == MOVING ? block->by : by;
        modules_remove(start);
        shadow_ended(start, END_MOVE, by);
        shadow_allocated(start, size_asked, whose);
    }
}

void heap_catch_up(void) {
    if (!is_changed) {
        return;
    }
    is_changed = false;
    if (!has_begun) {
        begin();
    }
    if (is_found) {
        take_given();
        read_table();
    }
}

static uint32_t bytes_of_item(uint32_t typecode) {
    switch (typecode) {
    case 'h':
    case 'H':
        return 2;
    case 'i':
    case 'I':
    case 'l':
    case 'L':
    case 'f':
        return 4;
    case 'q':
    case 'Q':
    case 'd':
        return 8;
    case 'b':
    case 'B':
    case 1: /* BYTEARRAY_TYPECODE of py/binary.h */
        return 1;
    default:
        return 0;
    }
}

/* Of the data of an array or bytearray, the object tells how many bytes were asked for (py/objarray.h: type, typecode
 * and free items, items, data). One that was let go may have had the same block: the largest is right. */
bool heap_ask_owner(uint32_t start) {
    const uint8_t *heap = memory_at(shadow.start, shadow.used);
    uint32_t size = 0, before = shadow_block(start)->size;
    for (uint32_t at = 0; heap != NULL && at + HEAP_BLOCK <= shadow.used; at += HEAP_BLOCK) {
        uint32_t words[4];
        memcpy(words, heap + at, sizeof words);
        if (words[3] == start && layout_has(PLACE_NUMBERS, words[0]) &&
            shadow_block(shadow.start + at)->state == BLOCK_LIVE) {
            uint32_t asked_for = bytes_of_item(words[1] & 0xff) * ((words[1] >> 8) + words[2]);
            size = asked_for > size ? asked_for : size;
        }
    }
    bool is_as_long = (size + HEAP_BLOCK - 1) / HEAP_BLOCK == (before + HEAP_BLOCK - 1) / HEAP_BLOCK;
    if (size == 0 || size == before || !is_as_long) {
        return false;
    }
    shadow_resize(start, size);
    return true;
}

static void check_argument(uint32_t address) {
    if (is_found && registers_can_be_read()) {
        events_check_freed(address);
    }
}

static void called(enum cause next) {
    struct site caller = native_caller();
    bool is_one_of_many = cause == ALLOCATING && next == ALLOCATING && by.pc == 0 && caller.pc == 0;
    if (has_begun && !is_one_of_many) {
        heap_catch_up();
    } else if (has_begun) {
        take_given();
    }
    cause = next;
    by = caller;
    is_changed = true;
}

/* Called by gc_realloc(), whose cause it is. */
static bool is_of_move(void) {
    if (native_now() != moving_at + 1) {
        return false;
    }
    if (has_begun) {
        heap_catch_up();
    }
    cause = MOVING;
    is_changed = true;
    return true;
}

static void begins_life(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    has_begun = is_found = false;
    is_changed = true;
    cause = ALLOCATING;
    by = (struct site){0};
}

static void allocates(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    if (!is_of_move()) {
        called(ALLOCATING);
    }
    size_asked = registers_read(0);
}

static void frees(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    if (!is_of_move()) {
        uint32_t size = size_asked;
        called(FREEING);
        check_argument(registers_read(0));
        size_asked = size;
    }
}

static void moves(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    called(MOVING);
    has_made = false;
    size_asked = registers_read(1);
    check_argument(registers_read(0));
}

static void is_moving(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    moving_at = native_now();
}

static void collects(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    struct site whose = by;
    called(COLLECTING);
    by = whose; /* what is allocated behind it is of who wanted that */
}

/* The allocator goes on after a collection: what that freed may be given at once. */
static void has_collected(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    if (cause == COLLECTING && has_begun) {
        heap_catch_up();
        cause = ALLOCATING;
        is_changed = true;
    }
}

/* The last one that is executed was the return. */
static void returns(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    block_given = registers_read(0);
}

static void watch(const struct code *code, executed_cb callback) {
    enum qemu_plugin_cb_flags flags = registers_can_be_read() ? QEMU_PLUGIN_CB_R_REGS : QEMU_PLUGIN_CB_NO_REGS;
    qemu_plugin_register_vcpu_tb_exec_cb(code->tb, callback, flags, NULL);
}

/* A call is translated before what it returns to. */
static void watch_call(const struct code *code) {
    static uint32_t back[MOST_RETURNS];
    static size_t used;
    for (size_t at = 0; at < used; at++) {
        if (back[at] == code->address[0]) {
            watch(code, has_collected);
            break;
        }
    }
    uint32_t after = code->address[code->count];
    for (size_t at = 0; at < used; at++) {
        if (back[at] == after) {
            return;
        }
    }
    if (code->insn[code->count - 1].flow == FLOW_CALL && used < MOST_RETURNS) {
        back[used++] = after;
    }
}

static void watch_allocator(const struct code *code) {
    static const struct {
        enum place place;
        executed_cb callback;
    } entries[] = {{PLACE_INIT, begins_life}, {PLACE_ALLOC, allocates}, {PLACE_FREE, frees},
                   {PLACE_REALLOC, moves}, {PLACE_COLLECT, collects}};
    for (size_t at = 0; at < sizeof entries / sizeof *entries; at++) {
        if (layout_begins(entries[at].place, code->address[0])) {
            watch(code, entries[at].callback);
        }
    }
    bool is_move = layout_has(PLACE_REALLOC, code->address[0]);
    if (is_move) {
        watch(code, is_moving);
    }
    bool is_allocator = layout_has(PLACE_ALLOC, code->address[0]);
    if (is_allocator) {
        watch_call(code);
    }
    for (uint32_t at = 0; at < code->count && registers_can_be_read(); at++) {
        if ((is_move || is_allocator) && code->insn[at].flow == FLOW_RETURN) {
            qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(code->tb, at), returns,
                                                   QEMU_PLUGIN_CB_R_REGS, NULL);
        }
    }
}

/* A native module begins with a jump (tools/mpy_ld.py, asm_jump_thumb and asm_jump_thumb2), a function of MicroPython's
 * compiler with a push of more registers. Encodings: Arm DDI 0403, A7.7.12 and A7.7.101. */
static bool is_native_module(const uint8_t *code) {
    uint32_t first = code[0] | (uint32_t)code[1] << 8, second = code[2] | (uint32_t)code[3] << 8;
    bool is_jump = first >> 11 == 0x1c || (first >> 11 == 0x1e && (second & 0xd000) == 0x9000);
    return is_jump || first == 0xb501;
}

static void add_module(uint32_t address) {
    const struct block *block = shadow_block(address);
    const uint8_t *code = memory_at(block->start, block->size);
    if (block->state != BLOCK_LIVE || module_at(address) != NULL || code == NULL || !is_native_module(code)) {
        return;
    }
    struct module module = {.text = block->start, .size = block->size, .copy = block->start};
    module.code = allocate(module.size);
    memcpy(module.code, code, module.size);
    shadow_kind(module.text, KIND_TEXT);
    modules_add(&module);
    if (coverage_used()) {
        findings_tell_modules();
    }
}

void heap_translate(const struct code *code) {
    uint32_t address = code->address[0];
    watch_allocator(code);
    bool is_of_firmware = layout_has(PLACE_CODE, address) || function_at(address) != NULL;
    if (code->host == NULL || is_of_firmware || !layout_has(PLACE_RAM, address)) {
        return;
    }
    memory_seen_here(address, (uint8_t *)(uintptr_t)code->host);
    is_changed = true;
    heap_catch_up();
    if (is_found && address - shadow.start < shadow.size) {
        add_module(address);
    } else if (!is_unseen) {
        is_unseen = true;
        findings_tell_unseen(address, is_found);
    }
}
