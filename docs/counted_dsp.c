// Runs the functions of espressif/esp-dsp that its table of benchmarks has cycles of, each as a region: in plain C, or
// with CONFIG_DSP_OPTIMIZED in assembler. The arguments are those of that table (its test/prepare_csv_benchmarks.c tells
// them).

#include "dsps_biquad.h"
#include "dsps_biquad_gen.h"
#include "dsps_dotprod.h"
#include "dsps_fft2r.h"
#include "dsps_fft4r.h"
#include "dsps_fir.h"
#include "dspi_dotprod.h"
#include "dspm_mult.h"
#include "harness.h"

#define POINTS 1024
#define FLOATS_ON 0x2000

static float a[2 * POINTS], b[2 * POINTS], c[2 * POINTS], coefficients[5];
static float twiddles[4096], twiddles4[4096];
static int16_t twiddles16[4096];

// The second call is counted, as it is timed there: what is done once is done then.
#define COUNT(name, call) do { call; harness_start(name); call; harness_stop(); } while (0)

// Of the library's only file in C++, which a program for a board has not.
bool dsp_is_power_of_two(int x) {
    return x > 0 && (x & (x - 1)) == 0;
}

int dsp_power_of_two(int x) {
    int power = 0;
    for (; x > 1; x >>= 1) {
        ++power;
    }
    return power;
}

static void fill(void) {
    for (int i = 0; i < 2 * POINTS; ++i) {
        a[i] = (float)(i % 17) / 16.0f - 0.5f;
        b[i] = (float)(i % 23) / 32.0f - 0.25f;
        c[i] = 0.0f;
    }
}

static void transforms(void) {
    fill();
    COUNT("dsps_fft2r_fc32, 64", dsps_fft2r_fc32(a, 64));
    COUNT("dsps_fft2r_fc32, 128", dsps_fft2r_fc32(a, 128));
    COUNT("dsps_fft2r_fc32, 256", dsps_fft2r_fc32(a, 256));
    COUNT("dsps_fft2r_fc32, 512", dsps_fft2r_fc32(a, 512));
    COUNT("dsps_fft2r_fc32, 1024", dsps_fft2r_fc32(a, 1024));
    fill();
    COUNT("dsps_fft4r_fc32, 64", dsps_fft4r_fc32(a, 64));
    COUNT("dsps_fft4r_fc32, 256", dsps_fft4r_fc32(a, 256));
    COUNT("dsps_fft4r_fc32, 1024", dsps_fft4r_fc32(a, 1024));
    int16_t *numbers = (int16_t *)a;
    COUNT("dsps_fft2r_sc16, 64", dsps_fft2r_sc16(numbers, 64));
    COUNT("dsps_fft2r_sc16, 128", dsps_fft2r_sc16(numbers, 128));
    COUNT("dsps_fft2r_sc16, 256", dsps_fft2r_sc16(numbers, 256));
    COUNT("dsps_fft2r_sc16, 512", dsps_fft2r_sc16(numbers, 512));
    COUNT("dsps_fft2r_sc16, 1024", dsps_fft2r_sc16(numbers, 1024));
}

static void matrices(void) {
    int16_t *a16 = (int16_t *)a, *b16 = (int16_t *)b, *c16 = (int16_t *)c;
    fill();
    COUNT("dspm_mult_f32, 16x16", dspm_mult_f32(a, b, c, 16, 16, 16));
    COUNT("dspm_mult_s16, 16x16", dspm_mult_s16(a16, b16, c16, 16, 16, 16, 0));
    COUNT("dspm_mult_3x3x1_f32", dspm_mult_3x3x1_f32(a, b, c));
    COUNT("dspm_mult_3x3x3_f32", dspm_mult_3x3x3_f32(a, b, c));
    COUNT("dspm_mult_4x4x1_f32", dspm_mult_4x4x1_f32(a, b, c));
    COUNT("dspm_mult_4x4x4_f32", dspm_mult_4x4x4_f32(a, b, c));
}

static void images(void) {
    int8_t *out8 = (int8_t *)c;
    int16_t *out16 = (int16_t *)c;
    image2d_t large = {a, 1, 1, 64, 64, 64, 64}, small = {b, 1, 1, 16, 16, 16, 16}, same = {b, 1, 1, 64, 64, 64, 64};
    image2d_t large16 = {a, 1, 1, 32, 32, 32, 32}, small16 = {b, 1, 1, 8, 8, 8, 8};
    image2d_t same16 = {b, 1, 1, 32, 32, 32, 32};
    fill();
    COUNT("dspi_dotprod_s8, 16x16", dspi_dotprod_s8(&large, &small, out8, 16, 16, 1));
    COUNT("dspi_dotprod_off_s8, 16x16", dspi_dotprod_off_s8(&large, &small, out8, 16, 16, 1, 10));
    COUNT("dspi_dotprod_s8, 64x64", dspi_dotprod_s8(&large, &same, out8, 64, 64, 1));
    COUNT("dspi_dotprod_off_s8, 64x64", dspi_dotprod_off_s8(&large, &same, out8, 64, 64, 1, 10));
    COUNT("dspi_dotprod_s16, 8x8", dspi_dotprod_s16(&large16, &small16, out16, 8, 8, 1));
    COUNT("dspi_dotprod_off_s16, 8x8", dspi_dotprod_off_s16(&large16, &small16, out16, 8, 8, 1, 10));
    COUNT("dspi_dotprod_s16, 32x32", dspi_dotprod_s16(&large16, &same16, out16, 32, 32, 1));
    COUNT("dspi_dotprod_off_s16, 32x32", dspi_dotprod_off_s16(&large16, &same16, out16, 32, 32, 1, 10));
}

int main(void) {
#ifdef __riscv
    __asm volatile ("csrs mstatus, %0" : : "r"(FLOATS_ON));
#endif
    if (dsps_fft2r_init_fc32(twiddles, POINTS) || dsps_fft2r_init_sc16(twiddles16, POINTS) ||
        dsps_fft4r_init_fc32(twiddles4, POINTS)) {
        return 1;
    }
    fir_f32_t filter, decimating;
    fill();
    if (dsps_fir_init_f32(&filter, a, b, 256) || dsps_fird_init_f32(&decimating, a, b, 256, 4) ||
        dsps_biquad_gen_lpf_f32(coefficients, 0.1f, 1.0f)) {
        return 2;
    }
    COUNT("dsps_dotprod_f32, 256", dsps_dotprod_f32(a, b, c, 256));
    COUNT("dsps_dotprode_f32, 256", dsps_dotprode_f32(a, b, c, 256, 1, 1));
    COUNT("dsps_dotprod_s16, 256", dsps_dotprod_s16((int16_t *)a, (int16_t *)b, (int16_t *)c, 256, 0));
    fill();
    COUNT("dsps_fir_f32, 1024, 256 taps", dsps_fir_f32(&filter, a, c, POINTS));
    fill();
    COUNT("dsps_fird_f32, 1024, 256 taps", dsps_fird_f32(&decimating, a, c, POINTS / 4));
    fill();
    float w[2] = {0.0f, 0.0f};
    COUNT("dsps_biquad_f32, 1024", dsps_biquad_f32(a, c, POINTS, coefficients, w));
    transforms();
    matrices();
#ifndef CONFIG_DSP_OPTIMIZED // an ESP32 has none of them in assembler
    images();
#endif
    return 0;
}
