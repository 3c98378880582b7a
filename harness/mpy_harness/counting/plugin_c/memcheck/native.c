/* Native code as it is executed: who calls whom across its border, where its stack pointer is, what it accesses.
 *
 * A counter of executed blocks tells whether one block came right after another one. A block of native code that did not
 * come right after another of its kind was entered or returned to by the firmware: the second if it is where
 * a call would return to. */
#include <string.h>

#include "memcheck.h"

#define MOST_CALLS 4096 /* each has two frames on the stack, of native code and of the firmware */
#define MOST_JUMPS 2
#define LONG_AFTER 100 /* blocks: what the firmware allocates so long after a jump to it is not the jump's */

struct native_block {
    uint32_t address, last, after; /* of its first and last instruction, and of what follows it */
    enum flow flow;
};

struct call {
    uint32_t from, back_to, stack;
};

struct stack_site {
    struct access access; /* first, for access_native() */
    struct stack_effect effect;
};

struct copy_block {
    uint32_t function;
    bool is_entry;
};

uint32_t native_stack, native_turn;

static struct call calls[MOST_CALLS]; /* of the firmware, which have not returned */
static uint32_t depth;
static const struct native_block *last;
static struct native_block last_one; /* what `last` points to */
static uint64_t last_at, copied_at;
static const struct stack_site *stack_site; /* that was accessed last, and where it would go on */
static uint32_t stack_next;
static bool is_copying, is_foreign;
static uint32_t called_from[CALLERS]; /* calls of native code by itself, the last one first */
static uint32_t jumps; /* so many of them, at the begin, are the last jumps since a call: a function may end with one */

static struct tally executed; /* blocks */

uint64_t native_now(void) {
    return *tally_value(&executed);
}

void native_forget(void) {
    depth = 0;
    last = NULL;
    native_stack = 0;
    is_copying = false;
}

/* What called the firmware and what called that, as far as is known. */
struct site native_here(uint32_t pc) {
    struct site site = {.pc = pc};
    memcpy(site.from, called_from, sizeof site.from);
    return site;
}

struct site native_caller(void) {
    if (last != NULL && (last->flow == FLOW_CALL || (last->flow == FLOW_JUMP && native_now() - last_at < LONG_AFTER))) {
        return native_here(last->last);
    }
    return (struct site){.pc = last != NULL && depth > 0 ? calls[depth - 1].from : 0};
}

/* Native code goes on at an address, and something else was executed before. */
static void arrive(uint32_t address) {
    if (last != NULL && last->flow == FLOW_CALL) {
        depth = depth < MOST_CALLS ? depth : 0; /* where the stack is behind a call that is not known is not known */
        calls[depth++] = (struct call){last->last, last->after, native_stack};
    }
    native_stack = 0;
    for (uint32_t at = depth; at > 0; at--) {
        if (calls[at - 1].back_to == address) {
            depth = at - 1;
            native_stack = calls[depth].stack;
            return;
        }
    }
}

/* Native code was called by itself, or went on elsewhere. Loops are jumps as well, and must not displace the calls. */
static void note_caller(void) {
    bool is_call = last->flow == FLOW_CALL;
    size_t moved = is_call || jumps < MOST_JUMPS ? CALLERS - 1 : MOST_JUMPS - 1;
    memmove(called_from + 1, called_from, moved * sizeof *called_from);
    called_from[0] = last->last;
    jumps = is_call ? 0 : jumps < MOST_JUMPS ? jumps + 1 : jumps;
}

static void began(unsigned int vcpu, void *data) {
    const struct native_block *block = data;
    (void)vcpu;
    if (native_now() != last_at + 1 || last == NULL) {
        if (is_foreign) {
            heap_catch_up();
        }
        arrive(block->address);
        memset(called_from, 0, sizeof called_from);
        jumps = 0;
    } else if (last->flow == FLOW_CALL || last->flow == FLOW_JUMP) {
        note_caller();
    }
    native_turn++;
    stress_ran();
    last_one = *block;
    last = &last_one;
    last_at = native_now();
    is_copying = false;
}

static void accessed(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    (void)vcpu;
    access_native(data, info, (uint32_t)address);
}

static void accessed_to_the_byte(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    accessed(vcpu, info, address, data);
    unwritten_access(data, (uint32_t)address);
}

/* Frames below the stack pointer are gone: so are calls from there. */
static void set_stack(uint32_t pointer) {
    native_stack = pointer;
    while (depth > 0 && calls[depth - 1].stack != 0 && calls[depth - 1].stack < pointer) {
        depth--;
    }
}

static void accessed_stack(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    const struct stack_site *site = data;
    (void)vcpu;
    uint32_t size = 1u << qemu_plugin_mem_size_shift(info);
    if (stack_site != site || stack_next != (uint32_t)address) {
        set_stack((uint32_t)address - (uint32_t)site->effect.offset + (uint32_t)site->effect.change);
    }
    stack_site = site;
    stack_next = (uint32_t)address + size;
}

static void moved_stack(unsigned int vcpu, void *data) {
    const struct stack_site *site = data;
    (void)vcpu;
    if (site->effect.is_lost) {
        native_stack = 0;
    } else if (native_stack != 0) {
        set_stack(native_stack + (uint32_t)site->effect.change);
    }
}

static bool is_pc_relative(const struct insn *insn) {
    return insn->class_ == CLASS_LOAD && insn->load_base == instruction_set()->program_counter;
}

static void translate_insn(const struct code *code, uint32_t at, const uint8_t *bytes) {
    const struct insn *insn = &code->insn[at];
    struct qemu_plugin_insn *there = qemu_plugin_tb_get_insn(code->tb, at);
    struct stack_effect effect = {0};
    if (bytes != NULL) {
        effect = instruction_set()->stack_effect(bytes, insn);
    }
    if (effect.is_any) {
        struct stack_site *site = allocate_for_code(sizeof *site);
        *site = (struct stack_site){.access = {.pc = code->address[at]}, .effect = effect};
        if (effect.is_access) {
            qemu_plugin_register_vcpu_mem_cb(there, accessed_stack, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, site);
        } else {
            qemu_plugin_register_vcpu_insn_exec_cb(there, moved_stack, QEMU_PLUGIN_CB_NO_REGS, site);
        }
    } else if (insn->words > 0 && !is_pc_relative(insn)) {
        struct access *access = allocate_for_code(sizeof *access);
        *access = (struct access){.pc = code->address[at]};
        accessed_cb callback = unwritten_used() ? accessed_to_the_byte : accessed;
        qemu_plugin_register_vcpu_mem_cb(there, callback, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, access);
    }
}

static void translate_native(const struct code *code) {
    const struct insn *end = &code->insn[code->count - 1];
    struct native_block *block = allocate_for_code(sizeof *block);
    *block = (struct native_block){code->address[0], code->address[code->count - 1], code->address[code->count],
                                   (enum flow)end->flow};
    qemu_plugin_register_vcpu_tb_exec_cb(code->tb, began, QEMU_PLUGIN_CB_NO_REGS, block);
    for (uint32_t at = 0; at < code->count; at++) {
        uint8_t *bytes = memory_at(code->address[at], 4);
        translate_insn(code, at, bytes);
    }
}

static void copied(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    (void)vcpu;
    if (is_copying) {
        access_copy(data, info, (uint32_t)address);
    }
}

/* A block of memset or memmove: for native code if that was right before, or if it was the block before. */
static void began_copy(unsigned int vcpu, void *data) {
    const struct copy_block *block = data;
    (void)vcpu;
    if (block->is_entry && last != NULL && last->flow != FLOW_RETURN && native_now() == last_at + 1) {
        access_begin_copy(native_here(last->last), block->function);
        is_copying = true;
    } else if (native_now() != copied_at + 1) {
        is_copying = false;
    }
    copied_at = native_now();
}

static void translate_copy(const struct code *code) {
    const struct function *function = function_at(code->address[0]);
    struct copy_block *block = allocate_for_code(sizeof *block);
    *block = (struct copy_block){function != NULL ? function->start : code->address[0],
                                 function != NULL && function->start == code->address[0]};
    qemu_plugin_register_vcpu_tb_exec_cb(code->tb, began_copy, QEMU_PLUGIN_CB_NO_REGS, block);
    for (uint32_t at = 0; at < code->count; at++) {
        if (code->insn[at].words > 0 && !is_pc_relative(&code->insn[at]) && code->insn[at].flow == FLOW_NEXT) {
            struct access *access = allocate_for_code(sizeof *access);
            *access = (struct access){.pc = code->address[at]};
            qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(code->tb, at), copied, QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_RW, access);
        }
    }
}

/* An exception of MicroPython's: native code that called the firmware is not returned to, most likely. */
static void threw(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    native_forget();
}

void native_translate(const struct code *code) {
    uint32_t address = code->address[0];
    is_foreign = heap_is_foreign();
    if (layout_has(PLACE_COPY, address)) {
        translate_copy(code);
    } else if (layout_has(PLACE_THROW, address)) {
        qemu_plugin_register_vcpu_tb_exec_cb(code->tb, threw, QEMU_PLUGIN_CB_NO_REGS, NULL);
    } else if (module_at(address) != NULL) {
        translate_native(code);
    }
    tally_add_at_tb(&executed, code->tb, 1);
}
