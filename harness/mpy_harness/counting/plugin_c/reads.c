/* What a region read that its program does not decide: the clock, random numbers. A count that depends on them is not
 * the same in the next run.
 *
 * The functions that read are the firmware's (functions.c), called by their first instruction. Random numbers are the
 * program's own once it has seeded them, unless it had read the clock before: the seed may come from there. Whether it
 * has is forgotten when MicroPython begins a new life. A clock that goes by counted instructions (clock.c) is no such
 * reading, only a seed from it. Each closed region says "reads": pairs of an address and a
 * number of calls, where there were any. */
#include <inttypes.h>

#include "plugin.h"

#define MOST_READERS 16

static uint32_t readers[MOST_READERS]; /* addresses of the functions that were translated */
static uint32_t known;
static uint64_t calls[OPEN_REGIONS][MOST_READERS];
static int regions; /* open ones */
static bool clock_was_read, is_seeded;

struct reader {
    uint32_t number, address;
    enum role role;
};

static void called(unsigned int vcpu, void *data) {
    const struct reader *reader = data;
    if (!cores_counts(vcpu)) {
        return;
    }
    switch (reader->role) {
    case ROLE_LIFE:
        clock_was_read = is_seeded = false;
        region_wake(reader->address);
        clock_begin();
        return;
    case ROLE_SEED:
        is_seeded = !clock_was_read;
        return;
    case ROLE_RANDOM:
        if (is_seeded) {
            return;
        }
        break;
    default:
        clock_was_read = true;
        if (clock_is_told()) {
            return;
        }
    }
    if (region_counts()) {
        for (int region = 0; region < regions; region++) {
            calls[region][reader->number]++;
        }
    }
}

static uint32_t number_of(uint32_t address) {
    for (uint32_t at = 0; at < known; at++) {
        if (readers[at] == address) {
            return at;
        }
    }
    if (known < MOST_READERS) {
        readers[known++] = address;
    }
    return known - 1; /* more than so many do not exist; if they do, the last one's name stands for them */
}

void reads_translate(const struct code *code) {
    const struct function *function = function_at(code->address[0]);
    if (function == NULL || function->start != code->address[0] || function->role < ROLE_LIFE) {
        return;
    }
    struct reader *reader = allocate_for_code(sizeof *reader);
    *reader = (struct reader){number_of(function->start), function->start, function->role};
    qemu_plugin_register_vcpu_tb_exec_cb(code->tb, called, QEMU_PLUGIN_CB_NO_REGS, reader);
}

void reads_start(int region) {
    regions = region + 1;
    for (uint32_t at = 0; at < MOST_READERS; at++) {
        calls[region][at] = 0;
    }
}

void reads_stop(int region, FILE *record) {
    regions = region;
    bool is_first = true;
    for (uint32_t at = 0; at < known; at++) {
        if (calls[region][at] > 0) {
            fprintf(record, "%s[%" PRIu32 ",%" PRIu64 "]", is_first ? ",\"reads\":[" : ",", readers[at], calls[region][at]);
            is_first = false;
        }
    }
    if (!is_first) {
        fputc(']', record);
    }
}
