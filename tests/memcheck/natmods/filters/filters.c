// Loops of filters that run over their arrays, in each size of elements.
#include "planted.h"

//! smooth, overrun: smooth(array("B", range(10)))
static mp_obj_t smooth(mp_obj_t data_in) {
    size_t n;
    uint8_t *x = items(data_in, 1, &n);
    for (size_t i = 0; i < n - PLANTED(0, 1); i++) {
        x[i] = (x[i] + x[i + 1]) / 2; // HERE
    }
    return mp_const_none;
}
EXPORT_1(smooth);

//! differences, overrun: differences(array("h", range(11)))
static mp_obj_t differences(mp_obj_t data_in) {
    size_t n;
    int16_t *x = items(data_in, 2, &n);
    for (size_t i = PLANTED(n, n - 1); i > 0; i--) {
        x[i] -= x[i - 1]; // HERE
    }
    return mp_const_none;
}
EXPORT_1(differences);

//! running_sum, overrun: running_sum(array("i", range(10)))
static mp_obj_t running_sum(mp_obj_t data_in) {
    size_t n;
    int32_t *x = items(data_in, 4, &n);
    int32_t sum = 0;
    for (size_t i = 0; i <= n - PLANTED(0, 1); i++) {
        sum += x[i]; // HERE
    }
    return mp_obj_new_int(sum);
}
EXPORT_1(running_sum);

//! energy, overrun: energy(array("q", range(5)))
static mp_obj_t energy(mp_obj_t data_in) {
    size_t n;
    int64_t *x = items(data_in, 8, &n);
    int64_t sum = 0;
    for (size_t i = 0; i < n + PLANTED(1, 0); i++) {
        sum += x[i] * x[i]; // HERE
    }
    return mp_obj_new_int((mp_int_t)sum);
}
EXPORT_1(energy);

//! gain, overrun: gain(array("f", range(16)))
static mp_obj_t gain(mp_obj_t data_in) { // 64 bytes: nothing is left of the last block of 16
    size_t n;
    float *x = items(data_in, 4, &n);
    for (size_t i = 0; i < n + PLANTED(1, 0); i++) {
        x[i] *= 0.5f; // HERE
    }
    return mp_const_none;
}
EXPORT_1(gain);

//! gain_all, overrun: gain_all(*pair("f", 16))
static mp_obj_t gain_all(mp_obj_t first_in, mp_obj_t second_in) { // one array right behind the other
    size_t n, m;
    float *x = items(first_in, 4, &n), *y = items(second_in, 4, &m);
    float *low = x < y ? x : y;
    for (size_t i = 0; i < n + PLANTED(2, 0); i++) {
        low[i] *= 0.5f; // HERE
    }
    return mp_const_none;
}
EXPORT_2(gain_all);

//! reverse, underrun: reverse(array("h", range(9)))
static mp_obj_t reverse(mp_obj_t data_in) {
    size_t n;
    int16_t *x = items(data_in, 2, &n);
    int16_t last = x[n - 1];
    for (int i = (int)n - 1; i >= PLANTED(0, 1); i--) {
        x[i] = x[i - 1]; // HERE
    }
    x[0] = last;
    return mp_const_none;
}
EXPORT_1(reverse);

//! delay, underrun: delay(array("f", range(12)))
static mp_obj_t delay(mp_obj_t data_in) {
    size_t n;
    float *x = items(data_in, 4, &n);
    for (size_t i = n; i > PLANTED(0, 2); i--) {
        x[i - 1] = x[(int)i - 3]; // HERE
    }
    return mp_const_none;
}
EXPORT_1(delay);

//! smooth_edges, underrun: smooth_edges(pair("f", 9)[1])
static mp_obj_t smooth_edges(mp_obj_t data_in) { // behind the end of another array, and nearer to this one's begin
    size_t n;
    float *x = items(data_in, 4, &n);
    float sum = 0;
    for (size_t i = PLANTED(0, 1); i < n; i += 3) {
        sum += x[i - 1]; // HERE
    }
    return mp_obj_new_int((mp_int_t)sum);
}
EXPORT_1(smooth_edges);

//! fir_state, overrun: fir_state(array("f", range(7)))
static mp_obj_t fir_state(mp_obj_t taps_in) { // the state's bytes are counted as if they were floats
    size_t n;
    float *taps = items(taps_in, 4, &n);
    float *state = m_malloc(n * PLANTED(1, sizeof(float)));
    for (size_t i = 0; i < n; i++) {
        state[i] = taps[i]; // HERE
    }
    return mp_obj_new_float_from_f(state[0]);
}
EXPORT_1(fir_state);

//! histogram, overrun: fill(); histogram(bytearray([0, 3, 16]))
static mp_obj_t histogram(mp_obj_t data_in) {
    size_t n;
    uint8_t *x = items(data_in, 1, &n);
    uint16_t *bins = m_malloc(16 * sizeof(uint16_t));
    for (size_t i = 0; i < n; i++) {
        bins[x[i] - PLANTED(0, x[i] / 16)]++; // HERE
    }
    return mp_obj_new_int(bins[0]);
}
EXPORT_1(histogram);

//! peak, overrun: peak(array("i", [3, 1, 2]), 3)
static mp_obj_t peak(mp_obj_t data_in, mp_obj_t index_in) { // an index that nobody checked
    size_t n;
    int32_t *x = items(data_in, 4, &n);
    size_t index = (size_t)mp_obj_get_int(index_in) % PLANTED(1000, n);
    return mp_obj_new_int(x[index]); // HERE
}
EXPORT_2(peak);

//! counter, overrun: counter(array("i", range(300)))
static mp_obj_t counter(mp_obj_t data_in) { // an index of 8 bits that never ends by itself, and counts down past 0
    size_t n;
    int32_t *x = items(data_in, 4, &n);
    int32_t sum = 0;
    for (uint8_t i = PLANTED(0, 1), times = 0; times < 3; times++) {
        i = (uint8_t)(i - 1);
        sum += x[i * 2]; // HERE
        if (PLANTED(0, 1)) {
            i = 1;
        }
    }
    return mp_obj_new_int(sum);
}
EXPORT_1(counter);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    STORE(MP_QSTR_smooth, smooth);
    STORE(MP_QSTR_differences, differences);
    STORE(MP_QSTR_running_sum, running_sum);
    STORE(MP_QSTR_energy, energy);
    STORE(MP_QSTR_gain, gain);
    STORE(MP_QSTR_gain_all, gain_all);
    STORE(MP_QSTR_reverse, reverse);
    STORE(MP_QSTR_delay, delay);
    STORE(MP_QSTR_smooth_edges, smooth_edges);
    STORE(MP_QSTR_fir_state, fir_state);
    STORE(MP_QSTR_histogram, histogram);
    STORE(MP_QSTR_peak, peak);
    STORE(MP_QSTR_counter, counter);
    MP_DYNRUNTIME_INIT_EXIT
}
