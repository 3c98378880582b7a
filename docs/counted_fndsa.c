// Runs functions of pornin/c-fn-dsa, each as a region: those whose cycles on a Cortex-M55 are published. What they take
// does not depend on their data.

#include "kgen_inner.h"
#include "sign_inner.h"
#include "harness.h"

#include <stdio.h>

#define LARGEST 1024
#define REGION(call, ...) \
    do { \
        snprintf(name, sizeof name, __VA_ARGS__); \
        harness_start(name); \
        call; \
        harness_stop(); \
    } while (0)

// Of docs/count_m55.py: a call, and two calls, of helpers that take their arguments in registers of their own.
void bit_split_1_once(void), bit_split_1_twice(void), bit_split_5_once(void), bit_split_5_twice(void);
void bit_merge_1_once(void), bit_merge_1_twice(void), bit_merge_5_once(void), bit_merge_5_twice(void);
void fndsa_sha3_process_block(uint64_t *state, unsigned rate);

static char name[64];
static uint64_t state[25];
static uint16_t small[LARGEST];
static uint32_t residues[LARGEST], roots[LARGEST], inverse[LARGEST];
static fxr fixed[LARGEST], other[LARGEST], norm[LARGEST];
static fpr floats[3 * LARGEST];

static void fill(void) {
    uint32_t number = 1;
    for (int at = 0; at < LARGEST; at++) {
        number = number * 1664525 + 1013904223;
        small[at] = (uint16_t)(1 + number % 12288);
        residues[at] = number >> 2;
        fixed[at].v = other[at].v = (uint64_t)((int32_t)number >> 4);
    }
    for (int at = 0; at < 3 * LARGEST; at++) {
        floats[at] = FPR_ONE + (uint64_t)at * 12345;
    }
}

static void hashes(void) {
    REGION(fndsa_sha3_process_block(state, 17), "process_block");
    REGION(bit_split_1_once(), "bit_split_1, once");
    REGION(bit_split_1_twice(), "bit_split_1, twice");
    REGION(bit_split_5_once(), "bit_split_5, once");
    REGION(bit_split_5_twice(), "bit_split_5, twice");
    REGION(bit_merge_1_once(), "bit_merge_1, once");
    REGION(bit_merge_1_twice(), "bit_merge_1, twice");
    REGION(bit_merge_5_once(), "bit_merge_5, once");
    REGION(bit_merge_5_twice(), "bit_merge_5, twice");
}

static void transforms(unsigned logn) {
    const unsigned points = 1u << logn;
    const small_prime *prime = &PRIMES[0];
    fill();
    mp_mkgmigm(logn, roots, inverse, prime->g, prime->ig, prime->p, prime->p0i);
    REGION(mp_NTT(logn, residues, roots, prime->p, prime->p0i), "mp_NTT, %u", points);
    REGION(mp_iNTT(logn, residues, inverse, prime->p, prime->p0i), "mp_iNTT, %u", points);
    REGION(vect_FFT(logn, fixed), "vect_FFT, %u", points);
    REGION(vect_iFFT(logn, fixed), "vect_iFFT, %u", points);
    REGION(vect_invnorm_fft(logn, norm, fixed, other, 0), "vect_invnorm_fft, %u", points);
    if (logn >= 9) { // of smaller ones no cycles are published
        REGION(mqpoly_int_to_ntt(logn, small), "mqpoly_int_to_ntt, %u", points);
        REGION(mqpoly_ntt_to_int(logn, small), "mqpoly_ntt_to_int, %u", points);
        REGION(fpoly_FFT(logn, floats), "fpoly_FFT, %u", points);
        REGION(fpoly_iFFT(logn, floats), "fpoly_iFFT, %u", points);
    }
    fill();
    fpr *middle = floats + points / 2;
    REGION(fpoly_LDL_fft(logn, floats, middle, middle + points), "fpoly_LDL_fft, %u", points);
}

int main(void) {
    hashes();
    transforms(4);
    transforms(7);
    transforms(9);
    transforms(10);
    return 0;
}
