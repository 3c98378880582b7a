/* BL as a jump, in code whose functions are not known: compilers for Armv6-M, whose other branches reach 2 KB, jump
 * with it in functions that have saved lr.
 *
 * It is one where no function begins or ends between it and where it leads: none saves lr there, and none returns. A
 * loop may go back past the function's end, but not past its begin. Not seen is a jump forward past that end. */
#include "plugin.h"

#define NEAREST 1000 /* bytes: what compilers take for 2 KB, with more for each instruction than it may need */

struct far_jump far_jump_of(const struct code *code, uint32_t at) {
    const struct insn *insn = &code->insn[at];
    uint32_t from = code->address[at];
    uint32_t distance = insn->target > from ? insn->target - from : from - insn->target;
    bool may_be = decode == decode_thumb && insn->flow == FLOW_CALL && insn->direct && !insn->conditional &&
                  code->host != NULL && function_at(from) == NULL && distance >= NEAREST;
    return (struct far_jump){may_be, from, insn->target, may_be ? code->host + (from - code->address[0]) : NULL};
}

/* Only what was executed is certain to be in one piece of memory with all between. */
bool far_jump_is_seen(const struct far_jump *jump) {
    return jump->may_be && foreign_host(jump->to) == jump->host + ((int64_t)jump->to - jump->from);
}

bool far_jump_is_one(const struct far_jump *jump) {
    bool is_forward = jump->to > jump->from;
    uint32_t address = is_forward ? jump->from : jump->to, end = is_forward ? jump->to : jump->from;
    const uint8_t *bytes = jump->host + ((int64_t)address - jump->from);
    struct decode_state state = {0};
    while (address < end) {
        struct insn insn;
        decode(bytes, address, &state, &insn);
        if (saves_link(bytes) || (is_forward && insn.flow == FLOW_RETURN)) {
            return false;
        }
        bytes += insn.size;
        address += insn.size;
    }
    return true;
}
