/* A QEMU TCG plugin that counts what a MicroPython guest executes.
 *
 * Arguments: arch=thumb|riscv|xtensa, mode=off|count|instructions|classes|functions|memory, out=DESCRIPTOR (where
 * regions are written, region.c), functions=DESCRIPTOR (functions.c, mode "functions"),
 * layout=DESCRIPTOR and findings=DESCRIPTOR (for the checker of memory, memcheck/), stress=on, unwritten=on, checks=off
 * (modules are known, and not checked), coverage=DESCRIPTOR (memcheck/coverage.c), stack=LOW-HIGH in hexadecimal (mode "memory"),
 * clock=FUNCTION-PLACE-HERTZ in hexadecimal (clock.c), core=NUMBER (the core that counts, where there are several:
 * cores.c). The descriptors are inherited. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "memcheck/memcheck.h"
#include "plugin.h"

EXPORTED int qemu_plugin_version = API_VERSION;

static const struct mode mode_off = {.name = "off"}, mode_count = {.name = "count"};
static const struct mode mode_instructions = {.name = "instructions"};
static const struct mode *const modes[] = {&mode_off, &mode_count, &mode_instructions, &mode_classes,
                                           &mode_functions, &mode_memory};
static const struct {
    const char *arch;
    decoder *decode;
    unsigned pairs;
} decoders[] = {
    {"thumb", decode_thumb, 1u << PAIR_LOAD_USED | 1u << PAIR_LOAD_ROW},
    {"riscv", decode_riscv, 1u << PAIR_LOAD_USED | 1u << PAIR_MULTIPLY_USED | 1u << PAIR_FLOAT_USED},
    {"xtensa", decode_xtensa,
     1u << PAIR_LOAD_USED | 1u << PAIR_LOAD_LATER | 1u << PAIR_MULTIPLY_USED | 1u << PAIR_FLOAT_USED},
    {"avr", decode_avr, 0},
};
static const struct mode *mode;
static int output;
static int core = -1;
decoder *decode;
unsigned pairs_told;

static struct map pages; /* page of guest code to where we see it */

/* Tell whether what comes before code is code too, which we see right before it: the guest's memory may begin there. */
static bool continues_page(const uint8_t *bytes, uint32_t address) {
    uint32_t page = address / SMALLEST_PAGE;
    const uint8_t *begin = bytes - address % SMALLEST_PAGE;
    *map_at(&pages, page) = (void *)(uintptr_t)begin;
    return page > 0 && map_find(&pages, page - 1) == begin - SMALLEST_PAGE;
}

bool it_leads(const uint8_t *bytes, uint32_t address, uint32_t back, struct decode_state *state, struct insn *last) {
    if (bytes[1 - (int32_t)back] != 0xbf || (bytes[-(int32_t)back] & 0x0f) == 0) {
        return false; /* no IT instruction: DDI0553, IT, encoding T1 */
    }
    *state = (struct decode_state){0};
    uint32_t at = back;
    while (at > 0 && at <= back) {
        decode(bytes - at, address - at, state, last);
        at -= last->size;
    }
    return at == 0;
}

/* Return the state in which a block begins: QEMU ends blocks at a page's end, also within an IT block. */
static struct decode_state state_before(const uint8_t *bytes, uint32_t address) {
    if (bytes != NULL && decode == decode_avr && address >= 2) { /* flash, which is one piece of memory */
        return (struct decode_state){.it = avr_skips(bytes - 2)};
    }
    if (bytes == NULL || decode != decode_thumb || !continues_page(bytes, address) || address % SMALLEST_PAGE > 2) {
        return (struct decode_state){0};
    }
    for (uint32_t back = 2; back <= LONGEST_IT && back <= address; back += 2) {
        struct decode_state state;
        struct insn last;
        if (it_leads(bytes, address, back, &state, &last) && state.it != 0) {
            return state;
        }
    }
    return (struct decode_state){0};
}

static enum pair pair(const struct insn *first, const uint8_t *bytes_of_first, const struct insn *second,
                      const uint8_t *bytes) {
    if (decode == decode_thumb) {
        return thumb_pair(first, bytes_of_first, second, bytes);
    }
    if (decode == decode_riscv) {
        return riscv_pair(first, bytes_of_first, bytes);
    }
    return decode == decode_xtensa ? xtensa_pair(first, bytes_of_first, bytes) : PAIR_NONE;
}

static bool waits_for_load(const struct code *code, uint8_t bytes[][4], uint32_t load, uint32_t at) {
    return xtensa_pair(&code->insn[load], bytes[load], bytes[at]) == PAIR_LOAD_USED;
}

/* A loop without a branch ("Loop Option") may be a block that follows itself. */
static void pair_over_loop(struct code *code, uint8_t bytes[][4]) {
    const uint32_t last = code->count - 1;
    const enum pair next = xtensa_pair(&code->insn[last], bytes[last], bytes[0]);
    code->again[next] = 1;
    if (last == 0 || next != PAIR_NONE) {
        return;
    }
    if (waits_for_load(code, bytes, last - 1, 0)) {
        code->again[PAIR_LOAD_LATER] = 1;
    } else if (code->pair[1] == PAIR_NONE && waits_for_load(code, bytes, last, 1)) {
        code->again[PAIR_LOAD_LATER] = 1;
    }
}

/* Xtensa: also what waits for floats, which is told of before what else an instruction is the second of, and what waits
 * for the load before the last instruction. */
static void pair_further(struct code *code, uint8_t bytes[][4]) {
    struct xtensa_results results = {0};
    uint32_t waited = 0, again = 0;
    for (uint32_t at = 0; at < code->count; at++) {
        unsigned waits = xtensa_waits(&results, bytes[at]);
        waited += waits;
        if (waits > 0) {
            code->pair[at] = PAIR_FLOAT_USED;
            code->times[at] = (uint8_t)waits;
        } else if (at >= 2 && code->pair[at] == PAIR_NONE && code->pair[at - 1] == PAIR_NONE &&
                   waits_for_load(code, bytes, at - 2, at)) {
            code->pair[at] = PAIR_LOAD_LATER;
        }
    }
    if (code->insn[code->count - 1].flow == FLOW_NEXT) {
        pair_over_loop(code, bytes);
        for (uint32_t at = 0; at < code->count; at++) {
            again += xtensa_waits(&results, bytes[at]);
        }
        code->again[PAIR_FLOAT_USED] = (uint8_t)(again - waited);
    }
}

static void read_code(struct qemu_plugin_tb *tb, struct code *code) {
    code->tb = tb;
    code->count = (uint32_t)qemu_plugin_tb_n_insns(tb);
    code->host = qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, 0));
    uint32_t begin = (uint32_t)qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
    struct decode_state state = state_before(code->host, begin);
    static uint8_t codes[BLOCK_INSNS][4];
    memset(code->again, 0, sizeof code->again);
    for (uint32_t at = 0; at < code->count; at++) {
        const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, at);
        uint8_t *bytes = codes[at];
        memset(bytes, 0, sizeof codes[at]);
#if API_VERSION >= 3
        qemu_plugin_insn_data(insn, bytes, sizeof codes[at]);
#else
        size_t size = qemu_plugin_insn_size(insn);
        memcpy(bytes, qemu_plugin_insn_data(insn), size < sizeof codes[at] ? size : sizeof codes[at]);
        if (size == 0 && code->host != NULL) { /* as it is with AVR before QEMU 8.1 */
            const uint8_t *there = qemu_plugin_insn_haddr(insn); /* behind flash there may be nothing */
            memcpy(bytes, there, avr_size(there));
        }
#endif
        code->address[at] = (uint32_t)qemu_plugin_insn_vaddr(insn);
        decode(bytes, code->address[at], &state, &code->insn[at]);
        code->pair[at] = at > 0 ? pair(&code->insn[at - 1], codes[at - 1], &code->insn[at], bytes) : PAIR_NONE;
        code->times[at] = 1;
        code->is_float[at] = decode == decode_thumb && thumb_float(bytes);
        code->address[at + 1] = code->address[at] + code->insn[at].size; /* QEMU's may be 2 too many at a page's end */
    }
    if (decode == decode_xtensa) {
        pair_further(code, codes);
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    static struct code code; /* QEMU translates one block at a time where there is one core */
    (void)id;
    if (qemu_plugin_tb_n_insns(tb) == 0 || qemu_plugin_tb_n_insns(tb) > BLOCK_INSNS) {
        return;
    }
    read_code(tb, &code);
    if (memcheck_used()) {
        memcheck_translate(&code);
    }
    if (mode == &mode_off) {
        return;
    }
    counter_goes_on(&code);
    clock_translate(&code);
    reads_translate(&code);
    if (cores_used()) {
        cores_translate(&code);
        if (mode->translate != NULL) {
            mode->translate(&code);
        }
        region_translate(&code);
        return;
    }
    const struct function *function = function_at(code.address[0]);
    if (function != NULL && function->role == ROLE_INTERRUPT) {
        if (mode->handle != NULL) {
            mode->handle(&code);
        }
        return; /* no work of the program: it comes when the host sends something */
    }
    if (registers_repeat(&code, mode->left_early)) {
        return;
    }
    counter_continues(&code, mode->left_early);
    if (mode->translate != NULL) {
        mode->translate(&code);
    }
    region_translate(&code);
    registers_translate(&code);
    counter_translate(&code);
}

static void flushed(qemu_plugin_id_t id) {
    (void)id;
    counter_forget();
    registers_forget();
    if (cores_used()) {
        cores_forget();
    }
    if (mode->forget != NULL) {
        mode->forget();
    }
    free_code();
}

static void ended(qemu_plugin_id_t id, void *data) {
    (void)id, (void)data;
    region_close_all();
}

static const char *argument(const char *text, const char *name) {
    size_t size = strlen(name);
    return strncmp(text, name, size) == 0 && text[size] == '=' ? text + size + 1 : NULL;
}

static bool apply(const char *text) {
    const char *value;
    if ((value = argument(text, "arch")) != NULL) {
        for (size_t at = 0; at < sizeof decoders / sizeof *decoders; at++) {
            if (strcmp(value, decoders[at].arch) == 0) {
                decode = decoders[at].decode;
                pairs_told = decoders[at].pairs;
            }
        }
        return decode != NULL;
    }
    if ((value = argument(text, "pair")) != NULL) {
        return pairs_tell(value);
    }
    if ((value = argument(text, "mode")) != NULL) {
        for (size_t at = 0; at < sizeof modes / sizeof *modes; at++) {
            mode = strcmp(value, modes[at]->name) == 0 ? modes[at] : mode;
        }
        return mode != NULL;
    }
    if ((value = argument(text, "out")) != NULL) {
        output = atoi(value);
        return output > 2;
    }
    if ((value = argument(text, "functions")) != NULL) {
        return functions_read(atoi(value));
    }
    if ((value = argument(text, "stack")) != NULL) {
        uint32_t low, high;
        bool valid = sscanf(value, "%" SCNx32 "-%" SCNx32, &low, &high) == 2;
        memory_stack(low, high);
        return valid;
    }
    if ((value = argument(text, "clock")) != NULL) {
        return clock_install(value);
    }
    if ((value = argument(text, "layout")) != NULL) {
        return memcheck_read(atoi(value));
    }
    if ((value = argument(text, "coverage")) != NULL) {
        return coverage_install(atoi(value));
    }
    if (argument(text, "checks") != NULL) {
        memcheck_look_only();
        return true;
    }
    if ((value = argument(text, "stress")) != NULL) {
        stress_install();
        return true;
    }
    if (argument(text, "unwritten") != NULL) {
        unwritten_install();
        return true;
    }
    if ((value = argument(text, "findings")) != NULL) {
        findings_install(atoi(value));
        return true;
    }
    if ((value = argument(text, "hold")) != NULL) {
        findings_hold(atoi(value));
        return true;
    }
    if ((value = argument(text, "core")) != NULL) {
        core = atoi(value);
        return core >= 0;
    }
    return false;
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int at = 0; at < argc; at++) {
        if (!apply(argv[at])) {
            fprintf(stderr, "mpy-harness: the counting plugin does not understand %s\n", argv[at]);
            return 1;
        }
    }
    if (mode == NULL || decode == NULL || output == 0) {
        fputs("mpy-harness: the counting plugin needs arch=, mode= and out=\n", stderr);
        return 1;
    }
    region_install(output, mode);
    counter_install(mode == &mode_instructions);
    if (core >= 0) {
        cores_install((unsigned)core, mode == &mode_instructions, mode);
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_flush_cb(id, flushed);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
