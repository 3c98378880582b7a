// Native code: each piece on pages of its own, which nothing can write to once it is complete.

#include <sys/mman.h>

#include "py/runtime.h"
#include "py/persistentcode.h"

#include "guest.h"

#define PAGE 4096

static size_t taken;

static size_t in_pages(size_t size) {
    return (size + PAGE - 1) / PAGE * PAGE;
}

void guest_alloc_code(size_t size, void **place, size_t *room) {
    *room = in_pages(size);
    if (*room > CODE_SIZE - taken) {
        m_malloc_fail(size);
    }
    *place = (void *)(CODE_START + taken);
    taken += *room;
}

void *guest_commit_code(void *code, size_t size, void *relocations) {
    if (relocations != NULL) {
        mp_native_relocate(relocations, code, (uintptr_t)code);
    }
    mprotect(code, in_pages(size), PROT_READ | PROT_EXEC);
    if (guest_shared->places < MOST_PLACES) {
        guest_shared->place[guest_shared->places].start = (uintptr_t)code;
        guest_shared->place[guest_shared->places].size = size;
        ++guest_shared->places;
    }
    return code;
}

void guest_forget_code(void) {
    guest_shared->places = 0;
    // What valgrind has told once of a place in code it does not tell again: the next life has its code elsewhere.
    if (guest_is_checked && taken < CODE_SIZE / 2) {
        return;
    }
    mprotect((void *)CODE_START, in_pages(taken), PROT_READ | PROT_WRITE);
    madvise((void *)CODE_START, in_pages(taken), MADV_DONTNEED);
    taken = 0;
}
