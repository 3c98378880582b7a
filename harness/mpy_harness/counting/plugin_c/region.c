/* Regions: from one mark to another.
 *
 * Marks are no-ops of the guest's architecture (decode.h). A region's name comes bit by bit before its
 * start, most significant bit first, so that the guest needs no address of ours and we none of the guest's.
 * Counted is what is executed behind the start and before the stop, except from a pause to where as many resumes
 * as pauses were seen: how long a guest waits for the host is no property of its program. The names 1, 11
 * and 3 are the host's: a request's region begins, it ends, and all that is open ends, what a program forgot included.
 * They are recognized by a name's last byte, so that bits that a program leaves behind hide none.
 *
 * Each closed region is one line of JSON: {"name": hexadecimal, "depth", "instructions", "finished",
 * "exact", "doubt" where it is not, "reads" (reads.c), and what the mode adds}. A program can execute the host's marks
 * as well. What that leaves out of a count is not known, but that it happened shows: a doubt is
 *
 * - "wait": what else ran while the program waited cannot be told apart from it (cores.c)
 * - "left": QEMU left a block, and it is not known how much of it was executed (counter.c)
 * - "pause": the region ended in a pause, which somebody did not end
 * - "begin": a request's region ended because another one began
 * - "end": a request ended where none was open, so what ended it before was not the host. This is a line by itself. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"

#define NAME_BITS (255 * 8)
#define REQUEST_BEGINS 1
#define ALL_ENDS 3
#define REQUEST_ENDS 11

struct region {
    uint64_t start;
    uint32_t doubts; /* until its start */
    uint8_t name[NAME_BITS / 8];
    uint32_t name_size;
};

struct site {
    enum mark mark;
    uint32_t rest, address;
};

static const char end_alone[] =
    "{\"name\":\"0b\",\"depth\":0,\"instructions\":0,\"finished\":true,\"exact\":false,\"doubt\":\"end\"}\n";

static struct region open[OPEN_REGIONS];
static int depth;    /* open regions; those beyond OPEN_REGIONS are counted, not kept */
static uint8_t name[NAME_BITS / 8];
static uint32_t name_bits;
static uint8_t last_byte; /* of the name: its last eight bits */
static uint32_t pauses;
static uint64_t paused_at, waited; /* in all, up to the last pause's end */
static uint32_t doubted_at;
static int output;
static const struct mode *mode;

void region_install(int descriptor, const struct mode *chosen) {
    output = descriptor;
    mode = chosen;
}

static void write_out(const char *text, size_t size) {
    while (size > 0) {
        ssize_t written = write(output, text, size);
        if (written < 0) {
            perror("mpy-harness: the counting plugin cannot write a region");
            return;
        }
        text += written;
        size -= (size_t)written;
    }
}

/* A program may leave a pause without its end, by an exception: time stands still until a request begins. */
static uint64_t unless_paused(uint64_t count) {
    return pauses > 0 ? paused_at : count;
}

static void close_top(uint32_t rest, uint32_t address, bool finished, const char *doubt) {
    if (--depth >= OPEN_REGIONS) {
        return;
    }
    const struct region *region = &open[depth];
    char *line = NULL;
    size_t size = 0;
    FILE *record = open_memstream(&line, &size);
    if (record == NULL) {
        return;
    }
    fputs("{\"name\":\"", record);
    for (uint32_t at = 0; at < region->name_size; at++) {
        fprintf(record, "%02x", region->name[at]);
    }
    if (doubt == NULL && pauses > 0) {
        doubt = "pause";
    } else if (doubt == NULL && counter_doubts() != region->doubts) {
        doubt = counter_last_doubt();
    }
    fprintf(record, "\",\"depth\":%d,\"instructions\":%" PRIu64 ",\"finished\":%s,\"exact\":%s", depth,
            unless_paused(counter_before(rest)) - region->start, finished ? "true" : "false",
            doubt == NULL ? "true" : "false");
    if (doubt != NULL) {
        fprintf(record, ",\"doubt\":\"%s\"", doubt);
    }
    reads_stop(depth, record);
    if (mode != NULL && mode->stop != NULL) {
        mode->stop(depth, rest, address, record);
    }
    fputs("}\n", record);
    fclose(record);
    write_out(line, size);
    free(line);
}

static void wait_from(uint32_t rest, uint32_t address) {
    if (pauses++ == 0) {
        paused_at = counter_before(rest);
        doubted_at = counter_doubts();
        if (mode != NULL && mode->pause != NULL) {
            mode->pause(rest, address);
        }
    }
}

static void wait_until(uint32_t rest, uint32_t address) {
    if (pauses == 0 || --pauses > 0) {
        return;
    }
    uint64_t pause = counter_behind(rest) - paused_at;
    waited += pause;
    for (int region = 0; region < depth && region < OPEN_REGIONS; region++) {
        open[region].start += pause;
        open[region].doubts += counter_doubts() - doubted_at;
    }
    if (mode != NULL && mode->resume != NULL) {
        mode->resume(rest - 1, address);
    }
}

static bool is_hosts(const struct region *region) {
    return region->name_size > 0 && region->name[region->name_size - 1] == REQUEST_BEGINS;
}

/* Everything ends, because a request ends, another one begins or the emulator ends (mark: 0). */
static void close_all(uint32_t rest, uint32_t address, uint8_t mark) {
    while (depth > 0) {
        bool is_request = depth <= OPEN_REGIONS && is_hosts(&open[depth - 1]);
        close_top(rest, address, mark == REQUEST_ENDS && is_request, mark == REQUEST_BEGINS && is_request ? "begin" : NULL);
    }
    while (pauses > 0) { /* an exception or a reset while it waited */
        pauses = 1;
        wait_until(rest, address);
    }
}

static void start(uint32_t rest, uint32_t address) {
    if (name_bits >= 8 && (last_byte == REQUEST_BEGINS || last_byte == REQUEST_ENDS || last_byte == ALL_ENDS)) {
        bool is_open = depth > 0 && is_hosts(&open[0]);
        close_all(rest, address, last_byte);
        if (last_byte == REQUEST_ENDS && !is_open) {
            write_out(end_alone, sizeof end_alone - 1);
        }
        if (last_byte != REQUEST_BEGINS) {
            return;
        }
        name[0] = REQUEST_BEGINS;
        name_bits = 8;
        clock_align(counter_behind(rest) - waited);
    }
    if (depth < OPEN_REGIONS) {
        struct region *region = &open[depth];
        region->name_size = name_bits / 8;
        memcpy(region->name, name, region->name_size);
        region->doubts = pauses > 0 ? doubted_at : counter_doubts();
        region->start = unless_paused(counter_behind(rest)); /* the mark itself is not part of the region */
        reads_start(depth);
        if (mode != NULL && mode->start != NULL) {
            mode->start(depth, rest - 1, address);
        }
    }
    depth++;
}

uint64_t region_time(void) {
    return unless_paused(counter_before(0)) - waited;
}

void region_wake(uint32_t address) {
    if (pauses > 0) {
        pauses = 1;
        wait_until(1, address);
    }
}

bool region_counts(void) {
    return depth > 0 && pauses == 0;
}

static void marked(unsigned int vcpu, void *data) {
    const struct site *site = data;
    if (!cores_marked(vcpu)) {
        return;
    }
    switch (site->mark) {
    case MARK_ZERO:
    case MARK_ONE:
        if (name_bits == 0) { /* a name's length is nothing to the regions around */
            wait_from(site->rest, site->address);
        }
        if (name_bits < NAME_BITS) {
            uint8_t bit = (uint8_t)(0x80 >> name_bits % 8), *byte = &name[name_bits / 8];
            *byte = site->mark == MARK_ONE ? *byte | bit : *byte & (uint8_t)~bit;
            name_bits++;
        }
        last_byte = (uint8_t)(last_byte << 1 | (site->mark == MARK_ONE));
        return;
    case MARK_PAUSE:
        wait_from(site->rest, site->address);
        return;
    case MARK_RESUME:
        wait_until(site->rest, site->address);
        return;
    case MARK_START:
        if (name_bits > 0) {
            wait_until(site->rest, site->address);
        }
        start(site->rest, site->address);
        break;
    case MARK_STOP:
        if (depth > OPEN_REGIONS || (depth > 0 && !is_hosts(&open[depth - 1]))) {
            close_top(site->rest, site->address, true, NULL);
        }
        break;
    case MARK_NONE:
        break;
    }
    name_bits = 0;
}

void region_translate(const struct code *code) {
    for (uint32_t at = 0; at < code->count; at++) {
        if (code->insn[at].mark != MARK_NONE) {
            struct site *site = allocate_for_code(sizeof *site);
            *site = (struct site){code->insn[at].mark, code->count - at, code->address[at]};
            qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(code->tb, at), marked,
                                                   QEMU_PLUGIN_CB_NO_REGS, site);
        }
    }
}

void region_close_all(void) {
    close_all(0, 0, 0);
}
