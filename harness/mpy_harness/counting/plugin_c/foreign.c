/* Code that is not the firmware's: native modules, and what MicroPython compiles itself.
 *
 * The host learns whose it is from its bytes, so the newest of every block is kept. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

struct foreign {
    struct foreign *next;
    uint32_t address, size;
    uint8_t *bytes;
};

static struct map known;
static struct foreign *all;

void foreign_translate(const struct code *code) {
    if (code->host == NULL || function_at(code->address[0]) != NULL) {
        return;
    }
    void **value = map_at(&known, code->address[0]);
    struct foreign *foreign = *value;
    if (foreign == NULL) {
        *value = foreign = allocate(sizeof *foreign);
        foreign->address = code->address[0];
        foreign->next = all;
        all = foreign;
    }
    foreign->size = code->address[code->count] - code->address[0];
    free(foreign->bytes);
    foreign->bytes = allocate(foreign->size);
    memcpy(foreign->bytes, code->host, foreign->size);
}

/* Write ,"code":[[address,"bytes in hexadecimal"],...]. */
void foreign_write(FILE *record) {
    fputs(",\"code\":[", record);
    for (const struct foreign *foreign = all; foreign != NULL; foreign = foreign->next) {
        fprintf(record, "[%" PRIu32 ",\"", foreign->address);
        for (uint32_t at = 0; at < foreign->size; at++) {
            fprintf(record, "%02x", foreign->bytes[at]);
        }
        fprintf(record, "\"]%s", foreign->next != NULL ? "," : "");
    }
    fputs("]", record);
}
