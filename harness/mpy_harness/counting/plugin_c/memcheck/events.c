/* What the firmware tells of its heap and of native modules (targets/boards/common/board_checks.c), when its doorbell
 * is executed. */
#include <string.h>

#include "memcheck.h"

/* As board.h has them. */
enum told { LIFE, CODE, ALLOCATED, MOVING, MOVED, FREEING, COLLECTED };

static bool is_ready; /* there is a heap */

void events_check_freed(uint32_t address) {
    struct site by = native_caller();
    if (address == 0 || by.pc == 0) {
        return;
    }
    bool is_inside = address - shadow.start < shadow.size;
    const struct block *block = is_inside ? shadow_block(address) : NULL;
    if (block != NULL && block->state == BLOCK_LIVE && block->start == address) {
        return;
    }
    bool is_twice = block != NULL && block->state == BLOCK_FREED && block->start == address;
    struct found found = {.what = is_twice ? FOUND_FREED_TWICE : FOUND_NO_BLOCK, .site = by, .address = address,
                          .block = block};
    findings_add(&found);
}

static void add_code(const uint32_t *value) {
    struct module module = {.text = value[0], .size = value[1]};
    module.copy = memory_word(value[2]);
    module.data = memory_word(value[2] + 4);
    module.rodata = module.data_end = memory_word(value[2] + 8);
    module.code = allocate(module.size);
    const uint8_t *code = memory_at(module.text, module.size);
    if (code != NULL) {
        memcpy(module.code, code, module.size);
    }
    if (module.data != 0 && module.data - shadow.start < shadow.size) {
        const struct block *data = shadow_block(module.data);
        module.data_end = data->start + data->size;
        shadow_kind(module.data, KIND_DATA);
    }
    shadow_kind(module.copy, KIND_TEXT);
    modules_add(&module);
    if (coverage_used()) {
        findings_tell_modules();
    }
}

static void answer(uint32_t yes) {
    uint8_t *at = memory_at(layout_start(PLACE_EVENT) + 16, sizeof yes);
    if (at != NULL) {
        memcpy(at, &yes, sizeof yes);
    }
}

/* The bytes of a block that begins at an address, 0 where none does. */
static uint32_t size_of(uint32_t address) {
    const struct block *block = address - shadow.start < shadow.size ? shadow_block(address) : NULL;
    return block != NULL && block->state == BLOCK_LIVE && block->start == address ? block->size : 0;
}

static void freed(uint32_t address) {
    uint32_t size = size_of(address);
    shadow_ended(address, END_FREE, native_caller());
    stress_freed(address, size);
}

static void moved(uint32_t from, uint32_t to, uint32_t bytes) {
    uint32_t size = size_of(from);
    if (to != 0) {
        unwritten_moved(from, size, to, bytes);
        shadow_moved(from, to, bytes, native_caller());
        if (from != 0 && from != to) {
            stress_freed(from, size);
        }
        answer(stress_wants_collection());
    } else if (bytes == 0) {
        freed(from);
    }
}

static void rung(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    uint32_t event = memory_word(layout_start(PLACE_EVENT)), value[3];
    for (uint32_t at = 0; at < 3; at++) {
        value[at] = memory_word(layout_start(PLACE_EVENT) + 4 + 4 * at);
    }
    if (event == LIFE) {
        is_ready = true;
        uint32_t heap = layout_start(PLACE_HEAP);
        shadow_begin(memory_word(heap), memory_word(heap + 4), memory_word(heap + 8));
        modules_forget();
        native_forget();
        findings_begin();
        stress_begin();
        unwritten_begin();
        coverage_begin();
    }
    if (!is_ready) {
        return;
    }
    switch (event) {
    case CODE:
        add_code(value);
        break;
    case ALLOCATED:
        if (value[0] != 0) {
            unwritten_allocated(value[0], value[1]);
            shadow_allocated(value[0], value[1], native_caller());
            answer(stress_wants_collection());
        }
        break;
    case MOVING:
        events_check_freed(value[0]);
        break;
    case MOVED:
        moved(value[0], value[1], value[2]);
        break;
    case FREEING:
        events_check_freed(value[0]);
        answer(stress_keeps(size_of(value[0])));
        freed(value[0]);
        break;
    case COLLECTED:
        shadow_collected(native_caller());
        stress_collected();
        break;
    default:
        break;
    }
}

void events_translate(const struct code *code) {
    uint32_t address = code->address[0];
    if (code->host == NULL || heap_is_foreign()) {
        return;
    }
    if (layout_has(PLACE_CODE, address)) { /* again after a reset, at which QEMU loads the image anew */
        uint8_t *host = (uint8_t *)(uintptr_t)code->host;
        *(uint32_t *)(void *)(host + ((int64_t)layout_start(PLACE_FLAG) - address)) = 1;
    }
    if (layout_has(PLACE_DOORBELL, address)) {
        memory_seen(address, (uint8_t *)(uintptr_t)code->host);
    }
    if (address == layout_start(PLACE_DOORBELL)) {
        qemu_plugin_register_vcpu_tb_exec_cb(code->tb, rung, QEMU_PLUGIN_CB_NO_REGS, NULL);
    }
}
