// Tables of encodings: search one, and the names of the classes.

#include "rules.h"

const char *const insn_class_names[CLASS_COUNT] = {
    [CLASS_INTEGER] = "integer",
    [CLASS_MULTIPLY] = "multiply",
    [CLASS_DIVIDE] = "divide",
    [CLASS_LOAD] = "load",
    [CLASS_STORE] = "store",
    [CLASS_BRANCH] = "branch",
    [CLASS_CALL] = "call",
    [CLASS_RETURN] = "return",
    [CLASS_FLOAT_ADD] = "float add",
    [CLASS_FLOAT_MUL] = "float multiply",
    [CLASS_FLOAT_FMA] = "float multiply-add",
    [CLASS_FLOAT_DIV] = "float divide",
    [CLASS_FLOAT_SQRT] = "float square root",
    [CLASS_FLOAT_CONVERT] = "float convert",
    [CLASS_FLOAT_MOVE] = "float move",
    [CLASS_DSP] = "dsp",
    [CLASS_VECTOR] = "vector",
    [CLASS_SYSTEM] = "system",
    [CLASS_UNKNOWN] = "unknown",
};

bool rules_apply(const struct rules *rules, uint32_t bits, uint32_t address, struct insn *out) {
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->rows[i];
        if ((bits & rule->mask) == rule->value) {
            out->class_ = rule->class_;
            if (rule->fill) {
                rule->fill(bits, address, out);
            }
            return true;
        }
    }
    return false;
}

void insn_clear(struct insn *out, unsigned size) {
    *out = (struct insn){
        .class_ = CLASS_UNKNOWN,
        .size = (uint8_t)size,
        .load_base = NO_REGISTER,
        .move_to = NO_REGISTER,
        .move_from = NO_REGISTER,
    };
}
