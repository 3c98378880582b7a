// What the counting plugin has to know of one instruction. Pure C, without anything of QEMU.

#ifndef MPY_HARNESS_DECODE_H
#define MPY_HARNESS_DECODE_H

#include <stdbool.h>
#include <stdint.h>

enum insn_class {
    CLASS_INTEGER,       // moves, arithmetic, logic, shifts, bit fields, address arithmetic, nop, it
    CLASS_MULTIPLY,      // integer multiply and multiply-accumulate of the base instruction set
    CLASS_DIVIDE,        // integer divide and remainder
    CLASS_LOAD,          // from memory, floating point and load-acquire included
    CLASS_STORE,         // to memory, floating point, store-conditional and atomic read-modify-write included
    CLASS_BRANCH,        // jumps, conditional or not, by table, by loading the program counter, hardware loops
    CLASS_CALL,          // bl, blx, jal and jalr with a link register
    CLASS_RETURN,        // bx lr, mov pc, lr, pop {..., pc}, ret
    CLASS_FLOAT_ADD,     // add, subtract, negate, absolute value, compare, minimum, maximum
    CLASS_FLOAT_MUL,
    CLASS_FLOAT_FMA,     // multiply-accumulate, fused or not
    CLASS_FLOAT_DIV,
    CLASS_FLOAT_SQRT,
    CLASS_FLOAT_CONVERT, // between formats, to and from integers, to an integral value
    CLASS_FLOAT_MOVE,    // between registers, immediates, selections, status register
    CLASS_DSP,           // saturating, SIMD and packing instructions, all of the DSP extension; shifts of two registers
    CLASS_VECTOR,        // arithmetic of vectors: MVE
    CLASS_SYSTEM,        // special registers, barriers, hints, exceptions, coprocessors
    CLASS_UNKNOWN,
    CLASS_COUNT
};

// Names for people and reports: "integer", "float add", in the order of the classes.
extern const char *const insn_class_names[CLASS_COUNT];

enum flow {
    FLOW_NEXT,
    FLOW_CALL,
    FLOW_RETURN,
    FLOW_JUMP
};

// Instructions that do nothing and that no compiler emits: they stand for the edges of a region, and for those of
// waiting in it, which depends on the host and counts for nothing.
enum mark {
    MARK_NONE,
    MARK_ZERO,
    MARK_ONE,
    MARK_START,
    MARK_STOP,
    MARK_PAUSE,
    MARK_RESUME
};

// What happens at an instruction, where exceptions come back to the program (cores.c); not on Thumb.
enum event {
    EVENT_NONE,
    EVENT_ENTRY,         // RISC-V: a handler asks where the program is to go on
    EVENT_WINDOW_RETURN, // Xtensa: back from spilling or filling registers
    EVENT_RETURN,        // back from another exception or an interrupt
    EVENT_WAIT,          // for an interrupt
    EVENT_MAY_REPEAT,    // may raise an exception after which it is executed again
    EVENT_MAY_END,       // the same; then QEMU ends the block with it
    EVENT_COUNT
};

#define NO_REGISTER (-1)

struct insn {
    uint8_t class_;      // enum insn_class
    uint8_t flow;        // enum flow
    uint8_t mark;        // enum mark
    uint8_t size;        // bytes
    bool conditional;    // a conditional branch, in an IT block, may be skipped: may not take effect
    bool direct;         // a call or jump whose target is known
    uint32_t target;     // of a direct call or jump; bit 0 is clear on Thumb too
    uint8_t words;       // registers moved from or to memory, a double is 2, a vector 4; 0 only if none is accessed
    int8_t load_base;    // loads from this register, left as it is, plus load_offset, else NO_REGISTER;
    int32_t load_offset; // 15 on Thumb is the instruction's address + 4, rounded down to a multiple of 4
    int8_t move_to;      // plain copy of core register move_from, else NO_REGISTER
    int8_t move_from;
    uint16_t written;    // core registers 0 to 15 that it may write, a bit for each; on Thumb 15 is the program counter
    uint8_t event;       // enum event
};

// The IT block that Thumb instructions are in, as EPSR has it; zero where decoding starts outside of one. On AVR, whether
// the instruction before may skip the next. Others have no such state.
struct decode_state {
    uint8_t it;
};

// Decode the instruction at bytes, as they lie in memory, and step state past it. Two bytes are read, and two
// more when the first say that the instruction is longer. What is not known is CLASS_UNKNOWN with the right size.
// Thumb: Armv6-M, Armv7-M, Armv7E-M, Armv8-M, FPv4-SP and FPv5, low-overhead loops and MVE of Armv8.1-M.
void decode_thumb(const uint8_t *bytes, uint32_t address, struct decode_state *state, struct insn *out);
// RISC-V: RV32IMAFDC with Zicsr, Zifencei, Zfh, Zba, Zbb, Zbs, and what RV64 adds outside the compressed instructions.
void decode_riscv(const uint8_t *bytes, uint32_t address, struct decode_state *state, struct insn *out);
// Xtensa LX6 as in the ESP32: windowed registers, code density, loops, booleans, 16- and 32-bit multiply and divide,
// MAC16, the floating-point coprocessor. Bases of loads, copies and written registers are not filled in.
void decode_xtensa(const uint8_t *bytes, uint32_t address, struct decode_state *state, struct insn *out);
// AVR: all instructions, those of XMEGA too. What may be skipped is conditional. Bases of loads, copies and written
// registers are not filled in; a call of the next instruction, by which compilers make room on the stack, has no flow.
void decode_avr(const uint8_t *bytes, uint32_t address, struct decode_state *state, struct insn *out);
bool avr_skips(const uint8_t *bytes);   // whether an instruction may skip the next
unsigned avr_size(const uint8_t *bytes); // of an instruction, by its first two bytes

#endif
