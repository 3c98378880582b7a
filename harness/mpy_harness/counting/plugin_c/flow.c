/* Where calls, returns and jumps go, as far as the code tells: calls that are jumps, returns and tail calls that look
 * like jumps, and blocks that may begin behind such. */
#include <string.h>

#include "plugin.h"

/* Tell whether an instruction calls. BL to a place within its own function does not: compilers for Armv6-M, whose other
 * branches reach 2 KB, jump with it in functions that have saved lr. */
bool is_call(const struct code *code, uint32_t at) {
    const struct insn *insn = &code->insn[at];
    const struct function *function = function_at(code->address[at]);
    bool is_jump = decode == decode_thumb && function != NULL && insn->direct && insn->target != function->start &&
                   function_begin(insn->target) == function->start;
    return insn->flow == FLOW_CALL && !is_jump;
}

/* Tell whether an instruction returns. On Armv6-M, which cannot pop into the program counter and free arguments at once,
 * functions with "..." return by a register that they popped: POP T1, ADD T2 of SP, BX T1 of DDI0419. */
bool is_return(const struct code *code, uint32_t at) {
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

/* Tell whether a block may begin behind a call or return that did not happen: one in an IT block, or that AVR skips. */
bool may_be_passed_to(const struct code *code) {
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
bool may_be_landed_at(const struct code *code) {
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

/* Tell where an indirect jump at the end of a block in code that may lie anywhere goes. Branches by a table stay in
 * their function: TBB, TBH, ADD or MOV to the program counter of DDI0553; on RISC-V, JALR or C.JR to what ADD or C.ADD
 * has just computed from the table's place and a distance. Behind AUIPC it is the pseudoinstruction `tail` (the RISC-V
 * assembly programmer's manual). */
enum indirect indirect_jump(const struct code *code) {
    uint32_t last = code->count - 1;
    const uint8_t *bytes = code->host + (code->address[last] - code->address[0]);
    if (decode == decode_thumb) {
        bool is_table = (bytes[0] & 0xf0) == 0xd0 && bytes[1] == 0xe8 && (bytes[2] & 0xe0) == 0 && bytes[3] == 0xf0;
        is_table |= (bytes[0] & 0x87) == 0x87 && (bytes[1] == 0x44 || bytes[1] == 0x46);
        return is_table ? WITHIN_FUNCTION : ANYWHERE;
    }
    if (decode != decode_riscv || last == 0) {
        return ANYWHERE;
    }
    uint32_t size = code->insn[last - 1].size, before = 0, jump = 0;
    memcpy(&before, bytes - size, size);
    memcpy(&jump, bytes, code->insn[last].size);
    bool is_add = size == 4 ? (before & 0xfe00707f) == 0x33 : (before & 0xf003) == 0x9002 && (before & 0x7c) != 0;
    bool is_auipc = (before & 0x7f) == 0x17;
    uint32_t base = code->insn[last].size == 2 ? jump >> 7 & 31 : jump >> 15 & 31;
    if ((before >> 7 & 31) != base) {
        return ANYWHERE;
    }
    return is_add ? WITHIN_FUNCTION : is_auipc ? TAIL_CALL : ANYWHERE;
}

/* Tell whether an instruction saves the return address, on Thumb: PUSH T1 and T2, STMDB T1 of DDI0553. */
bool saves_link(const uint8_t *bytes) {
    return bytes[1] == 0xb5 || (bytes[0] == 0x2d && bytes[1] == 0xe9 && bytes[3] & 0x40);
}

/* Tell whether a block ends in what may be a tail call: an unconditional jump with the return address in lr (r14;
 * ra on RISC-V), because the instructions before it loaded it from the stack, or because the function has
 * not saved it. Not one to a known place in the same function. */
bool may_be_tail_call(const struct code *code) {
    uint32_t last = code->count - 1;
    const struct insn *jump = &code->insn[last];
    if (jump->flow != FLOW_JUMP || jump->conditional || code->host == NULL || is_return(code, last)) {
        return false;
    }
    const struct function *function = function_at(code->address[last]);
    if (function != NULL && jump->direct && function_begin(jump->target) == function->start) {
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
        is_saved |= saves_link(bytes);
        is_restored = insn.flow == FLOW_NEXT && (is_restored || (insn.words > 0 && insn.written & link));
        address += insn.size;
    }
    return is_restored || (function != NULL && !is_saved && !jump->direct && decode == decode_thumb);
}
