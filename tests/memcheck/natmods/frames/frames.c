// Pointers to stack frames.
#include "planted.h"

static __attribute__((noinline)) int32_t *scratch(int32_t first) {
    int32_t local[8];
    int32_t *volatile escaped = local;
    for (int i = 0; i < 8; i++) {
        escaped[i] = first + i;
    }
    return escaped;
}

//! returned_local, use of a stack frame that is gone: returned_local(3)
static mp_obj_t returned_local(mp_obj_t value_in) {
    int32_t mine[8] = {0};
    int32_t *x = PLANTED(scratch(mp_obj_get_int(value_in)), mine);
    return mp_obj_new_int(x[2] + mine[1]); // HERE
}
EXPORT_1(returned_local);

//! returned_written, use of a stack frame that is gone: returned_written(3)
static mp_obj_t returned_written(mp_obj_t value_in) {
    int32_t mine[8] = {0};
    volatile int32_t *x = PLANTED(scratch(mp_obj_get_int(value_in)), mine);
    x[2] = 5; // HERE
    return mp_obj_new_int(mine[2]);
}
EXPORT_1(returned_written);

typedef struct {
    float *state;
    size_t count;
} filter_t;

static __attribute__((noinline)) void set_up(filter_t *filter, float *given) {
    float local[6] = {1.0f};
    float *volatile escaped = local;
    filter->state = PLANTED(escaped, given);
    filter->count = 6;
}

//! filter_state, use of a stack frame that is gone: filter_state(3)
static mp_obj_t filter_state(mp_obj_t value_in) { // the state was a local of who set it up
    filter_t filter;
    float mine[6] = {0};
    set_up(&filter, mine);
    float sum = 0;
    for (size_t i = 0; i < filter.count; i++) {
        sum += filter.state[i]; // HERE
    }
    return mp_obj_new_float_from_f(sum);
}
EXPORT_1(filter_state);

static __attribute__((noinline)) uint8_t *digits(uint32_t number) {
    uint8_t text[12];
    uint8_t *volatile end = text + sizeof(text);
    uint8_t *at = end;
    *--at = 0;
    do {
        *--at = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return at;
}

//! text_of_local, use of a stack frame that is gone: text_of_local(123)
static mp_obj_t text_of_local(mp_obj_t value_in) {
    uint8_t zero[2] = {'0', 0};
    volatile uint8_t *text = PLANTED(digits((uint32_t)mp_obj_get_int(value_in)), zero);
    return mp_obj_new_int(text[0]); // HERE
}
EXPORT_1(text_of_local);

//! below_stack, use of a stack frame that is gone: below_stack(3)
static mp_obj_t below_stack(mp_obj_t value_in) {
    volatile int16_t local[8];
    for (int i = 7; i >= 0; i--) {
        local[i] = (int16_t)i;
    }
    volatile int16_t *x = local;
    x -= PLANTED(mp_obj_get_int(value_in) * 100, 0);
    *x = 1; // HERE
    return mp_obj_new_int(local[0]);
}
EXPORT_1(below_stack);

static __attribute__((noinline)) int64_t *pair_of(int64_t first) {
    int64_t local[2] = {first, first + 1};
    int64_t *volatile escaped = local;
    return escaped;
}

//! pair_gone, use of a stack frame that is gone: pair_gone(4)
static mp_obj_t pair_gone(mp_obj_t value_in) {
    int64_t mine[2] = {1, 2};
    volatile int64_t *pair = PLANTED(pair_of(mp_obj_get_int(value_in)), mine);
    return mp_obj_new_int((mp_int_t)pair[1]); // HERE
}
EXPORT_1(pair_gone);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    STORE(MP_QSTR_returned_local, returned_local);
    STORE(MP_QSTR_returned_written, returned_written);
    STORE(MP_QSTR_filter_state, filter_state);
    STORE(MP_QSTR_text_of_local, text_of_local);
    STORE(MP_QSTR_below_stack, below_stack);
    STORE(MP_QSTR_pair_gone, pair_gone);
    MP_DYNRUNTIME_INIT_EXIT
}
