// Where the code of native modules is executed: in memory that holds code alone.
//
// MicroPython's loader puts it into the heap. There its page holds data as well, and QEMU watches each page from which
// it has translated code: every store to such a page takes a way round (notdirty_write() in accel/tcg/cputlb.c), whether
// it hits code or not. Pages have 1024 bytes on these cores. A module whose data was allocated next to its code
// ran at a third of its speed, or at full speed, depending on what the heap held before.
//
// The block in the heap stays where it is and alive: it has the pointers that the collector looks for, and the heap's
// figures are those of a board that executes the code in place. Code that needs no relocation stays in the heap, because
// nothing tells when it is garbage.

#include <stdbool.h>
#include <string.h>

#include "py/persistentcode.h"

#include "board.h"

extern uint8_t _scode, _ecode;

#define ALIGNMENT (16) // that of blocks in the heap

static size_t taken;

void board_forget_code(void) {
    taken = 0;
}

void *board_commit_code(void *code, size_t size, void *relocations) {
    if (relocations == NULL) {
        return code;
    }
    uint8_t *place = code;
    if (size <= (size_t)(&_ecode - &_scode) - taken) {
        place = &_scode + taken;
        taken += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    mp_native_relocate(relocations, code, (uintptr_t)place);
    NOT_COUNTED_FROM_HERE();
    if (place != code) {
        memcpy(place, code, size);
    }
    COUNTED_FROM_HERE();
    return place;
}
