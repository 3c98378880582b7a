// Objects of the module and of Python: members, finalisers, callbacks, calls from within calls.
#include "planted.h"

typedef struct {
    mp_obj_base_t base;
    size_t count, used;
    int16_t *samples;
    int16_t more[];
} recorder_t;

mp_obj_full_type_t recorder_type;
mp_map_elem_t recorder_members[3];
static MP_DEFINE_CONST_DICT(recorder_dict, recorder_members);

//! new_recorder, overrun: new_recorder(9)
static mp_obj_t new_recorder(mp_obj_t count_in) { // too small for what comes behind its members
    size_t n = (size_t)mp_obj_get_int(count_in);
    recorder_t *self = m_malloc(sizeof(recorder_t) + n * PLANTED(1, sizeof(int16_t)));
    self->base.type = (mp_obj_type_t *)&recorder_type;
    self->count = n;
    self->used = 0;
    for (size_t i = 0; i < n; i++) {
        self->more[i] = -1; // HERE
    }
    self->samples = self->more;
    return MP_OBJ_FROM_PTR(self);
}
EXPORT_1(new_recorder);

static mp_obj_t make(size_t n) {
    recorder_t *self = m_malloc(sizeof(recorder_t));
    self->base.type = (mp_obj_type_t *)&recorder_type;
    self->count = n;
    self->used = 0;
    self->samples = m_new(int16_t, n);
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t recorder(mp_obj_t count_in) {
    return make((size_t)mp_obj_get_int(count_in));
}
EXPORT_1(recorder);

//! record, overrun: r = recorder(5); [r.record(i) for i in range(6)]
static mp_obj_t record(mp_obj_t self_in, mp_obj_t value_in) {
    recorder_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->used < self->count + PLANTED(1, 0)) {
        self->samples[self->used++] = (int16_t)mp_obj_get_int(value_in); // HERE
    }
    return mp_const_none;
}
EXPORT_2(record);

//! closed, use after free: r = recorder(5); close(r); closed(r, 1)
static mp_obj_t closed(mp_obj_t self_in, mp_obj_t value_in) {
    recorder_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->samples != NULL) {
        self->samples[0] = (int16_t)mp_obj_get_int(value_in); // HERE
    }
    return mp_const_none;
}
EXPORT_2(closed);

static mp_obj_t close(mp_obj_t self_in) {
    recorder_t *self = MP_OBJ_TO_PTR(self_in);
    self->samples[0] = 0;
    m_del(int16_t, self->samples, self->count);
    IF_MENDED(self->samples = NULL;)
    return mp_const_none;
}
EXPORT_1(close);

//! finish, double free: r = recorder(5); close(r); r.__del__()
static mp_obj_t finish(mp_obj_t self_in) {
    recorder_t *self = MP_OBJ_TO_PTR(self_in);
    int16_t *samples = self->samples;
    self->samples = NULL;
    if (samples != NULL) {
        m_del(int16_t, samples, self->count); // HERE
    }
    return mp_const_none;
}
EXPORT_1(finish);

//! twice_closed, double free: r = recorder(5); close(r); twice_closed(r)
static mp_obj_t twice_closed(mp_obj_t self_in) {
    recorder_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->samples != NULL) {
        m_del(int16_t, self->samples, self->count); // HERE
    }
    return mp_const_none;
}
EXPORT_1(twice_closed);

//! rename_, write to an object that is no buffer: rename_("name" + str(2))
static mp_obj_t rename_(mp_obj_t text_in) {
    size_t n;
    char *text = (char *)mp_obj_str_get_data(text_in, &n);
    IF_MENDED(char copy[16]; for (size_t i = 0; i < n; i++) { copy[i] = text[i]; } text = copy;)
    text[0] = 'N'; // HERE
    return mp_obj_new_str(text, n);
}
EXPORT_1(rename_);

//! set_item, write to an object that is no buffer: set_item((1, 2, str(3)))
static mp_obj_t set_item(mp_obj_t tuple_in) {
    mp_obj_tuple_t *tuple = MP_OBJ_TO_PTR(tuple_in);
    mp_obj_t items_of[3];
    mp_obj_t *to = PLANTED(tuple->items, items_of);
    to[1] = tuple->items[0]; // HERE
    return to[1];
}
EXPORT_1(set_item);

//! as_array, write to an object that is no buffer: as_array(1 << 70)
static mp_obj_t as_array(mp_obj_t big_in) { // a wrong type, that nobody checked
    uint32_t *words = MP_OBJ_TO_PTR(big_in);
    uint32_t mine[4] = {0};
    PLANTED(words, mine)[1] = 7; // HERE
    return mp_obj_new_int(mine[1]);
}
EXPORT_1(as_array);

//! sum_callback, use after free: a = [bytearray(50)]; sum_callback(a[0], lambda: drop(a))
static mp_obj_t sum_callback(mp_obj_t data_in, mp_obj_t callback) { // Python resizes what is being summed
    size_t n;
    uint8_t *x = items(data_in, 1, &n);
    uint32_t sum = x[0];
    for (size_t i = 1; i < 3; i++) {
        mp_call_function_n_kw(callback, 0, 0, NULL);
        IF_MENDED(x = items(data_in, 1, &n);)
        sum += x[i]; // HERE
    }
    return mp_obj_new_int(sum);
}
EXPORT_2(sum_callback);

uint8_t *shared;

//! reenter, use after free: reenter(lambda: reenter(None))
static mp_obj_t reenter(mp_obj_t callback) { // each call makes its scratch, and frees what is not its own
    uint8_t *mine = shared = m_new(uint8_t, 33);
    mine[0] = 1;
    if (callback != mp_const_none) {
        mp_call_function_n_kw(callback, 0, 0, NULL);
        IF_MENDED(shared = mine;)
    }
    shared[1] = 2; // HERE
    m_del(uint8_t, shared, 33);
    return mp_const_none;
}
EXPORT_1(reenter);

//! list_end, overrun: list_end([1, 2, 3])
static mp_obj_t list_end(mp_obj_t list_in) {
    size_t n;
    mp_obj_t *all;
    mp_obj_get_array(list_in, &n, &all);
    mp_obj_t found = mp_const_none;
    for (size_t i = 0; i < n + PLANTED(2, 0); i++) {
        found = all[i]; // HERE
    }
    return MP_OBJ_NEW_SMALL_INT(found == MP_OBJ_NULL);
}
EXPORT_1(list_end);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    recorder_type.base.type = (void *)&mp_type_type;
    recorder_type.flags = MP_TYPE_FLAG_NONE;
    recorder_type.name = MP_QSTR_Recorder;
    recorder_members[0] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_record), MP_OBJ_FROM_PTR(&record_obj)};
    recorder_members[1] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_close), MP_OBJ_FROM_PTR(&close_obj)};
    recorder_members[2] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR___del__), MP_OBJ_FROM_PTR(&finish_obj)};
    MP_OBJ_TYPE_SET_SLOT(&recorder_type, locals_dict, (void *)&recorder_dict, 0);
    STORE(MP_QSTR_new_recorder, new_recorder);
    STORE(MP_QSTR_recorder, recorder);
    STORE(MP_QSTR_close, close);
    STORE(MP_QSTR_closed, closed);
    STORE(MP_QSTR_twice_closed, twice_closed);
    STORE(MP_QSTR_rename_, rename_);
    STORE(MP_QSTR_set_item, set_item);
    STORE(MP_QSTR_as_array, as_array);
    STORE(MP_QSTR_sum_callback, sum_callback);
    STORE(MP_QSTR_reenter, reenter);
    STORE(MP_QSTR_list_end, list_end);
    MP_DYNRUNTIME_INIT_EXIT
}
