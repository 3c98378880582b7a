/* Code that is not the firmware's: native modules, and what MicroPython compiles itself.
 *
 * The host learns whose it is from its bytes, so the newest of every block is kept, until something else is in its
 * place: what earlier lives executed there would speak against what is there now. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

struct foreign {
    struct foreign *next;
    uint32_t address, size;
    const uint8_t *host; /* where we see it */
    uint8_t *bytes;      /* as it was executed */
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
    foreign->host = code->host;
    free(foreign->bytes);
    foreign->bytes = allocate(foreign->size);
    memcpy(foreign->bytes, code->host, foreign->size);
}

const uint8_t *foreign_host(uint32_t address) {
    const struct foreign *foreign = map_find(&known, address);
    return foreign != NULL ? foreign->host : NULL;
}

static void forget_overwritten(void) {
    struct foreign **link = &all;
    while (*link != NULL) {
        struct foreign *this = *link;
        if (memcmp(this->host, this->bytes, this->size) == 0) {
            link = &this->next;
            continue;
        }
        *map_at(&known, this->address) = NULL;
        *link = this->next;
        free(this->bytes);
        free(this);
    }
}

/* Write ,"code":[[address,"bytes in hexadecimal"],...]. */
void foreign_write(FILE *record) {
    forget_overwritten();
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
