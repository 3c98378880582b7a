/* Each load and store of native code, compared with what the guest owns. */
#include <string.h>

#include "memcheck.h"

#define NEAR 64       /* bytes: as far from a block an access is about that block */
#define FAR 4096      /* where nothing else is nearer */
#define NULL_BYTES 256 /* an offset of an object's member at most; there a vector table lies, if anything */
#define LARGEST_STRIDE 64

/* A call of memset or memmove by native code: all of its loads are about one block, and all of its stores. */
static struct {
    struct site site;
    uint32_t function;
    struct walk {
        uint32_t last; /* address */
    } of[2]; /* loads, stores */
} copy;

static void learn(struct access *access, qemu_plugin_meminfo_t info) {
    access->info = info;
    access->size = (uint8_t)(1u << qemu_plugin_mem_size_shift(info));
    access->is_store = qemu_plugin_mem_is_store(info);
    access->is_known = true;
}

static bool is_in_heap(uint32_t address) {
    return address - shadow.start < shadow.size;
}

/* Tell whether a block is the data of a string or bytes object, which somebody else may have as well. */
static bool is_data_of_object(const struct block *block) {
    for (uint32_t from = 0, size; from < shadow.used; from += size) {
        size = shadow.used - from;
        const uint8_t *heap = memory_piece(shadow.start + from, &size);
        for (uint32_t at = 0; heap != NULL && at + HEAP_BLOCK <= size; at += HEAP_BLOCK) {
            uint32_t words[4]; /* mp_obj_str_t: type, hash, length, data */
            memcpy(words, heap + at, sizeof words);
            if (words[3] == block->start && layout_has(PLACE_STRING, words[0]) &&
                shadow_block(shadow.start + from + at)->state == BLOCK_LIVE && words[2] < block->size + 1) {
                return true;
            }
        }
    }
    return false;
}

static bool is_array(const struct block *block) {
    return layout_has(PLACE_ARRAY, memory_word(block->start));
}

/* Tell whether an array or list has data that may be such: modules change the length of a list, for instance. Type,
 * two words of which the second is the length, and the data: mp_obj_list_t, mp_obj_array_t. */
static bool points_to_data(const struct block *block) {
    uint32_t length = memory_word(block->start + 8), data = memory_word(block->start + 12);
    if (data == 0) {
        return length == 0;
    }
    return is_in_heap(data) && shadow_block(data)->state == BLOCK_LIVE && shadow_block(data)->start == data;
}

/* Say why the code at a place may not write to a live block, FOUND_COUNT where it may. */
static enum finding unwritable(const struct block *block, uint32_t address, uint32_t pc) {
    if (block->kind == KIND_TEXT) {
        return module_of_copy(address) == module_at(pc) ? FOUND_TEXT : FOUND_MODULE;
    }
    if (block->kind == KIND_DATA) {
        const struct module *owner = module_of_data(address);
        if (owner != NULL && address >= owner->rodata) {
            return FOUND_RODATA;
        }
        return owner != module_at(pc) ? FOUND_MODULE : FOUND_COUNT;
    }
    if (block->by.pc != 0) {
        return FOUND_COUNT; /* made by native code, which may fill it */
    }
    if (is_array(block)) {
        return points_to_data(block) ? FOUND_COUNT : FOUND_OBJECT;
    }
    bool is_object = layout_has(PLACE_OBJECT, memory_word(block->start)) || is_data_of_object(block);
    return is_object ? FOUND_OBJECT : FOUND_COUNT;
}

/* An access that is looked into: for whom it is done, by which function of the firmware, and what it was about before. */
struct look {
    const struct access *access;
    uint32_t pc, function, address, from;
};

/* Find a pointer into a block that was collected, in what is in use, where the collector looks for others: one to its
 * middle, or one that is no aligned word. */
static void find_holder(struct found *found) {
    const struct block *block = found->block;
    for (uint32_t from = 0, size; from < shadow.used; from += size) {
        size = shadow.used - from;
        uint32_t start = shadow.start + from;
        const uint8_t *heap = memory_piece(start, &size);
        for (uint32_t at = 0; heap != NULL && at + 4 <= size; at++) {
            uint32_t word;
            memcpy(&word, heap + at, sizeof word);
            bool is_inside = word - block->start < block->size && shadow_block(start + at)->state == BLOCK_LIVE;
            if (is_inside && (at % 4 == 0 || word == block->start)) {
                found->holder = start + at;
                found->held = word;
                return;
            }
        }
    }
}

static void report(const struct look *look, enum finding what, const struct block *block, const struct block *near) {
    struct found found = {.what = what, .site = {.pc = look->pc}, .function = look->function,
                          .is_store = look->access->is_store, .size = look->access->size, .address = look->address,
                          .block = block, .near = near};
    if (look->function != 0) {
        found.site = copy.site;
    }
    if (what == FOUND_FREED && block->end == END_COLLECTION) {
        find_holder(&found);
    }
    findings_add(&found);
}

/* Tell whether the interpreter made it an object: native code takes no buffer from that which it could run out of. */
static bool is_no_buffer(const struct block *block) {
    return block->by.pc == 0 && (is_array(block) || layout_has(PLACE_OBJECT, memory_word(block->start)));
}

/* The same code accessed the block before. */
static bool came_from(const struct look *look, const struct block *block) {
    return look->from - block->start < block->size;
}

/* An access where nothing is in use: by what is near, and by where the same code was before. */
static void look_at_unused(const struct look *look, const struct block *there) {
    uint32_t address = look->address;
    const struct block *before = shadow_before(address, NEAR), *behind = shadow_behind(address, NEAR);
    const struct block *freed = there->state == BLOCK_FREED ? there : NULL;
    if (before != NULL && came_from(look, before)) {
        behind = NULL; /* a loop ran over the end */
    } else if (behind != NULL && came_from(look, behind)) {
        before = NULL;
    } else if (freed != NULL) {
        bool is_over = before != NULL && !is_no_buffer(before);
        bool is_under = behind != NULL && !is_no_buffer(behind) && behind->start - address <= HEAP_BLOCK;
        if (freed->is_touched || came_from(look, freed) || !(is_over || is_under)) {
            report(look, FOUND_FREED, there, is_over ? before : NULL);
            return;
        }
    }
    if (behind != NULL && before != NULL) {
        bool is_before_nearer = address - before->start - before->size <= behind->start - address;
        *(is_before_nearer ? &behind : &before) = NULL;
    }
    before = before == NULL && behind == NULL ? shadow_before(address, FAR) : before;
    if (behind != NULL) {
        report(look, FOUND_BEFORE, behind, freed);
    } else if (before != NULL) {
        report(look, FOUND_BEYOND, before, freed);
    } else {
        report(look, freed != NULL ? FOUND_FREED : FOUND_NEVER, there, NULL);
    }
}

/* Return the block that an access is right before, if it is more about that than about the one that it is past the end of
 * and in the last 16 bytes of; else NULL. */
static const struct block *next_after_padding(const struct look *look, const struct block *block) {
    const struct block *behind = shadow_behind(look->address, HEAP_BLOCK);
    uint32_t end = block->start + block->size;
    if (behind == NULL || look->address < end || came_from(look, block) || is_no_buffer(behind)) {
        return NULL;
    }
    bool is_nearer = behind->start - look->address < look->address - end;
    return came_from(look, behind) || is_no_buffer(block) || (is_nearer && !block->is_touched) ? behind : NULL;
}

/* Look closer at an access to the heap; return whether all is well. */
static bool look_at_heap(const struct look *look) {
    const struct block *block = shadow_block(look->address);
    if (block->state != BLOCK_LIVE) {
        look_at_unused(look, block);
        return false;
    }
    if (block->is_rounded && !block->is_touched) {
        heap_ask_owner(block->start);
    }
    if (look->address + look->access->size - block->start > block->size) {
        if (heap_is_foreign() && heap_ask_owner(block->start)) {
            return look_at_heap(look); /* it has grown, and in the same blocks */
        }
        const struct block *behind = next_after_padding(look, block);
        report(look, behind != NULL ? FOUND_BEFORE : FOUND_BEYOND, behind != NULL ? behind : block,
               behind != NULL ? block : NULL);
        return false;
    }
    if (!look->access->is_store) {
        shadow_open(block, false);
        return true;
    }
    enum finding why = unwritable(block, look->address, look->pc);
    if (why != FOUND_COUNT) {
        const struct block *behind = shadow_behind(look->address, HEAP_BLOCK);
        if (why == FOUND_OBJECT && behind != NULL && is_array(block)) {
            report(look, FOUND_BEFORE, behind, block); /* the object is right before its data, most likely */
        } else {
            report(look, why, block, NULL);
        }
        return false;
    }
    /* Data of a module is its own alone, and constants may be in the same 16 bytes. */
    if (block->kind == KIND_PLAIN && (block->by.pc != 0 || !is_array(block))) {
        shadow_open(block, true);
    }
    return true;
}

/* The same for an access to anything but the heap. */
static void look_elsewhere(const struct look *look) {
    uint32_t address = look->address;
    const struct module *module = module_at(address);
    bool is_store = look->access->is_store;
    enum finding what;
    if (address - shadow.tables < shadow.start - shadow.tables) {
        what = FOUND_TABLES;
    } else if (layout_has(PLACE_STACK, address)) {
        if (look->function != 0 || address >= native_stack) {
            return; /* 0 where it is not known */
        }
        what = FOUND_STACK;
    } else if (address < NULL_BYTES) {
        what = FOUND_NULL;
    } else if (module != NULL) {
        what = !is_store ? FOUND_COUNT : module == module_at(look->pc) ? FOUND_TEXT : FOUND_MODULE;
    } else if (layout_has(PLACE_CODE, address)) {
        what = is_store ? FOUND_CODE : FOUND_COUNT;
    } else if (layout_has(PLACE_DATA, address)) {
        what = is_store ? FOUND_DATA : FOUND_COUNT;
    } else {
        what = layout_has(PLACE_OPEN, address) ? FOUND_COUNT : FOUND_WILD;
    }
    if (what != FOUND_COUNT) {
        report(look, what, NULL, NULL);
    }
}

/* Tell whether an access continues a walk through memory: with the same step, after as much code as before. A block
 * that was allocated since the last one is none that a loop ran into: calls that make an object each get them at equal
 * distances, too. */
static bool walks_on(const struct access *access, uint32_t address) {
    uint32_t step = address - access->last;
    if ((int32_t)(access->turn - shadow_block(address)->turn) <= 0) {
        return false;
    }
    return step != 0 && step + LARGEST_STRIDE <= 2 * LARGEST_STRIDE && access->last - access->before == step &&
           native_turn - access->turn == access->turn - access->turn_before && is_in_heap(access->last);
}

/* A walk that leaves one block for the next one has run over its end. */
static bool is_over_the_end(const struct look *look) {
    const struct block *from = shadow_block(look->from), *to = shadow_block(look->address);
    if (from->state != BLOCK_LIVE || to->state != BLOCK_LIVE || from->start == to->start) {
        return false;
    }
    report(look, look->address > look->from ? FOUND_BEYOND : FOUND_BEFORE, from, NULL);
    return true;
}

void access_native(struct access *access, qemu_plugin_meminfo_t info, uint32_t address) {
    if (__builtin_expect(access->info != info || !access->is_known, false)) {
        learn(access, info);
    }
    struct look look = {access, access->pc, 0, address, access->last};
    if (!is_in_heap(address)) {
        look_elsewhere(&look);
        return;
    }
    uint32_t offset = address - shadow.start, at = offset / HEAP_BLOCK, end = offset % HEAP_BLOCK + access->size;
    bool is_over = (access->last ^ address) / HEAP_BLOCK != 0 && walks_on(access, address) && is_over_the_end(&look);
    if (!is_over && end > (access->is_store ? shadow.writable : shadow.readable)[at]) {
        look_at_heap(&look);
    }
    access->before = access->last;
    access->last = address;
    access->turn_before = access->turn;
    access->turn = native_turn;
}

void access_begin_copy(struct site site, uint32_t function) {
    memset(&copy, 0, sizeof copy);
    copy.site = site;
    copy.function = function;
}

void access_copy(struct access *access, qemu_plugin_meminfo_t info, uint32_t address) {
    if (access->info != info || !access->is_known) {
        learn(access, info);
    }
    struct walk *walk = &copy.of[access->is_store];
    struct look look = {access, copy.site.pc, copy.function, address, walk->last};
    if (!is_in_heap(address)) {
        look_elsewhere(&look);
    } else if (!(is_in_heap(walk->last) && is_over_the_end(&look))) {
        look_at_heap(&look);
    }
    walk->last = address;
}
