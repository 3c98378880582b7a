/* Which MicroPython function the interpreter runs.
 *
 * The functions that run one (fun_bc_call, mp_obj_gen_resume, ...: role "self") get its object as their first
 * argument. No plugin can read registers before QEMU 9.0, but one can see addresses of loads: the first load
 * relative to that argument tells where the object is. Until it happens, what is executed is credited to a
 * context without an object; then it is moved. */
#include <string.h>

#include "plugin.h"

#define SEARCHED 64 /* instructions from a function's begin */
#define LOGGED 32

struct load {
    int32_t offset;
};

struct credit {
    uint32_t node;
    int64_t calls, instructions;
};

static struct map loads; /* address of such a load to struct load */
static uint32_t frame;   /* the frame that waits for its object */
static bool is_waiting;
static struct credit credits[LOGGED];
static uint32_t logged;

static bool is_thumb(void) {
    return decode == decode_thumb;
}

/* A place on the stack that has the argument. */
struct slot {
    int base; /* register, NO_REGISTER: none */
    int32_t offset;
};

/* Follow a store of a register, on Thumb (STR T1 and T2 of DDI0419): compilers for Armv6-M, which have eight registers
 * to use, put the argument on the stack first of all. */
static void follow_store(struct slot *slot, uint32_t self, const uint8_t *bytes) {
    uint32_t bits = bytes[0] | (uint32_t)bytes[1] << 8;
    struct slot to = {NO_REGISTER, 0};
    uint32_t from = 0;
    if ((bits & 0xf800) == 0x6000) {
        to = (struct slot){bits >> 3 & 7, (int32_t)(bits >> 6 & 31) * 4};
        from = bits & 7;
    } else if ((bits & 0xf800) == 0x9000) {
        to = (struct slot){13, (int32_t)(bits & 0xff) * 4};
        from = bits >> 8 & 7;
    }
    if (to.base != NO_REGISTER && self >> from & 1) {
        *slot = to;
    } else if (to.base == slot->base && to.offset == slot->offset) {
        slot->base = NO_REGISTER;
    }
}

static void search(const struct function *function, const uint8_t *bytes) {
    /* Arguments and registers that calls preserve: AAPCS32 6.1; RISC-V psABI, integer register convention. */
    uint32_t self = is_thumb() ? 1u << 0 : 1u << 10, preserved = is_thumb() ? 0x0ff0 : 0x0ffc0300;
    struct decode_state state = {0};
    struct slot slot = {NO_REGISTER, 0};
    uint32_t address = function->start;
    for (int number = 0; number < SEARCHED && address + 4 <= function->end; number++) {
        struct insn insn;
        decode(bytes + (address - function->start), address, &state, &insn);
        if (insn.load_base >= 0 && self >> insn.load_base & 1) {
            void **value = map_at(&loads, address);
            struct load *load = *value != NULL ? *value : allocate(sizeof *load);
            load->offset = insn.load_offset;
            *value = load;
            return;
        }
        if (insn.flow == FLOW_RETURN || (insn.flow == FLOW_JUMP && !insn.conditional)) {
            return;
        }
        if (insn.flow == FLOW_CALL) {
            self &= preserved;
        } else if (insn.move_to >= 0 && insn.move_from >= 0 && !insn.conditional) {
            uint32_t bit = 1u << insn.move_to;
            self = self >> insn.move_from & 1 ? self | bit : self & ~bit;
        } else if (insn.load_base >= 0 && insn.load_base == slot.base && insn.load_offset == slot.offset) {
            self |= insn.written;
        } else {
            self &= ~(uint32_t)insn.written;
        }
        if (slot.base != NO_REGISTER && insn.written >> slot.base & 1) {
            slot.base = NO_REGISTER;
        }
        if (is_thumb()) {
            follow_store(&slot, self, bytes + (address - function->start));
        }
        address += insn.size;
    }
}

static bool is_below(uint32_t node, uint32_t from) {
    while (node > from) { /* a parent's number is less */
        node = node_parent(node);
    }
    return node == from;
}

static uint32_t moved(uint32_t node, uint32_t from, uint32_t to) {
    return node == from ? to : node_child(moved(node_parent(node), from, to), node_address(node), 0);
}

static void loaded(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    const struct load *load = data;
    (void)vcpu, (void)info;
    uint32_t *node = is_waiting ? frame_node(frame) : NULL;
    is_waiting = false;
    if (node == NULL) {
        return;
    }
    uint32_t from = *node;
    uint32_t to = node_child(node_parent(from), node_address(from), (uint32_t)address - (uint32_t)load->offset);
    for (uint32_t at = 0; at < logged; at++) {
        const struct credit *credit = &credits[at];
        if (!is_below(credit->node, from)) {
            continue;
        }
        uint32_t target = moved(credit->node, from, to);
        node_credit(credit->node, -credit->calls, -credit->instructions);
        node_credit(target, credit->calls, credit->instructions);
    }
    *node = to;
}

void objects_translate(const struct code *code) {
    const struct function *function = function_at(code->address[0]);
    if (function != NULL && function->role == ROLE_SELF && function->start == code->address[0] && code->host != NULL) {
        search(function, code->host);
    }
    for (uint32_t at = 0; at < code->count; at++) {
        struct load *load = code->insn[at].load_base >= 0 ? map_find(&loads, code->address[at]) : NULL;
        if (load != NULL) { /* MEM_RW, though it is a load: QEMU 7.2 calls nothing for MEM_R alone */
            qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(code->tb, at), loaded, QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_RW, load);
        }
    }
}

/* A function of role "self" has just begun in a frame, its call not credited yet. */
void objects_entered(uint32_t entered) {
    frame = entered;
    is_waiting = true;
    logged = 0;
}

/* Nodes have other numbers from now on. A function that has not looked at its object stays without one. */
void objects_forget(void) {
    is_waiting = false;
}

void objects_credited(uint32_t node, int64_t calls, int64_t instructions) {
    if (!is_waiting) {
        return;
    }
    if (logged == LOGGED) {
        is_waiting = false; /* it does not look at its object: its context stays without one */
        return;
    }
    credits[logged++] = (struct credit){node, calls, instructions};
}
