/* What the checker has to know of the guest's instruction set, by its decoder. */
#include "memcheck.h"

#define NONE (-2) /* no register of a load */

static struct stack_effect no_effect(const uint8_t *bytes, const struct insn *insn) {
    (void)bytes, (void)insn;
    return (struct stack_effect){0};
}

static bool passes_nothing_on(const uint8_t *code) {
    (void)code;
    return false;
}

static const struct instruction_set sets[] = {
    {decode_thumb, thumb_stack_effect, thumb_only_passes_on, 15},
    {decode_riscv, riscv_stack_effect, riscv_only_passes_on, NONE},
    {NULL, no_effect, passes_nothing_on, NONE}, /* any other: no accesses are checked there */
};

const struct instruction_set *instruction_set(void) {
    const struct instruction_set *set = sets;
    while (set->decode != NULL && set->decode != decode) {
        set++;
    }
    return set;
}
