// What valgrind is told of the heap, where it watches: which blocks there are, by the bytes that were asked for. The
// linker puts the functions here between those that allocate and all their callers (ld, --wrap).
//
// valgrind knows a request by an instruction sequence that does nothing on a processor ("The Client Request mechanism",
// valgrind manual, section 3.1; the numbers are those of its valgrind.h and memcheck.h).

#include <string.h>
#include <sys/mman.h>

#include "py/gc.h"
#include "py/mpstate.h"

#include "guest.h"

enum {
    BLOCK_ALLOCATED = 0x1301,
    BLOCK_FREED = 0x1302,
    BLOCK_RESIZED = 0x130b,
    STACK_IS = 0x1501,
    REPORT_ERRORS = 0x1801,
    NO_ACCESS = ('M' << 24) | ('C' << 16),
    DEFINED = NO_ACCESS + 2,
};

#define BLOCK MICROPY_BYTES_PER_GC_BLOCK

static uint32_t *sizes; // that were asked for, plus 1, by the number of a block; 0 where none begins
static uint8_t *pool;
static size_t blocks;

static void request(uintptr_t what, uintptr_t first, uintptr_t second, uintptr_t third, uintptr_t fourth) {
    volatile uintptr_t words[6] = { what, first, second, third, fourth, 0 };
    uintptr_t answer = 0;
    __asm__ volatile (
        "rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi\n"
        "xchgq %%rbx, %%rbx\n"
        : "+d" (answer) : "a" (words) : "cc", "memory");
}

// The allocator and the collector use memory that is nobody's.
static void trust(bool is_trusted) {
    request(REPORT_ERRORS, is_trusted ? 1 : (uintptr_t)-1, 0, 0, 0);
}

void guest_check_from_here(void *first_block, void *end) {
    if (!guest_is_checked) {
        return;
    }
    pool = first_block;
    blocks = ((uint8_t *)end - pool) / BLOCK;
    if (sizes == NULL) {
        sizes = mmap(NULL, blocks * sizeof(*sizes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        request(STACK_IS, STACK_START, STACK_START + STACK_SIZE, 0, 0);
    }
    request(NO_ACCESS, (uintptr_t)pool, blocks * BLOCK, 0, 0);
}

static uint32_t *size_of(const void *block) {
    return &sizes[((const uint8_t *)block - pool) / BLOCK];
}

static void allocated(void *block, size_t size) {
    *size_of(block) = size + 1;
    request(BLOCK_ALLOCATED, (uintptr_t)block, size, 0, true);
}

// Whether a block begins there. What native code frees may be anything.
static bool is_block(const void *place) {
    size_t distance = (const uint8_t *)place - pool;
    return distance < blocks * BLOCK && distance % BLOCK == 0 && *size_of(place) != 0;
}

static void freed(void *block) {
    if (is_block(block)) {
        *size_of(block) = 0;
    }
    request(BLOCK_FREED, (uintptr_t)block, 0, 0, 0);
}

void guest_forget_blocks(void) {
    for (size_t number = 0; guest_is_checked && number < blocks; ++number) {
        if (sizes[number] != 0) {
            freed(pool + number * BLOCK);
        }
    }
}

void guest_before_collection(void) {
    if (guest_is_checked) {
        trust(true);
    }
}

void guest_after_collection(void) {
    if (!guest_is_checked) {
        return;
    }
    trust(false);
    const uint8_t *table = (const uint8_t *)MP_STATE_MEM(area.gc_alloc_table_start);
    for (size_t number = 0; number < blocks; ++number) {
        if (sizes[number] != 0 && (table[number / 4] >> number % 4 * 2 & 3) == 0) {
            freed(pool + number * BLOCK);
        }
    }
}

void *__real_gc_alloc(size_t bytes, unsigned int flags);
void *__real_gc_realloc(void *old, size_t bytes, bool may_move);
void __real_gc_free(void *old);

// A block more behind each: what runs over the end meets memory that is nobody's.
#define BEHIND BLOCK

void *__wrap_gc_alloc(size_t bytes, unsigned int flags) {
    if (!guest_is_checked || bytes == 0) {
        return __real_gc_alloc(bytes, flags);
    }
    trust(true);
    uint8_t *block = __real_gc_alloc(bytes + BEHIND, flags);
    trust(false);
    if (block != NULL) {
        allocated(block, bytes);
    }
    return block;
}

void *__wrap_gc_realloc(void *old, size_t bytes, bool may_move) {
    if (!guest_is_checked) {
        return __real_gc_realloc(old, bytes, may_move);
    }
    if (old == NULL) {
        return __wrap_gc_alloc(bytes, 0);
    }
    if (bytes == 0) {
        gc_free(old);
        return NULL;
    }
    if (!is_block(old)) {
        freed(old); // which valgrind tells
        return __wrap_gc_alloc(bytes, 0);
    }
    size_t before = *size_of(old) - 1;
    trust(true);
    void *block = __real_gc_realloc(old, bytes + BEHIND, may_move);
    trust(false);
    if (block == old) {
        *size_of(old) = bytes + 1;
        request(BLOCK_RESIZED, (uintptr_t)old, before, bytes, 0);
        if (bytes > before) {
            request(DEFINED, (uintptr_t)old + before, bytes - before, 0, 0);
        }
    } else if (block != NULL) {
        allocated(block, bytes);
        freed(old);
    }
    return block;
}

void __wrap_gc_free(void *old) {
    bool is_told = guest_is_checked && old != NULL && MP_STATE_THREAD(gc_lock_depth) == 0;
    bool is_whole = !is_told || is_block(old);
    if (is_told) {
        freed(old);
    }
    if (is_whole) {
        __real_gc_free(old);
    }
}
