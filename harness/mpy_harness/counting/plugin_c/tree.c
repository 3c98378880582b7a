/* Mode "functions": who called whom, and what was executed in each context.
 *
 * Followed are calls, where returns land, and the entries of the firmware's known functions; between two of these
 * events the same context executes, so the counter's difference is exact.
 *
 * - A call pushes a frame. Whom an indirect call called shows at the next event: an entry, or an
 *   instruction of the callee.
 * - A return only says that it happens. The block behind the call, where it lands, ends the frame that was to come back
 *   there, and all above it: a function that BL called within another, as in libgcc's floats, may return for both.
 * - An entry that no call led to is a tail call, which takes the caller's frame and a context below the caller's.
 *   A tail call to code whose entries are not known is a jump from where the caller's return address is back in lr.
 * - A call or return in an IT block may not happen: the block behind it (`passed`) says so.
 * - A life of MicroPython begins without any caller.
 * - MicroPython's exceptions (nlr_push, nlr_pop, nlr_jump in py/nlr.h) cut the stack back to where it was
 *   when nlr_push was called. */
#include "plugin.h"

#define MOST_FRAMES 1024
#define MOST_CATCHES 256
#define LONGEST_CALL 4 /* bytes */

struct frame {
    uint32_t node, address; /* of the node: its function's */
    uint32_t back;          /* where it returns to */
    bool is_unresolved, is_fresh; /* callee not known yet; called, nothing seen of it yet */
    uint32_t left;                /* while unresolved after a jump: the node that jumped */
    int32_t calls;                /* of the node, and instructions: not credited to it yet */
    uint64_t instructions;
};

struct site {
    uint32_t address, rest, after; /* after: the address behind it */
    uint32_t context;              /* the function it lies in, by its begin; the address itself where unknown */
    uint32_t target;               /* of a direct call, 0 for others */
    enum role role;
    bool conditional;
    struct {
        uint32_t parent, left, node;
        uint32_t numbering; /* that these are of */
    } last;                 /* what it led to, from where */
};

enum pending { NOTHING, CALL, RETURN };

static struct frame frames[MOST_FRAMES];
static uint32_t depth = 1, beyond; /* frame 0 is the root; beyond: pushed without a frame */
static uint32_t catches[MOST_CATCHES], catching;
static uint32_t numbering = 1; /* of the nodes: another one when old ones were forgotten */
static bool is_paused;
static uint64_t charged; /* the count up to which contexts have been credited */
static struct tally returns; /* executed in known functions, and how many of them have been followed */
static uint64_t followed;
static enum pending pending; /* elsewhere, or what may not have happened */
static uint32_t pending_after;

static struct frame *top(void) {
    return &frames[depth - 1];
}

uint32_t *frame_node(uint32_t frame) {
    return frame < depth && !frames[frame].is_unresolved ? &frames[frame].node : NULL;
}

/* Credit a frame's node with what was executed in it: when the frame ends or becomes another node's, not at each event. */
static void credit(struct frame *frame) {
    node_credit(frame->node, frame->calls, (int64_t)frame->instructions);
    objects_credited(frame->node, frame->calls, (int64_t)frame->instructions);
    frame->calls = 0;
    frame->instructions = 0;
}

static void charge(uint64_t now) {
    if (!is_paused) {
        top()->instructions += now - charged;
    }
    charged = now;
}

static uint32_t begin_of(uint32_t address) {
    const struct function *function = function_at(address);
    return function != NULL ? function->start : address;
}

static void push(uint32_t back) {
    if (depth == MOST_FRAMES) {
        beyond++;
        return;
    }
    frames[depth++] = (struct frame){.back = back, .is_unresolved = true, .is_fresh = true};
}

static void pop(void) {
    if (beyond > 0) {
        beyond--;
    } else if (depth > 1) {
        credit(top());
        depth--;
    }
}

/* Return the node of a function that was called in one context, or in another (0: none) that left it by a jump. */
static uint32_t called_node(uint32_t function, uint32_t parent, uint32_t left) {
    /* Functions that call each other by jumps take turns in one frame: each is below its caller once. */
    for (uint32_t node = left; node != parent && node != 0; node = node_parent(node)) {
        if (node_address(node) == function) {
            return node;
        }
    }
    return node_child(left != 0 ? left : parent, function, 0);
}

/* Tell whether a site led to a node when it was passed last in the same context. */
static bool is_as_before(const struct site *site, uint32_t parent, uint32_t left) {
    return site->last.numbering == numbering && site->last.parent == parent && site->last.left == left;
}

/* The top frame, which jumped or shows itself at a site that led elsewhere before, is found to execute a function. */
static __attribute__((noinline)) void resolve_anew(uint32_t function, struct site *site) {
    struct frame *frame = top();
    uint32_t parent = depth > 1 ? frames[depth - 2].node : 0;
    uint32_t left = frame->left;
    if (frame->calls != 0 || frame->instructions != 0) {
        credit(frame);
    }
    frame->is_unresolved = false;
    frame->left = 0;
    if (left != 0 && node_address(left) == function) {
        frame->node = left; /* the jump was one within the function */
    } else {
        bool is_known = site != NULL && is_as_before(site, parent, left);
        frame->node = is_known ? site->last.node : called_node(function, parent, left);
        frame->calls += !is_paused;
        if (site != NULL) {
            site->last.parent = parent;
            site->last.left = left;
            site->last.node = frame->node;
            site->last.numbering = numbering;
        }
    }
    frame->address = node_address(frame->node);
}

/* The top frame is found to execute a function, always the same one where a site shows it. */
static inline void resolve(uint32_t function, struct site *site) {
    struct frame *frame = top();
    if (frame->is_fresh && frame->left == 0 && depth > 1 && site != NULL &&
        is_as_before(site, frames[depth - 2].node, 0)) {
        frame->is_unresolved = false;
        frame->node = site->last.node;
        frame->address = function;
        frame->calls += !is_paused;
    } else {
        resolve_anew(function, site);
    }
}

static bool has_returned(void) {
    return *tally_value(&returns) != followed || pending == RETURN;
}

/* A return was executed before code of a function. */
static __attribute__((noinline)) void follow_return(uint32_t function, uint32_t address) {
    followed = *tally_value(&returns);
    pending = NOTHING;
    uint32_t at = beyond > 0 ? 0 : depth - 1;
    while (at > 0 && frames[at].back != address) {
        at--;
    }
    if (at > 0) {
        while (depth > at) {
            pop();
        }
    } else if (beyond > 0 || function != top()->address) {
        pop(); /* it went to where no call was seen */
    }
}

static __attribute__((noinline)) void settle_anew(const struct site *site) {
    if (has_returned()) {
        follow_return(site->context, site->address);
    }
    pending = NOTHING;
    if (top()->is_unresolved) {
        resolve_anew(site->context, NULL);
    }
}

static inline void settle(const struct site *site) {
    if (has_returned() || pending != NOTHING || top()->is_unresolved) {
        settle_anew(site);
    }
    top()->is_fresh = false;
}

/* The block behind a call begins. */
static void landed(unsigned int vcpu, void *data) {
    const struct site *site = data;
    (void)vcpu;
    if (has_returned()) {
        charge(counter_before(0));
        follow_return(site->context, site->address);
    }
}

static void called(unsigned int vcpu, void *data) {
    struct site *site = data;
    (void)vcpu;
    settle(site);
    charge(counter_before(site->rest - 1));
    bool is_kept = depth < MOST_FRAMES;
    push(site->after);
    if (is_kept && site->target != 0) {
        resolve(site->target, site);
    }
    if (site->conditional) {
        pending = CALL;
        pending_after = site->after;
    }
}

/* A jump that may be a tail call. */
static void jumped(unsigned int vcpu, void *data) {
    const struct site *site = data;
    (void)vcpu;
    settle(site);
    if (beyond > 0 || depth == 1) {
        return;
    }
    charge(counter_before(site->rest - 1));
    top()->left = top()->node;
    top()->is_unresolved = true;
}

/* A jump that is a tail call if it is the first that is seen of a callee: a function that does nothing else. */
static void jumped_first(unsigned int vcpu, void *data) {
    if (top()->is_unresolved && !has_returned()) {
        jumped(vcpu, data);
    }
}

/* A return that may not happen, or of a function that is not known. */
static void returned(unsigned int vcpu, void *data) {
    const struct site *site = data;
    (void)vcpu;
    settle(site);
    pending = RETURN;
    pending_after = site->after;
}

/* A return of nlr_jump. */
static void thrown(unsigned int vcpu, void *data) {
    const struct site *site = data;
    (void)vcpu;
    settle(site);
    charge(counter_before(site->rest - 1));
    if (catching > 0) {
        uint32_t target = catches[--catching];
        beyond = 0;
        while (depth > target && depth > 1) {
            pop();
        }
    } else {
        pop();
    }
}

static void passed(unsigned int vcpu, void *data) {
    const struct site *site = data;
    (void)vcpu;
    if (pending == NOTHING || pending_after != site->address) {
        return;
    }
    if (pending == CALL) {
        if (!top()->is_unresolved && beyond == 0) {
            top()->calls -= !is_paused;
        }
        pop();
    }
    pending = NOTHING;
}

/* Whoever executed something in the life before does so no more, though nothing returned: a reset ended it. */
static void begin_life(void) {
    charge(counter_before(0));
    beyond = 0;
    while (depth > 1) {
        pop();
    }
    catching = 0;
    followed = *tally_value(&returns);
    pending = NOTHING;
}

static void entered(unsigned int vcpu, void *data) {
    struct site *site = data;
    (void)vcpu;
    if (site->role == ROLE_LIFE) {
        begin_life();
    }
    if (has_returned()) {
        charge(counter_before(0));
        follow_return(site->address, site->address);
    }
    pending = NOTHING;
    if (beyond > 0) {
        return;
    }
    if (top()->is_unresolved) {
        if (top()->left != 0) {
            charge(counter_before(0)); /* it jumped to where it jumps from, as a table of branches does */
        }
        resolve(site->address, site);
    } else if (!top()->is_fresh || top()->address != site->address) {
        if (top()->address == site->address) {
            return; /* a loop back to its own begin */
        }
        charge(counter_before(0));
        if (depth == 1) {
            push(0);
        } else {
            top()->left = top()->node;
        }
        resolve(site->address, site);
    }
    top()->is_fresh = false;
    switch (site->role) {
    case ROLE_SELF:
        objects_entered(depth - 1);
        break;
    case ROLE_NLR_PUSH:
        if (catching < MOST_CATCHES) {
            catches[catching++] = depth - 1;
        }
        break;
    case ROLE_NLR_POP:
        catching -= catching > 0;
        break;
    default:
        break;
    }
}

/* Tell whether an instruction calls. BL to a place within its own function does not: compilers for Armv6-M, whose other
 * branches reach 2 KB, jump with it in functions that have saved lr. */
static bool is_call(const struct code *code, uint32_t at) {
    const struct insn *insn = &code->insn[at];
    const struct function *function = function_at(code->address[at]);
    bool is_jump = decode == decode_thumb && function != NULL && insn->direct && insn->target != function->start &&
                   begin_of(insn->target) == function->start;
    return insn->flow == FLOW_CALL && !is_jump;
}

/* Tell whether an instruction returns. On Armv6-M, which cannot pop into the program counter and free arguments at once,
 * functions with "..." return by a register that they popped: POP T1, ADD T2 of SP, BX T1 of DDI0419. */
static bool is_return(const struct code *code, uint32_t at) {
    const struct insn *insn = &code->insn[at];
    if (insn->flow != FLOW_JUMP || decode != decode_thumb || code->host == NULL) {
        return insn->flow == FLOW_RETURN;
    }
    const uint8_t *bytes = code->host + (code->address[at] - code->address[0]);
    const struct function *function = function_at(code->address[at]);
    uint32_t back = code->address[at] - (function != NULL ? function->start : code->address[0]);
    if (bytes[1] != 0x47 || (bytes[0] & 0xc7) != 0) { /* BX of r0 to r7 */
        return false;
    }
    uint32_t pop = back >= 4 && bytes[-1] == 0xb0 && (bytes[-2] & 0x80) == 0 ? 4 : 2;
    return back >= pop && bytes[1 - (int32_t)pop] == 0xbc && bytes[-(int32_t)pop] == 1u << (bytes[0] >> 3);
}

static struct site *site_of(const struct code *code, uint32_t at) {
    const struct insn *insn = &code->insn[at];
    const struct function *function = function_at(code->address[at]);
    struct site *site = allocate_for_code(sizeof *site);
    *site = (struct site){
        .address = code->address[at],
        .rest = code->count - at,
        .after = code->address[at + 1],
        .context = function != NULL ? function->start : code->address[at],
        .target = insn->flow == FLOW_CALL && insn->direct ? begin_of(insn->target) : 0,
        .role = function != NULL ? function->role : ROLE_PLAIN,
        .conditional = insn->conditional,
    };
    return site;
}

/* Tell whether a block may begin behind a call or return that did not happen: one in an IT block, or that AVR skips. */
static bool may_be_passed_to(const struct code *code) {
    if (decode != decode_thumb) {
        return decode == decode_avr;
    }
    if (code->host == NULL || code->address[0] % SMALLEST_PAGE < LONGEST_IT) {
        return true;
    }
    for (uint32_t back = 2; back <= LONGEST_IT; back += 2) {
        struct decode_state state;
        struct insn last;
        if (it_leads(code->host, code->address[0], back, &state, &last) && last.conditional &&
            (last.flow == FLOW_CALL || last.flow == FLOW_RETURN)) {
            return true;
        }
    }
    return false;
}

/* Tell whether a block may begin behind a call. */
static bool may_be_landed_at(const struct code *code) {
    if (code->host == NULL || code->address[0] % SMALLEST_PAGE < LONGEST_CALL) {
        return true;
    }
    for (uint32_t back = 2; back <= LONGEST_CALL; back++) {
        struct decode_state state = {0};
        struct insn last;
        decode(code->host - back, code->address[0] - back, &state, &last);
        if (last.size == back && last.flow == FLOW_CALL) {
            return true;
        }
    }
    return false;
}

/* Tell whether a block ends in what may be a tail call: an unconditional jump with the return address in lr (r14;
 * ra on RISC-V), because the instructions before it loaded it from the stack, or because the function has
 * not saved it: PUSH T2 and STMDB T1 of DDI0553. Not one to a known place in the same function. */
static bool may_be_tail_call(const struct code *code) {
    uint32_t last = code->count - 1;
    const struct insn *jump = &code->insn[last];
    if (jump->flow != FLOW_JUMP || jump->conditional || code->host == NULL || is_return(code, last)) {
        return false;
    }
    const struct function *function = function_at(code->address[last]);
    if (function != NULL && jump->direct && begin_of(jump->target) == function->start) {
        return false;
    }
    uint32_t link = decode == decode_thumb ? 1u << 14 : 1u << 1;
    uint32_t address = function != NULL ? function->start : code->address[0];
    bool is_saved = false, is_restored = false;
    while (address < code->address[last]) {
        const uint8_t *bytes = code->host + ((int64_t)address - code->address[0]);
        struct decode_state state = {0};
        struct insn insn;
        decode(bytes, address, &state, &insn);
        is_saved |= bytes[1] == 0xb5 || (bytes[0] == 0x2d && bytes[1] == 0xe9 && bytes[3] & 0x40);
        is_restored = insn.flow == FLOW_NEXT && (is_restored || (insn.words > 0 && insn.written & link));
        address += insn.size;
    }
    return is_restored || (function != NULL && !is_saved && !jump->direct && decode == decode_thumb);
}

static void translate(const struct code *code) {
    const struct function *function = function_at(code->address[0]);
    if (may_be_passed_to(code)) {
        qemu_plugin_register_vcpu_tb_exec_cb(code->tb, passed, QEMU_PLUGIN_CB_NO_REGS, site_of(code, 0));
    }
    if (may_be_landed_at(code)) {
        qemu_plugin_register_vcpu_tb_exec_cb(code->tb, landed, QEMU_PLUGIN_CB_NO_REGS, site_of(code, 0));
    }
    if (function != NULL && function->start == code->address[0]) {
        qemu_plugin_register_vcpu_tb_exec_cb(code->tb, entered, QEMU_PLUGIN_CB_NO_REGS, site_of(code, 0));
    }
    for (uint32_t at = 0; at < code->count; at++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(code->tb, at);
        if (is_call(code, at)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, called, QEMU_PLUGIN_CB_NO_REGS, site_of(code, at));
        } else if (!is_return(code, at)) {
            continue;
        } else if (function != NULL && function->role == ROLE_NLR_JUMP) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, thrown, QEMU_PLUGIN_CB_NO_REGS, site_of(code, at));
        } else if (function == NULL || code->insn[at].conditional) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, returned, QEMU_PLUGIN_CB_NO_REGS, site_of(code, at));
        } else {
            tally_add_at_insn(&returns, insn, 1);
        }
    }
    uint32_t last = code->count - 1;
    bool is_tail_call = may_be_tail_call(code);
    bool is_unknown = function == NULL && code->insn[last].flow == FLOW_JUMP && !code->insn[last].direct;
    if (is_tail_call || (is_unknown && !is_return(code, last))) {
        qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(code->tb, last),
                                               is_tail_call ? jumped : jumped_first, QEMU_PLUGIN_CB_NO_REGS,
                                               site_of(code, last));
    }
    objects_translate(code);
    foreign_translate(code);
}

/* Credit what was executed up to the edge of a region, whose mark is at an address (0: the end of it all). */
static void edge(uint32_t rest, uint32_t address) {
    if (has_returned()) {
        follow_return(begin_of(address), address);
    }
    if (top()->is_unresolved) {
        resolve(begin_of(address), NULL);
    }
    top()->is_fresh = false;
    pending = NOTHING;
    charge(counter_before(rest));
}

static void pause(uint32_t rest, uint32_t address) {
    edge(rest, address);
    is_paused = true;
}

static void resume(uint32_t rest, uint32_t address) {
    edge(rest, address);
    is_paused = false;
}

/* Credit what was executed so far in all that is being executed. */
static void credit_all(void) {
    for (uint32_t at = 0; at < depth; at++) {
        credit(&frames[at]);
    }
}

/* Forget the contexts that nothing executes any more. */
static void forget_past(void) {
    static uint32_t *used[2 * MOST_FRAMES];
    size_t number_used = 0;
    for (uint32_t at = 0; at < depth; at++) {
        used[number_used++] = &frames[at].node;
        used[number_used++] = &frames[at].left;
    }
    objects_forget();
    nodes_keep(used, number_used);
    numbering++;
}

static void start(int region, uint32_t rest, uint32_t address) {
    edge(rest, address);
    credit_all();
    if (region == 0) {
        forget_past();
    }
    nodes_start(region);
}

static void stop(int region, uint32_t rest, uint32_t address, FILE *record) {
    edge(rest, address);
    credit_all();
    if (nodes_stop(region, record)) {
        foreign_write(record);
    }
}

const struct mode mode_functions = {"functions", translate, NULL, pause, resume, start, stop, .cut = NULL};
