/* The memory checker, orthogonal to what is counted. */
#include "memcheck.h"

static bool is_used, looks_only;

bool memcheck_used(void) {
    return is_used;
}

bool memcheck_read(int layout) {
    is_used = true;
    return layout_read(layout);
}

void memcheck_look_only(void) {
    looks_only = true;
}

void memcheck_translate(const struct code *code) {
    if (heap_is_foreign()) {
        heap_translate(code);
    } else {
        events_translate(code);
    }
    if (!looks_only) {
        unwritten_translate(code);
        native_translate(code);
    }
    coverage_translate(code);
}
