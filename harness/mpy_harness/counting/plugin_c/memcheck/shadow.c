/* What the heap holds, to the byte that was asked for: told by the allocator, and after a collection read from the
 * collector's table (py/gc.c: two bits a block, 0 is free). */
#include <stdlib.h>
#include <string.h>

#include "memcheck.h"

struct shadow shadow;
static struct block *blocks; /* of each 16 bytes of the heap, the whole that they belong to */
static uint32_t count; /* of blocks */

void shadow_begin(uint32_t tables, uint32_t start, uint32_t end) {
    shadow.tables = tables;
    shadow.start = start;
    shadow.size = end - start;
    count = shadow.size / HEAP_BLOCK;
    shadow.used = 0;
    free(blocks);
    free(shadow.readable);
    free(shadow.writable);
    blocks = allocate((count + 1) * sizeof *blocks);
    shadow.readable = allocate(count + 1);
    shadow.writable = allocate(count + 1);
}

static uint32_t number_of(uint32_t address) {
    return (address - shadow.start) / HEAP_BLOCK;
}

struct block *shadow_block(uint32_t address) {
    return &blocks[number_of(address)];
}

static uint32_t blocks_of(uint32_t size) {
    return (size + HEAP_BLOCK - 1) / HEAP_BLOCK;
}

static bool is_inside(uint32_t start, uint32_t size) {
    return start - shadow.start < shadow.size && size <= shadow.size - (start - shadow.start);
}

void shadow_allocated(uint32_t start, uint32_t size, struct site by) {
    if (!is_inside(start, size)) {
        return;
    }
    struct block block = {.start = start, .size = size, .by = by, .turn = native_turn, .state = BLOCK_LIVE};
    uint32_t first = number_of(start), after = first + blocks_of(size);
    for (uint32_t at = first; at < after; at++) {
        blocks[at] = block;
    }
    memset(shadow.readable + first, 0, after - first);
    memset(shadow.writable + first, 0, after - first);
    shadow.used = after * HEAP_BLOCK > shadow.used ? after * HEAP_BLOCK : shadow.used;
}

void shadow_ended(uint32_t start, enum block_end end, struct site by) {
    if (!is_inside(start, 1)) {
        return;
    }
    uint32_t first = number_of(start), after = first + blocks_of(blocks[first].size);
    for (uint32_t at = first; at < after && blocks[at].start == start; at++) {
        blocks[at].state = BLOCK_FREED;
        blocks[at].end = (uint8_t)end;
        blocks[at].ended_by = by;
    }
    memset(shadow.readable + first, 0, after - first);
    memset(shadow.writable + first, 0, after - first);
}

void shadow_moved(uint32_t from, uint32_t to, uint32_t size, struct site by) {
    struct site allocated_by = is_inside(from, 1) && from == to ? shadow_block(from)->by : by;
    shadow_ended(from, END_MOVE, by);
    shadow_allocated(to, size, allocated_by);
}

void shadow_collected(struct site by) {
    const uint8_t *table = memory_at(shadow.tables, count / 4);
    for (uint32_t at = 0; table != NULL && at < shadow.used / HEAP_BLOCK; at++) {
        const struct block *block = &blocks[at];
        if (block->state == BLOCK_LIVE && number_of(block->start) == at && (table[at / 4] >> at % 4 * 2 & 3) == 0) {
            uint32_t start = block->start, size = block->size;
            shadow_ended(start, END_COLLECTION, by);
            stress_freed(start, size);
        }
    }
}

void shadow_kind(uint32_t start, enum block_kind kind) {
    if (!is_inside(start, 1)) {
        return;
    }
    uint32_t first = number_of(start), after = first + blocks_of(blocks[first].size);
    for (uint32_t at = first; at < after; at++) {
        blocks[at].kind = (uint8_t)kind;
    }
}

void shadow_round(uint32_t start) {
    uint32_t first = number_of(start), after = first + blocks_of(blocks[first].size);
    for (uint32_t at = first; at < after; at++) {
        blocks[at].is_rounded = true;
    }
}

void shadow_resize(uint32_t start, uint32_t size) {
    uint32_t first = number_of(start), after = first + blocks_of(size);
    for (uint32_t at = first; at < after; at++) {
        blocks[at].size = size;
        blocks[at].is_rounded = false;
    }
    memset(shadow.readable + first, 0, after - first);
    memset(shadow.writable + first, 0, after - first);
}

void shadow_open(const struct block *block, bool is_writable) {
    uint8_t *limits = is_writable ? shadow.writable : shadow.readable;
    uint32_t first = number_of(block->start), left = limits[first] == 0 ? block->size : 0;
    for (uint32_t at = first; left > 0; at++) {
        uint8_t bytes = left < HEAP_BLOCK ? (uint8_t)left : HEAP_BLOCK;
        blocks[at].is_touched = true;
        limits[at] = bytes;
        left -= bytes;
    }
}

const struct block *shadow_before(uint32_t address, uint32_t most) {
    uint32_t at = number_of(address);
    for (uint32_t back = 0; back <= most / HEAP_BLOCK + 1 && back <= at; back++) {
        const struct block *block = &blocks[at - back];
        if (block->state == BLOCK_LIVE) {
            uint32_t end = block->start + block->size;
            return address >= end && address - end <= most ? block : NULL;
        }
    }
    return NULL;
}

const struct block *shadow_behind(uint32_t address, uint32_t most) {
    uint32_t at = number_of(address);
    for (uint32_t on = 1; on <= most / HEAP_BLOCK + 1 && at + on < count; on++) {
        const struct block *block = &blocks[at + on];
        if (block->state == BLOCK_LIVE) {
            return block->start - address <= most ? block : NULL;
        }
    }
    return NULL;
}
