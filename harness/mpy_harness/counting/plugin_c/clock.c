/* The guest's clock, where it goes by counted instructions: each is a cycle of the target's clock.
 *
 * What a region leaves out, waiting for the host above all, takes no time. Time begins when MicroPython does. The
 * firmware asks by executing a function (targets/boards/common/board_clock.c), whose address tells where in our memory
 * the image is, and with it the constants in which it reads the answer. */
#include <inttypes.h>
#include <string.h>

#include "plugin.h"

#define MICRO 1000000

/* As board.h has it. */
struct answer {
    uint64_t us;
    uint32_t cycles, hertz;
};

static uint32_t question, place, hertz;
static uint64_t begun;

bool clock_install(const char *text) {
    return sscanf(text, "%" SCNx32 "-%" SCNx32 "-%" SCNx32, &question, &place, &hertz) == 3 && hertz > 0;
}

void clock_begin(void) {
    begun = region_time();
}

bool clock_is_told(void) {
    return hertz != 0;
}

/* A request that is counted begins at a whole millisecond: what its program sees of time passing does not depend on what
 * it took to ask for it. */
void clock_align(uint64_t time) {
    uint64_t ms = hertz / 1000;
    if (ms > 0) {
        begun -= ms - 1 - (time - begun + ms - 1) % ms;
    }
}

static void asked(unsigned int vcpu, void *data) {
    (void)vcpu;
    uint64_t cycles = region_time() - begun;
    struct answer answer = {.us = cycles / hertz * MICRO + cycles % hertz * MICRO / hertz,
                            .cycles = (uint32_t)cycles, .hertz = hertz};
    memcpy(data, &answer, sizeof answer);
}

void clock_translate(const struct code *code) {
    if (hertz == 0 || code->address[0] != question || code->host == NULL) {
        return;
    }
    uint8_t *host = (uint8_t *)(uintptr_t)code->host;
    qemu_plugin_register_vcpu_tb_exec_cb(code->tb, asked, QEMU_PLUGIN_CB_NO_REGS,
                                         host + ((int64_t)place - (int64_t)question));
}
