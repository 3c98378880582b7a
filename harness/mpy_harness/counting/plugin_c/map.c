/* Memory, also that of translations, and a hash map with open addressing. */
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

struct map_entry {
    uint64_t key;
    void *value;
    bool taken;
};

void *allocate(size_t size) {
    void *memory = calloc(1, size);
    if (memory == NULL) {
        fputs("mpy-harness: the counting plugin is out of memory\n", stderr);
        abort();
    }
    return memory;
}

/* What belongs to a translation, with others of its kind. */
struct owned {
    struct owned *next;
    bool is_kept;
    max_align_t memory[];
};

static struct owned *owned;

void *allocate_for_code(size_t size) {
    struct owned *new = allocate(sizeof *new + size);
    new->next = owned;
    owned = new;
    return new->memory;
}

void keep(const void *memory) {
    if (memory != NULL) {
        ((struct owned *)((uintptr_t)memory - offsetof(struct owned, memory)))->is_kept = true;
    }
}

void free_code(void) {
    struct owned **link = &owned;
    while (*link != NULL) {
        struct owned *this = *link;
        if (this->is_kept) {
            this->is_kept = false;
            link = &this->next;
        } else {
            *link = this->next;
            free(this);
        }
    }
}

/* Return memory for at least `wanted` items, what is new of it zeroed. */
void *grown(void *memory, size_t wanted, size_t *capacity, size_t item) {
    if (wanted <= *capacity) {
        return memory;
    }
    size_t more = *capacity ? *capacity * 2 : 256;
    while (more < wanted) {
        more *= 2;
    }
    void *larger = allocate(more * item);
    if (*capacity) {
        memcpy(larger, memory, *capacity * item);
    }
    free(memory);
    *capacity = more;
    return larger;
}

static struct map_entry *slot(const struct map *map, uint64_t key) {
    /* Fibonacci hashing (Knuth, TAOCP vol. 3, 6.4) of both halves, which each may be small numbers. */
    uint64_t hash = (key ^ key >> 29) * 0x9e3779b97f4a7c15u;
    size_t at = (hash ^ hash >> 32) & (map->size - 1);
    while (map->entries[at].taken && map->entries[at].key != key) {
        at = (at + 1) & (map->size - 1);
    }
    return &map->entries[at];
}

void *map_find(const struct map *map, uint64_t key) {
    return map->size ? slot(map, key)->value : NULL;
}

void **map_at(struct map *map, uint64_t key) {
    if (2 * map->used >= map->size) {
        struct map larger = {.size = map->size ? map->size * 2 : 1024};
        larger.entries = allocate(larger.size * sizeof *larger.entries);
        for (size_t at = 0; at < map->size; at++) {
            if (map->entries[at].taken) {
                *slot(&larger, map->entries[at].key) = map->entries[at];
            }
        }
        larger.used = map->used;
        free(map->entries);
        *map = larger;
    }
    struct map_entry *entry = slot(map, key);
    if (!entry->taken) {
        *entry = (struct map_entry){.key = key, .taken = true};
        map->used++;
    }
    return &entry->value;
}

void map_free(struct map *map) {
    free(map->entries);
    *map = (struct map){0};
}
