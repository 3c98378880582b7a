// Where the code of native modules is executed: in memory that holds code alone.
//
// MicroPython's loader puts it into the heap. There its page holds data as well, and QEMU watches each page from which
// it has translated code: every store to such a page takes a way round (notdirty_write() in accel/tcg/cputlb.c), whether
// it hits code or not. A module whose data was allocated next to its code
// ran at a third of its speed, or at full speed, depending on what the heap held before.
//
// The block in the heap stays where it is and alive: it has the pointers that the collector looks for, and the heap's
// figures are those of a board that executes the code in place. Code that needs no relocation stays in the heap, because
// nothing tells when it is garbage.

#include <stdbool.h>
#include <string.h>

#include "py/bc.h"
#include "py/persistentcode.h"
#include "py/reader.h"
#include "py/runtime.h"

#include "board.h"

extern uint8_t _scode, _ecode;

#define ALIGNMENT (16) // that of blocks in the heap

// What the loader gives to be passed on to mp_native_relocate(); py/persistentcode.c of 1.20 to 1.29 declares it.
typedef struct {
    mp_reader_t *reader;
    mp_module_context_t *context;
    uint8_t *rodata;
    uint8_t *bss;
} relocations_t;

static size_t taken;

void board_forget_code(void) {
    taken = 0;
}

void *board_commit_code(void *code, size_t size, void *relocations) {
    if (relocations == NULL) {
        return code;
    }
    #if MICROPY_VERSION < MICROPY_MAKE_VERSION(1, 26, 0)
    // Before 1.26, the loader keeps the block alive only where there is no function like this one.
    if (MP_STATE_PORT(persistent_code_root_pointers) == MP_OBJ_NULL) {
        MP_STATE_PORT(persistent_code_root_pointers) = mp_obj_new_list(0, NULL);
    }
    mp_obj_list_append(MP_STATE_PORT(persistent_code_root_pointers), MP_OBJ_FROM_PTR(code));
    #endif
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
    const relocations_t *given = relocations;
    volatile const void *const parts[] = {code, given->bss, given->rodata};
    board_ring(BOARD_CODE, (uintptr_t)place, size, (uintptr_t)parts);
    COUNTED_FROM_HERE();
    return place;
}
