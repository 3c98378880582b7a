// Decode every first halfword, with many second ones, right at the end of the memory that may be read.

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode.h"

#define SECOND_HALFWORDS 48

typedef void decoder(const uint8_t *, uint32_t, struct decode_state *, struct insn *);

static uint8_t *end;
static struct decode_state state;

static const char *fault(decoder *decode, uint32_t size, const uint16_t *code) {
    struct insn insn;
    memcpy(end - size, code, size);
    decode(end - size, 0x1000, &state, &insn);
    if (insn.size != size) {
        return "size";
    }
    if (insn.class_ >= CLASS_COUNT || insn.flow > FLOW_JUMP || insn.mark > MARK_RESUME) {
        return "a value out of range";
    }
    if (insn.direct && insn.flow == FLOW_NEXT) {
        return "a target without a jump";
    }
    if ((insn.move_to == NO_REGISTER) != (insn.move_from == NO_REGISTER)) {
        return "half a move";
    }
    if (insn.class_ == CLASS_UNKNOWN && (insn.words || insn.flow || insn.written || insn.load_base != NO_REGISTER)) {
        return "facts of what is unknown";
    }
    return NULL;
}

static int decode_all(const char *name, decoder *decode, uint32_t (*size_of)(uint32_t)) {
    uint32_t random = 1;
    for (uint32_t first = 0; first < 0x10000; first++) {
        uint32_t repeats = size_of(first) == 2 ? 1 : SECOND_HALFWORDS;
        while (repeats--) {
            random = random * 1664525u + 1013904223u;
            const uint16_t code[2] = {(uint16_t)first, (uint16_t)(random >> 16)};
            const char *what = fault(decode, size_of(first), code);
            if (what) {
                printf("%s %04x %04x: %s\n", name, code[0], code[1], what);
                return 1;
            }
        }
    }
    return 0;
}

static uint32_t thumb_size(uint32_t first) {
    return first >> 11 < 0x1d ? 2 : 4;
}

static uint32_t riscv_size(uint32_t first) {
    return first % 4 != 3 ? 2 : 4;
}

static uint32_t xtensa_size(uint32_t first) {
    return first % 16 < 8 ? 3 : first % 16 < 14 ? 2 : 4;
}

static uint32_t avr_length(uint32_t first) {
    return (first & 0xfc0f) == 0x9000 || (first & 0xfe0c) == 0x940c ? 4 : 2;
}

int main(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0) {
        perror("mmap");
        return 2;
    }
    end = pages + page;
    return decode_all("thumb", decode_thumb, thumb_size) | decode_all("riscv", decode_riscv, riscv_size) |
           decode_all("xtensa", decode_xtensa, xtensa_size) |
           decode_all("avr", decode_avr, avr_length);
}
