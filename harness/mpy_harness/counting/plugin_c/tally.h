/* A number that translated code adds to by itself, without a callback. */
#ifndef MPYH_TALLY_H
#define MPYH_TALLY_H

#include "api.h"

#if API_VERSION == 1
struct tally {
    uint64_t value;
};

static inline uint64_t *tally_value(struct tally *tally) {
    return &tally->value;
}

static inline void tally_add_at_tb(struct tally *tally, struct qemu_plugin_tb *tb, uint64_t number) {
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &tally->value, number);
}

static inline void tally_add_at_insn(struct tally *tally, struct qemu_plugin_insn *insn, uint64_t number) {
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &tally->value, number);
}
#else
struct tally {
    qemu_plugin_u64 of_core;
};

static inline qemu_plugin_u64 tally_of_core(struct tally *tally) {
    if (tally->of_core.score == NULL) {
        tally->of_core.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
    }
    return tally->of_core;
}

static inline uint64_t *tally_value(struct tally *tally) {
    return qemu_plugin_scoreboard_find(tally_of_core(tally).score, 0);
}

static inline void tally_add_at_tb(struct tally *tally, struct qemu_plugin_tb *tb, uint64_t number) {
    qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64, tally_of_core(tally), number);
}

static inline void tally_add_at_insn(struct tally *tally, struct qemu_plugin_insn *insn, uint64_t number) {
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64, tally_of_core(tally), number);
}
#endif

#endif
