/* The option "stress": what is freed is found sooner, at the price of another heap than without it.
 *
 * The firmware is asked to collect at each allocation while native code has called it, and at the first one after native
 * code has run (events.c). What is freed is filled with a pattern and stays unused for some collections: its blocks are
 * marked as used in the collector's table, which the next collection undoes, and then again. Behind each block that is
 * in use a free one is kept free in the same way, so that nothing lies right behind it. Tables as in py/gc.c. */
#include <stdlib.h>
#include <string.h>

#include "memcheck.h"

#define POISON 0xdd
#define MOST_COLLECTIONS 64
#define PART_OF_HEAP 8  /* this part of it is kept unused at most */
#define PART_LARGE 64   /* a block of this part is not: programs with large arrays would run out of memory */
#define PART_GUARDED 2  /* guards only where less than this part was ever in use */
enum { FREE, HEAD, TAIL };

struct unused {
    uint32_t start, size;
    uint32_t collections; /* since it was freed */
};

static bool is_on, has_run;
static struct unused *unused;
static size_t count, capacity;
static uint32_t bytes;

void stress_install(void) {
    is_on = true;
}

void stress_begin(void) {
    count = 0;
    bytes = 0;
    has_run = false;
}

void stress_ran(void) {
    has_run = is_on;
}

bool stress_wants_collection(void) {
    bool wants = is_on && (has_run || native_caller().pc != 0);
    has_run = false;
    return wants;
}

static void mark(uint32_t start, uint32_t size, int first, int others) {
    for (uint32_t at = 0; at < size; at += HEAP_BLOCK) {
        uint32_t block = (start + at - shadow.start) / HEAP_BLOCK;
        uint8_t *entry = memory_at(shadow.tables + block / 4, 1);
        if (entry != NULL) {
            *entry = (uint8_t)((*entry & ~(3u << block % 4 * 2)) | (uint32_t)(at == 0 ? first : others) << block % 4 * 2);
        }
    }
}

static bool is_free(uint32_t block) {
    const uint8_t *entry = memory_at(shadow.tables + block / 4, 1);
    return entry != NULL && (*entry >> block % 4 * 2 & 3) == FREE;
}

/* It has been freed, or is not going to be: then nothing is to be done about its end either. */
void stress_freed(uint32_t start, uint32_t size) {
    uint8_t *memory = memory_at(start, size);
    if (!is_on || memory == NULL || size == 0) {
        return;
    }
    memset(memory, POISON, size);
    uint32_t block = (start - shadow.start) / HEAP_BLOCK, ends = shadow.tables + shadow.size / HEAP_BLOCK / 4;
    uint8_t *end = memory_at(ends + block / 8, 1);
    if (end != NULL) {
        *end &= (uint8_t)~(1u << block % 8);
    }
    if (size > shadow.size / PART_LARGE) {
        return;
    }
    unused = grown(unused, count + 1, &capacity, sizeof *unused);
    unused[count++] = (struct unused){start, size, 0};
    bytes += size;
    mark(start, size, HEAD, TAIL);
}

bool stress_keeps(uint32_t size) {
    return is_on && size > 0 && size <= shadow.size / PART_LARGE;
}

static void guard(void) {
    for (uint32_t at = 0; at + HEAP_BLOCK < shadow.used && shadow.used < shadow.size / PART_GUARDED; at += HEAP_BLOCK) {
        const struct block *block = shadow_block(shadow.start + at);
        uint32_t next = at / HEAP_BLOCK + 1;
        bool is_end = block->state == BLOCK_LIVE && block->start + block->size <= shadow.start + at + HEAP_BLOCK;
        if (is_end && is_free(next)) {
            mark(shadow.start + at + HEAP_BLOCK, HEAP_BLOCK, HEAD, TAIL);
        }
    }
}

void stress_collected(void) {
    if (!is_on) {
        return;
    }
    size_t kept = 0;
    for (size_t at = 0; at < count; at++) {
        struct unused *one = &unused[at];
        if (++one->collections > MOST_COLLECTIONS || bytes > shadow.size / PART_OF_HEAP) {
            mark(one->start, one->size, FREE, FREE);
            bytes -= one->size;
        } else {
            mark(one->start, one->size, HEAD, TAIL);
            unused[kept++] = *one;
        }
    }
    count = kept;
    guard();
}
