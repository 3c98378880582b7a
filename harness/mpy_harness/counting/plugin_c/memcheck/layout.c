/* Where things are: places of the firmware, native modules that were loaded, and guest memory as we see it.
 *
 * Input: lines "LETTER START END", hexadecimal; letters as in memcheck.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "memcheck.h"

static const char letters[PLACES + 1] = "befhrsxdoctywzvpiaklgn";

struct range {
    uint32_t start, end;
};

static struct {
    struct range *ranges;
    size_t count, capacity;
} places[PLACES];
static struct module *modules;
static size_t loaded, room_for_modules;
#define PIECE 0x200000 /* of RAM: chips with several have them at multiples of that */
static struct {
    uint32_t address;
    uint8_t *ram; /* where the first byte of all of the RAM would be, if it were in one piece with this address */
} seen[2];

bool layout_read(int descriptor) {
    FILE *file = fdopen(descriptor, "r");
    if (file == NULL) {
        return false;
    }
    rewind(file);
    char letter;
    struct range range;
    while (fscanf(file, " %c %" SCNx32 " %" SCNx32, &letter, &range.start, &range.end) == 3) {
        const char *found = strchr(letters, letter);
        if (found == NULL || found - letters >= PLACES) {
            break;
        }
        size_t place = (size_t)(found - letters);
        places[place].ranges =
            grown(places[place].ranges, places[place].count + 1, &places[place].capacity, sizeof range);
        places[place].ranges[places[place].count++] = range;
    }
    bool complete = feof(file) != 0;
    fclose(file);
    return complete;
}

bool layout_has(enum place place, uint32_t address) {
    for (size_t at = 0; at < places[place].count; at++) {
        const struct range *range = &places[place].ranges[at];
        if (address - range->start < range->end - range->start) {
            return true;
        }
    }
    return false;
}

bool layout_begins(enum place place, uint32_t address) {
    for (size_t at = 0; at < places[place].count; at++) {
        if (places[place].ranges[at].start == address) {
            return true;
        }
    }
    return false;
}

uint32_t layout_start(enum place place) {
    return places[place].count > 0 ? places[place].ranges[0].start : 0;
}

uint32_t layout_end(enum place place) {
    return places[place].count > 0 ? places[place].ranges[0].end : 0;
}

void memory_seen(uint32_t address, uint8_t *host) {
    int at = layout_start(PLACE_DOORBELL) != address;
    seen[at].address = address;
    seen[at].ram = host - (address - layout_start(PLACE_RAM));
}

/* What is executed at several places of one piece of the host's memory has all in between in it, too. */
void memory_seen_here(uint32_t address, uint8_t *host) {
    uint8_t *ram = host - (address - layout_start(PLACE_RAM));
    if (ram != seen[0].ram) {
        seen[0].address = seen[1].address = address;
        seen[0].ram = seen[1].ram = ram;
    }
    seen[0].address = address < seen[0].address ? address : seen[0].address;
    seen[1].address = address > seen[1].address ? address : seen[1].address;
}

/* Tell whether memory lies from the first to the last piece of those that were seen. */
static bool is_between(uint32_t address, uint32_t size) {
    return address / PIECE >= seen[0].address / PIECE && (address + size - 1) / PIECE <= seen[1].address / PIECE;
}

uint8_t *memory_at(uint32_t address, uint32_t size) {
    uint32_t offset = address - layout_start(PLACE_RAM);
    uint32_t all = layout_end(PLACE_RAM) - layout_start(PLACE_RAM);
    if (offset >= all || size > all - offset) {
        return NULL;
    }
    if (heap_is_foreign() && !is_between(address, size)) {
        return NULL;
    }
    if (seen[0].ram == seen[1].ram) {
        return seen[0].ram != NULL ? seen[0].ram + offset : NULL;
    }
    for (int at = 0; at < 2; at++) {
        bool is_there = (address ^ seen[at].address) < PIECE && ((address + size - 1) ^ seen[at].address) < PIECE;
        if (seen[at].ram != NULL && is_there) {
            return seen[at].ram + offset;
        }
    }
    return NULL;
}

uint8_t *memory_piece(uint32_t address, uint32_t *size) {
    uint8_t *at = memory_at(address, *size);
    uint32_t rest = PIECE - address % PIECE;
    if (at == NULL && rest < *size) {
        *size = rest;
        at = memory_at(address, rest);
    }
    return at;
}

uint32_t memory_word(uint32_t address) {
    uint32_t word = 0;
    const uint8_t *at = memory_at(address, sizeof word);
    if (at != NULL) {
        memcpy(&word, at, sizeof word);
    }
    return word;
}

void modules_remove(uint32_t text) {
    for (size_t at = 0; at < loaded; at++) {
        if (modules[at].text == text) {
            free(modules[at].code);
            modules[at] = modules[--loaded];
            return;
        }
    }
}

void modules_forget(void) {
    while (loaded > 0) {
        free(modules[--loaded].code);
    }
}

/* Texts that were loaded, in this life or before: a module is loaded anew in each. */
static struct text {
    uint32_t size;
    uint8_t *code;
} *texts;
static size_t text_count, text_capacity;

static uint32_t number_of(const struct module *module) {
    for (size_t at = 0; at < text_count; at++) {
        if (texts[at].size == module->size && memcmp(texts[at].code, module->code, module->size) == 0) {
            return (uint32_t)at;
        }
    }
    texts = grown(texts, text_count + 1, &text_capacity, sizeof *texts);
    texts[text_count] = (struct text){module->size, allocate(module->size)};
    memcpy(texts[text_count].code, module->code, module->size);
    return (uint32_t)text_count++;
}

void modules_add(const struct module *module) {
    modules = grown(modules, loaded + 1, &room_for_modules, sizeof *modules);
    modules[loaded] = *module;
    modules[loaded++].number = number_of(module);
}

struct module *module_at(uint32_t text_address) {
    for (size_t at = 0; at < loaded; at++) {
        if (text_address - modules[at].text < modules[at].size) {
            return &modules[at];
        }
    }
    return NULL;
}

struct module *module_of_data(uint32_t address) {
    for (size_t at = 0; at < loaded; at++) {
        if (address - modules[at].data < modules[at].data_end - modules[at].data) {
            return &modules[at];
        }
    }
    return NULL;
}

struct module *module_of_copy(uint32_t address) {
    for (size_t at = 0; at < loaded; at++) {
        if (address - modules[at].copy < modules[at].size) {
            return &modules[at];
        }
    }
    return NULL;
}

struct module *modules_next(struct module *module) {
    struct module *next = module == NULL ? modules : module + 1;
    return next < modules + loaded ? next : NULL;
}
