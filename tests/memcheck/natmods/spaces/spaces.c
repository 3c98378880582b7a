// Places that are not the module's to write to, or where nothing is.
#include "planted.h"

static const uint16_t window[8] = {1, 2, 3, 4, 5, 6, 7, 8};
uint16_t scratch_words[8];

//! normalize, write to code or constants of the module: normalize(3)
static mp_obj_t normalize(mp_obj_t value_in) {
    volatile uint16_t *w = (uint16_t *)PLANTED(window, scratch_words);
    for (int i = 0; i < 8; i++) {
        w[i] = (uint16_t)(window[i] * 2); // HERE
    }
    return mp_obj_new_int(window[mp_obj_get_int(value_in)]);
}
EXPORT_1(normalize);

//! patch_code, write to code or constants of the module: patch_code(3)
static mp_obj_t patch_code(mp_obj_t value_in) {
    volatile uint8_t *volatile to = (uint8_t *)((size_t)PLANTED((void *)&normalize, (void *)scratch_words) & ~1u);
    to[0] = to[0]; // HERE
    return value_in;
}
EXPORT_1(patch_code);

//! null_member, null pointer: null_member(5)
static mp_obj_t null_member(mp_obj_t value_in) {
    struct pair {
        volatile uint32_t first, second;
    } mine = {0}, *volatile given = PLANTED(NULL, &mine);
    given->second = (uint32_t)mp_obj_get_int(value_in); // HERE
    return mp_obj_new_int(mine.second);
}
EXPORT_1(null_member);

//! null_read, null pointer: null_read(5)
static mp_obj_t null_read(mp_obj_t value_in) {
    uint16_t mine[8] = {0}, *volatile given = PLANTED(NULL, mine);
    return mp_obj_new_int(given[mp_obj_get_int(value_in)]); // HERE
}
EXPORT_1(null_read);

//! wild_write, wild pointer: wild_write(0x12345679)
static mp_obj_t wild_write(mp_obj_t value_in) { // an object is taken for a pointer
    uint8_t mine;
    volatile uint8_t *to = PLANTED((uint8_t *)mp_obj_get_int(value_in), &mine);
    *to = 1; // HERE
    return value_in;
}
EXPORT_1(wild_write);

//! small_int, wild pointer: small_int(0x3f0000)
static mp_obj_t small_int(mp_obj_t value_in) { // not converted
    uint32_t mine = 0;
    volatile uint32_t *from = PLANTED((uint32_t *)((size_t)value_in * 1024 & ~(size_t)3), &mine);
    return mp_obj_new_int(*from); // HERE
}
EXPORT_1(small_int);

//! firmware_code, write to the firmware's code or constants: firmware_code(3)
static mp_obj_t firmware_code(mp_obj_t value_in) {
    uint32_t mine = 0;
    volatile uint32_t *to = PLANTED((uint32_t *)(void *)&mp_type_type, &mine);
    *to = *to; // HERE
    return value_in;
}
EXPORT_1(firmware_code);

//! firmware_data, write to the firmware's variables: firmware_data(address_of_data)
static mp_obj_t firmware_data(mp_obj_t address_in) {
    uint32_t mine = 0;
    volatile uint32_t *to = PLANTED((uint32_t *)mp_obj_get_int_truncated(address_in), &mine);
    *to = *to; // HERE
    return mp_const_none;
}
EXPORT_1(firmware_data);

//! heap_table, access to the heap's own tables: heap_table(address_of_heap)
static mp_obj_t heap_table(mp_obj_t address_in) { // far before the first block
    uint8_t mine = 0;
    volatile uint8_t *to = PLANTED((uint8_t *)mp_obj_get_int_truncated(address_in) + 100, &mine);
    *to |= 0; // HERE
    return mp_const_none;
}
EXPORT_1(heap_table);

//! never_allocated, wild pointer: never_allocated(address_of_heap_end)
static mp_obj_t never_allocated(mp_obj_t address_in) {
    uint64_t mine = 0;
    volatile uint64_t *to = PLANTED((uint64_t *)(mp_obj_get_int_truncated(address_in) - 64), &mine);
    *to = 1; // HERE
    return mp_const_none;
}
EXPORT_1(never_allocated);

//! other_module, write to another module: other_module(address_of_other)
static mp_obj_t other_module(mp_obj_t address_in) {
    uint32_t mine = 0;
    volatile uint32_t *to = PLANTED((uint32_t *)(mp_obj_get_int_truncated(address_in) & ~3), &mine);
    *to = *to; // HERE
    return mp_const_none;
}
EXPORT_1(other_module);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    STORE(MP_QSTR_normalize, normalize);
    STORE(MP_QSTR_patch_code, patch_code);
    STORE(MP_QSTR_null_member, null_member);
    STORE(MP_QSTR_null_read, null_read);
    STORE(MP_QSTR_wild_write, wild_write);
    STORE(MP_QSTR_small_int, small_int);
    STORE(MP_QSTR_firmware_code, firmware_code);
    STORE(MP_QSTR_firmware_data, firmware_data);
    STORE(MP_QSTR_heap_table, heap_table);
    STORE(MP_QSTR_never_allocated, never_allocated);
    STORE(MP_QSTR_other_module, other_module);
    MP_DYNRUNTIME_INIT_EXIT
}
