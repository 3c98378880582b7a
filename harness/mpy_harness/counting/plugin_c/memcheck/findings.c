/* What was found: a line of JSON for each, once for each place in the code, and one for each module that is needed to
 * name it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "memcheck.h"

#define MOST 100 /* in a life of the guest: who has so many needs no more */

static const char *const names[FOUND_COUNT] = {
    "beyond", "before", "freed", "never", "stack", "null", "wild", "code",
    "tables", "data", "text", "rodata", "module", "object", "no block", "freed twice", "unwritten",
};
static const char *const ends[] = {"free", "collection", "move"};
static int output, holder = -1;
static struct origin {
    int what;
    uint32_t pc, from; /* from: what called a function of the firmware there, 0 for code of a module's own */
} told[MOST];
static int count;

void findings_install(int descriptor) {
    output = descriptor;
}

void findings_hold(int descriptor) {
    holder = descriptor;
}

/* Let the host stop the guest here: it is told, and answers when the guest may go on, to the end of its block. */
static void hold(void) {
    char byte = 0;
    if (holder >= 0 && write(holder, &byte, 1) == 1) {
        while (read(holder, &byte, 1) < 0 && errno == EINTR) {
        }
    }
}

void findings_begin(void) {
    count = 0;
}

static void write_out(const char *text, size_t size) {
    while (size > 0) {
        ssize_t written = write(output, text, size);
        if (written < 0) {
            perror("mpy-harness: the memory checker cannot write what it found");
            return;
        }
        text += written;
        size -= (size_t)written;
    }
}

static void write_module(const struct module *module, FILE *record) {
    fprintf(record,
            "{\"number\":%" PRIu32 ",\"text\":%" PRIu32 ",\"copy_of_text\":%" PRIu32 ",\"data\":%" PRIu32 ",\"rodata\":%" PRIu32 ",\"data_end\":%" PRIu32
            ",\"code\":\"",
            module->number, module->text, module->copy, module->data, module->rodata, module->data_end);
    for (uint32_t at = 0; at < module->size; at++) {
        fprintf(record, "%02x", module->code[at]);
    }
    fputs("\"}\n", record);
}

static void write_modules(FILE *record) {
    for (struct module *module = modules_next(NULL); module != NULL; module = modules_next(module)) {
        if (!module->is_told) {
            write_module(module, record);
            module->is_told = true;
        }
    }
}

static void write_site(const char *name, const struct site *site, FILE *record) {
    fprintf(record, "\"%s\":[%" PRIu32, name, site->pc);
    for (int at = 0; at < CALLERS && site->from[at] != 0; at++) {
        fprintf(record, ",%" PRIu32, site->from[at]);
    }
    fputs("],", record);
}

static void write_block(const char *name, const struct block *block, FILE *record) {
    if (block != NULL && block->size > 0) {
        fprintf(record, ",\"%s\":{", name);
        write_site("by", &block->by, record);
        if (block->state == BLOCK_FREED) {
            write_site("ended_by", &block->ended_by, record);
            fprintf(record, "\"end\":\"%s\",", ends[block->end]);
        }
        fprintf(record, "\"start\":%" PRIu32 ",\"size\":%" PRIu32 "%s}", block->start, block->size,
                block->is_rounded ? ",\"is_rounded\":true" : "");
    }
}

static void finish(FILE *record, char **line, const size_t *size) {
    fclose(record);
    write_out(*line, *size);
    free(*line);
}

void findings_add(const struct found *found) {
    struct origin origin = {(int)found->what, found->site.pc, found->function != 0 ? found->site.from[0] : 0};
    for (int at = 0; at < count; at++) {
        if (told[at].what == origin.what && told[at].pc == origin.pc && told[at].from == origin.from) {
            return;
        }
    }
    if (count == MOST) {
        return;
    }
    told[count++] = origin;
    char *line = NULL;
    size_t size = 0;
    FILE *record = open_memstream(&line, &size);
    if (record == NULL) {
        return;
    }
    write_modules(record);
    fputc('{', record);
    write_site("site", &found->site, record);
    fprintf(record,
            "\"what\":\"%s\",\"function\":%" PRIu32 ",\"store\":%s,\"size\":%" PRIu32 ",\"address\":%" PRIu32
            ",\"stack\":%" PRIu32,
            names[found->what], found->function, found->is_store ? "true" : "false", found->size, found->address,
            native_stack);
    write_block("block", found->block, record);
    write_block("near", found->near, record);
    if (found->holder != 0) {
        fprintf(record, ",\"holder\":%" PRIu32 ",\"held\":%" PRIu32, found->holder, found->held);
    }
    fputs("}\n", record);
    finish(record, &line, &size);
    hold();
}

void findings_tell_unseen(uint32_t address, bool is_heap_found) {
    char line[80];
    int size = snprintf(line, sizeof line, "{\"unseen\":%" PRIu32 ",\"is_heap_found\":%s}\n", address,
                        is_heap_found ? "true" : "false");
    write_out(line, (size_t)size);
}

void findings_tell_modules(void) {
    char *line = NULL;
    size_t size = 0;
    FILE *record = open_memstream(&line, &size);
    if (record != NULL) {
        write_modules(record);
        finish(record, &line, &size);
    }
}
