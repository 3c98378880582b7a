/* Which blocks of native modules are executed, how often, and which way the branches at their ends go.
 *
 * The table is a file in memory that the host reads whenever the guest rests (mpy_harness/memcheck/coverage.py): a word
 * with the number of entries, one that is not 0 when there was no room for more, and the entries. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "memcheck.h"

struct entry {
    uint32_t module, offset, size; /* of the module that has this number, a block of its text */
    uint32_t branch;               /* offset of the conditional branch that ends the block, or 0 */
    uint64_t runs, taken, passed;
};

struct table {
    uint32_t used, is_full;
    struct entry entries[];
};

struct covered {
    struct entry *entry;
    uint32_t start, after; /* addresses: of the block, and of what follows it */
};

static struct table *table;
static size_t room;
static struct map known;   /* module and offset to the last entry with these */
static struct covered last; /* whose branch goes to the block of native code that is executed next */

bool coverage_install(int descriptor) {
    struct stat file;
    if (fstat(descriptor, &file) != 0 || (size_t)file.st_size < sizeof *table) {
        return false;
    }
    void *mapped = mmap(NULL, (size_t)file.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapped == MAP_FAILED) {
        return false;
    }
    table = mapped;
    room = ((size_t)file.st_size - sizeof *table) / sizeof *table->entries;
    return true;
}

bool coverage_used(void) {
    return table != NULL;
}

void coverage_begin(void) {
    last.entry = NULL;
}

static struct entry *entry_of(const struct module *module, const struct code *code) {
    const struct insn *end = &code->insn[code->count - 1];
    uint32_t offset = code->address[0] - module->text, branch = 0;
    uint32_t size = code->address[code->count] - code->address[0];
    if (end->conditional && end->flow == FLOW_JUMP) {
        branch = code->address[code->count - 1] - module->text;
    }
    void **found = map_at(&known, (uint64_t)module->number << 32 | offset);
    struct entry *entry = *found;
    if (entry != NULL && entry->size == size && entry->branch == branch) {
        return entry; /* it was translated before */
    }
    if (table->used == room) {
        table->is_full = 1;
        return NULL;
    }
    entry = &table->entries[table->used++];
    *entry = (struct entry){.module = module->number, .offset = offset, .size = size, .branch = branch};
    *found = entry;
    return entry;
}

static void began(unsigned int vcpu, void *data) {
    const struct covered *block = data;
    (void)vcpu;
    block->entry->runs++;
    if (last.entry != NULL && last.entry->branch != 0) {
        *(block->start == last.after ? &last.entry->passed : &last.entry->taken) += 1;
    }
    last = *block;
}

void coverage_translate(const struct code *code) {
    const struct module *module = table != NULL ? module_at(code->address[0]) : NULL;
    struct entry *entry = module != NULL ? entry_of(module, code) : NULL;
    if (entry != NULL) {
        struct covered *covered = allocate_for_code(sizeof *covered);
        *covered = (struct covered){entry, code->address[0], code->address[code->count]};
        qemu_plugin_register_vcpu_tb_exec_cb(code->tb, began, QEMU_PLUGIN_CB_NO_REGS, covered);
    }
}
