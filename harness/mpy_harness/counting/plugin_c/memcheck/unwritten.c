/* The option "unwritten": which bytes of the heap somebody has written since they were allocated.
 *
 * MicroPython's allocator clears what it gives; ports need not (MICROPY_GC_CONSERVATIVE_CLEAR). So that does not count,
 * unless zeros were asked for (m_malloc0); all other stores do, the firmware's too. An access counts as a whole: code
 * that reads a word of which it needs a byte is the compiler's. */
#include <stdlib.h>
#include <string.h>

#include "memcheck.h"

static bool is_on, is_zeroed; /* the second: the next block was asked for with zeros */
static uint8_t *written;      /* 1 for each such byte of the heap */

void unwritten_install(void) {
    is_on = true;
}

bool unwritten_used(void) {
    return is_on;
}

void unwritten_begin(void) {
    if (is_on) {
        free(written);
        written = allocate(shadow.size);
        is_zeroed = false;
    }
}

/* The bytes behind an address of the heap, but no more than that has. */
static uint32_t within(uint32_t start, uint32_t size) {
    uint32_t left = shadow.size - (start - shadow.start);
    return size < left ? size : left;
}

static void mark(uint32_t start, uint32_t size, bool is_written) {
    if (written != NULL && start - shadow.start < shadow.size) {
        memset(written + (start - shadow.start), is_written, within(start, size));
    }
}

void unwritten_allocated(uint32_t start, uint32_t size) {
    mark(start, (size + HEAP_BLOCK - 1) / HEAP_BLOCK * HEAP_BLOCK, is_zeroed);
    is_zeroed = false;
}

void unwritten_moved(uint32_t from, uint32_t before, uint32_t to, uint32_t size) {
    uint32_t same = before < size ? before : size;
    if (written == NULL || to - shadow.start >= shadow.size) {
        return;
    }
    if (from != 0 && from != to) {
        memmove(written + (to - shadow.start), written + (from - shadow.start), within(to, same));
    }
    mark(to + same, size - same, is_zeroed);
    is_zeroed = false;
}

static void zeroes(unsigned int vcpu, void *data) {
    (void)vcpu, (void)data;
    is_zeroed = true;
}

static void wrote(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    (void)vcpu, (void)data;
    mark((uint32_t)address, 1u << qemu_plugin_mem_size_shift(info), true);
}

void unwritten_access(const struct access *access, uint32_t address) {
    if (written == NULL || address - shadow.start >= shadow.size) {
        return;
    }
    const struct block *block = shadow_block(address);
    bool is_inside = block->state == BLOCK_LIVE && address + access->size - block->start <= block->size;
    if (!access->is_store && is_inside && block->kind == KIND_PLAIN) {
        const uint8_t *of = written + (address - shadow.start);
        bool is_any = memchr(of, 1, access->size) != NULL;
        if (is_any || instruction_set()->only_passes_on(memory_at(access->pc, LOOK_AHEAD))) {
            return;
        }
        struct found found = {.what = FOUND_UNWRITTEN, .site = native_here(access->pc), .size = access->size,
                              .address = address, .block = block};
        findings_add(&found);
    }
    mark(address, access->size, true); /* what was told once is not told again */
}

void unwritten_translate(const struct code *code) {
    if (!is_on) {
        return;
    }
    if (layout_begins(PLACE_ZEROED, code->address[0])) {
        qemu_plugin_register_vcpu_tb_exec_cb(code->tb, zeroes, QEMU_PLUGIN_CB_NO_REGS, NULL);
    }
    if (module_at(code->address[0]) != NULL) {
        return; /* native.c */
    }
    for (uint32_t at = 0; at < code->count; at++) {
        if (code->insn[at].words > 0) {
            qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(code->tb, at), wrote, QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_W, NULL);
        }
    }
}
