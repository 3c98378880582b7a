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
 * - A life of MicroPython begins without any caller. What an interrupt's handler calls is nobody's.
 * - MicroPython's exceptions (nlr_push, nlr_pop, nlr_jump in py/nlr.h) cut the stack back to where it was
 *   when nlr_push was called. */
#include "frames.h"

#define MOST_CATCHES MOST_FRAMES /* each takes more than that (nlr_buf_t of py/nlr.h) */

enum pending { NOTHING, CALL, RETURN };

static uint32_t catches[MOST_CATCHES], catching;
static struct tally returns; /* executed in known functions, and how many of them have been followed */
static uint64_t followed;
static enum pending pending; /* elsewhere, or what may not have happened */
static uint32_t pending_after;
static struct far_jump undecided; /* the last one */

static bool has_returned(void) {
    return (*tally_value(&returns) != followed || pending == RETURN) && interrupts_running == 0;
}

/* A return was executed before code of a function. */
static __attribute__((noinline)) void follow_return(uint32_t function, uint32_t address) {
    followed = *tally_value(&returns);
    pending = NOTHING;
    uint32_t at = depth - 1;
    while (at > 0 && frames[at].back != address) {
        at--;
    }
    if (at > 0) {
        pop_to(at);
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

/* Decide what a call is as soon as where it leads is seen: at the latest when that is translated (decide_late). */
static void decide(struct site *site) {
    undecided = site->far;
    if (far_jump_is_seen(&site->far)) {
        site->is_jump = far_jump_is_one(&site->far);
        site->far.may_be = undecided.may_be = false;
    }
}

static void decide_late(uint32_t address) {
    if (undecided.may_be && undecided.to == address && top()->is_fresh && !top()->is_unresolved &&
        top()->back == undecided.from + LONGEST_CALL && far_jump_is_seen(&undecided) && far_jump_is_one(&undecided)) {
        top()->calls -= !is_paused;
        pop();
    }
    undecided.may_be = false;
}

static void called(unsigned int vcpu, void *data) {
    struct site *site = data;
    (void)vcpu;
    if (interrupts_running > 0) {
        return;
    }
    settle(site);
    if (site->far.may_be) {
        decide(site);
    }
    if (site->is_jump) {
        return;
    }
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
    if (interrupts_running > 0) {
        return;
    }
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

/* A branch by a table, which shows whom an indirect call called. */
static void branched(unsigned int vcpu, void *data) {
    (void)vcpu;
    if (top()->is_unresolved && !has_returned()) {
        settle(data);
    }
}

/* A return that may not happen, or of a function that is not known. */
static void returned(unsigned int vcpu, void *data) {
    const struct site *site = data;
    (void)vcpu;
    if (interrupts_running > 0) {
        return;
    }
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
        pop_to(catches[--catching]);
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
    pop_to(1);
    catching = interrupts_running = 0;
    followed = *tally_value(&returns);
    pending = NOTHING;
}

static void entered(unsigned int vcpu, void *data) {
    struct site *site = data;
    (void)vcpu;
    if (site->role == ROLE_LIFE) {
        begin_life();
    }
    if (interrupts_running > 0) {
        return;
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

static struct site *site_of(const struct code *code, uint32_t at) {
    const struct insn *insn = &code->insn[at];
    const struct function *function = function_at(code->address[at]);
    struct site *site = allocate_for_code(sizeof *site);
    *site = (struct site){
        .address = code->address[at],
        .rest = code->count - at,
        .after = code->address[at + 1],
        .context = function != NULL ? function->start : code->address[at],
        .target = insn->flow == FLOW_CALL && insn->direct ? function_begin(insn->target) : 0,
        .role = function != NULL ? function->role : ROLE_PLAIN,
        .conditional = insn->conditional,
        .far = far_jump_of(code, at),
    };
    return site;
}

/* Return what is to be called at an instruction, NULL for nothing. */
static executed_cb event(const struct code *code, uint32_t at) {
    const struct function *function = function_at(code->address[at]);
    if (is_call(code, at)) {
        return called;
    }
    if (is_return(code, at)) {
        bool is_throw = function != NULL && function->role == ROLE_NLR_JUMP;
        bool is_sure = function != NULL && !code->insn[at].conditional;
        return is_throw ? thrown : is_sure ? NULL : returned;
    }
    if (at + 1 < code->count) {
        return NULL;
    }
    bool is_indirect = function == NULL && code->insn[at].flow == FLOW_JUMP && !code->insn[at].direct;
    enum indirect way = is_indirect && code->host != NULL ? indirect_jump(code) : ANYWHERE;
    if (way == WITHIN_FUNCTION) {
        return branched;
    }
    if (way == TAIL_CALL || may_be_tail_call(code)) {
        return jumped;
    }
    return is_indirect ? jumped_first : NULL;
}

static void translate(const struct code *code) {
    const struct function *function = function_at(code->address[0]);
    foreign_translate(code);
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
        executed_cb callback = event(code, at);
        if (callback != NULL) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, callback, QEMU_PLUGIN_CB_NO_REGS, site_of(code, at));
        } else if (is_return(code, at)) {
            tally_add_at_insn(&returns, insn, 1);
        }
    }
    objects_translate(code);
    decide_late(code->address[0]);
}

static void forget_returns(void) {
    followed = *tally_value(&returns);
}

static void handle(const struct code *code) {
    interrupts_translate(code, forget_returns);
}

/* Credit what was executed up to the edge of a region, whose mark is at an address (0: the end of it all). */
static void edge(uint32_t rest, uint32_t address) {
    interrupts_running = 0; /* a program executes marks; of a handler that never ends, as that of a reset, it is told here */
    if (has_returned()) {
        follow_return(function_begin(address), address);
    }
    if (top()->is_unresolved) {
        resolve(function_begin(address), NULL);
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
    for (uint32_t at = 1; at < depth; at++) {
        if (node_is_shared(frames[at].node)) { /* now there is room */
            frames[at].node = node_child(frames[at - 1].node, frames[at].address, 0);
        }
    }
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

const struct mode mode_functions = {"functions", translate, NULL, pause, resume, start, stop, .handle = handle};
