/* Loads of which nothing is used: a structure is copied with what is unused of it, a bit field is set in a word whose
 * other bits nobody has set yet.
 *
 * Source of the encodings: Arm DDI 0403, A7.7. */
#include "memcheck.h"

#define MOST_BITS 12 /* instructions between the load and the store of what has bits set */
#define MOST_COPY 1  /* the same of a copy: nothing is computed there */

struct words {
    uint32_t first, second; /* half-words; the second 0 where there is none */
};

static struct words next(const uint8_t **code) {
    const uint8_t *at = *code;
    struct words words = {at[0] | (uint32_t)at[1] << 8, 0};
    *code += 2;
    if (words.first >= 0xe800) {
        words.second = at[2] | (uint32_t)at[3] << 8;
        *code += 2;
    }
    return words;
}

/* ldm, ldrd: the same with bit 11 or 20 clear, and another address, is the store. */
static bool is_of_several(struct words load) {
    bool is_short = (load.first & 0xf800) == 0xc800;
    bool is_pair = (load.first & 0xfe50) == 0xe850 && (load.first & 0x0120) != 0;
    return is_short || (load.first & 0xffd0) == 0xe890 || is_pair;
}

/* Elsewhere: where it is the same place, something was computed of it. */
static bool stores_the_same(struct words load, struct words store) {
    if (load.first < 0xe800) {
        bool is_elsewhere = ((store.first ^ load.first) & 0x0700) != 0;
        return (store.first & 0xf800) == 0xc000 && (store.first & 0xff) == (load.first & 0xff) && is_elsewhere;
    }
    if (((store.first ^ load.first) & 0xf) == 0) {
        return false;
    }
    bool is_multiple = (load.first & 0xffd0) == 0xe890;
    uint32_t registers = is_multiple ? 0xffff : 0xff00;
    uint32_t kind = is_multiple ? 0xffd0 : 0xfe10;
    return (store.first & kind) == (is_multiple ? 0xe880 : 0xe800) && ((store.second ^ load.second) & registers) == 0;
}

/* ldr, ldrb, ldrh with a constant offset. */
static bool is_of_one(struct words load) {
    bool is_short = (load.first & 0xe800) == 0x6800 || (load.first & 0xf800) == 0x8800;
    return is_short || (load.first & 0xff90) == 0xf890;
}

static uint32_t loaded(struct words load) {
    return load.first < 0xe800 ? load.first & 7 : load.second >> 12;
}

static bool sets_bits(struct words words, uint32_t register_) {
    if (words.first < 0xe800) { /* ands, orrs, bics */
        uint32_t kind = words.first & 0xffc0;
        bool is_one = (words.first & 7) == register_ || (words.first >> 3 & 7) == register_;
        return (kind == 0x4000 || kind == 0x4300 || kind == 0x4380) && is_one;
    }
    if ((words.first & 0xfff0) == 0xf360) { /* bfi, bfc */
        return (words.second >> 8 & 15) == register_;
    }
    uint32_t kind = words.first & 0xfbe0; /* and, bic, orr with a constant */
    return (kind == 0xf000 || kind == 0xf020 || kind == 0xf040) && (words.second & 0x8000) == 0 &&
           (words.first & 15) == register_;
}

static bool stores_there(struct words load, struct words store) {
    if (load.first < 0xe800) {
        return ((store.first ^ load.first) & 0xfff8) == 0x0800;
    }
    return (store.first ^ load.first) == 0x0010 && ((store.second ^ load.second) & 0x0fff) == 0;
}

bool thumb_only_passes_on(const uint8_t *code) {
    if (code == NULL) {
        return false;
    }
    struct words load = next(&code);
    bool is_several = is_of_several(load), has_set = false;
    if (!is_several && !is_of_one(load)) {
        return false;
    }
    for (int at = 0; at <= (is_several ? MOST_COPY : MOST_BITS); at++) {
        struct words words = next(&code);
        if (is_several && stores_the_same(load, words)) {
            return true;
        }
        if (!is_several && has_set && stores_there(load, words)) {
            return true;
        }
        has_set = has_set || sets_bits(words, loaded(load));
    }
    return false;
}
