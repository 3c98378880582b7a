/* Contexts: functions by who called them (a calling context tree), and what was executed in each.
 *
 * Node 0 is the root. A child's number is always greater than its parent's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* So that a guest that jumps about at random does not take all our memory. What is executed in more contexts than that
 * is credited to one that lies below the root and stands for them all. */
#ifndef MOST_NODES
#define MOST_NODES (1u << 20)
#endif
#define OTHERS UINT32_MAX /* its address: no function's (counting/attribution.py) */

struct cost {
    uint64_t calls, instructions;
};

struct node {
    uint32_t parent, address, object;
    uint32_t same; /* the next child of the same parent at the same address */
    struct cost cost;
};

/* Which child was asked for last, of those that share a place here. */
#define PLACES 4096
struct asked {
    uint32_t parent, address, object, node; /* node 0: none */
};

struct snapshot {
    struct cost *costs;
    uint32_t count;
};

static struct node *nodes;
static size_t capacity;
static uint32_t count;
static struct asked lately[PLACES];
static struct map children; /* (parent, address) to the newest node of these */
static struct snapshot at_start[OPEN_REGIONS];

static uint32_t added(uint32_t parent, uint32_t address, uint32_t object, uint32_t same) {
    nodes = grown(nodes, count + 1, &capacity, sizeof *nodes);
    nodes[count] = (struct node){.parent = parent, .address = address, .object = object, .same = same};
    return count++;
}

static uint32_t looked_up(uint32_t parent, uint32_t address, uint32_t object) {
    void **value = map_at(&children, (uint64_t)parent << 32 | address);
    uint32_t newest = (uint32_t)(uintptr_t)*value;
    for (uint32_t node = newest; node != 0; node = nodes[node].same) {
        if (nodes[node].object == object) {
            return node;
        }
    }
    if (count + 1 >= MOST_NODES && address != OTHERS) {
        return looked_up(0, OTHERS, 0);
    }
    uint32_t node = added(parent, address, object, newest);
    *value = (void *)(uintptr_t)node;
    return node;
}

uint32_t node_child(uint32_t parent, uint32_t address, uint32_t object) {
    if (count == 0) {
        added(0, 0, 0, 0);
    }
    uint32_t place = (parent * 0x9e3779b1u ^ address >> 1 ^ object >> 4) % PLACES; /* Knuth, TAOCP vol. 3, 6.4 */
    struct asked *asked = &lately[place];
    if (asked->parent != parent || asked->address != address || asked->object != object || asked->node == 0) {
        *asked = (struct asked){parent, address, object, looked_up(parent, address, object)};
    }
    return asked->node;
}

uint32_t node_address(uint32_t node) {
    return count > node ? nodes[node].address : 0;
}

bool node_is_shared(uint32_t node) {
    return node_address(node) == OTHERS;
}

uint32_t node_parent(uint32_t node) {
    return count > node ? nodes[node].parent : 0;
}

void node_credit(uint32_t node, int64_t calls, int64_t instructions) {
    if (node < count) {
        nodes[node].cost.calls += (uint64_t)calls;
        nodes[node].cost.instructions += (uint64_t)instructions;
    }
}

/* Forget all contexts but these and those that they lie in, and what any has cost; the numbers in `used` change. What ran
 * before a region is no part of it, and a guest of many lives would have more and more of it. */
void nodes_keep(uint32_t *const *used, size_t number_used) {
    uint32_t *number = allocate((count + 1) * sizeof *number); /* 0: forgotten */
    for (size_t at = 0; at < number_used; at++) {
        number[*used[at]] = 1;
    }
    for (uint32_t node = count; node-- > 1;) {
        number[nodes[node].parent] |= number[node];
    }
    number[0] = 0; /* the root, which stays */
    uint32_t before = count;
    count = before > 0;
    map_free(&children);
    memset(lately, 0, sizeof lately);
    for (uint32_t node = 0; node < before; node++) {
        nodes[node].same = 0;
        nodes[node].cost = (struct cost){0};
        if (node == 0 || number[node] == 0) {
            continue;
        }
        uint32_t parent = number[nodes[node].parent];
        void **newest = map_at(&children, (uint64_t)parent << 32 | nodes[node].address);
        number[node] = added(parent, nodes[node].address, nodes[node].object, (uint32_t)(uintptr_t)*newest);
        *newest = (void *)(uintptr_t)number[node];
    }
    for (size_t at = 0; at < number_used; at++) {
        *used[at] = *used[at] != 0 ? number[*used[at]] : 0;
    }
    free(number);
}

void nodes_start(int region) {
    struct snapshot *snapshot = &at_start[region];
    free(snapshot->costs);
    snapshot->costs = allocate((count + 1) * sizeof *snapshot->costs);
    snapshot->count = count;
    for (uint32_t node = 0; node < count; node++) {
        snapshot->costs[node] = nodes[node].cost;
    }
}

/* Write what was executed since the region's start as "nodes":[[parent,address,object,calls,instructions],...]. */
bool nodes_stop(int region, FILE *record) {
    const struct snapshot *then = &at_start[region];
    uint32_t *number = allocate((count + 1) * sizeof *number); /* 0: left out */
    struct cost *costs = allocate((count + 1) * sizeof *costs);
    for (uint32_t node = count; node-- > 0;) {
        costs[node] = nodes[node].cost;
        if (node < then->count) {
            costs[node].calls -= then->costs[node].calls;
            costs[node].instructions -= then->costs[node].instructions;
        }
        number[node] |= costs[node].instructions != 0 || costs[node].calls != 0;
        number[nodes[node].parent] |= number[node];
    }
    bool foreign = false;
    uint32_t written = 0;
    fputs(",\"nodes\":[", record);
    for (uint32_t node = 0; node < count; node++) {
        if (number[node] == 0) {
            continue;
        }
        int64_t parent = node == 0 ? -1 : (int64_t)number[nodes[node].parent] - 1;
        fprintf(record, "%s[%" PRId64 ",%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%" PRIu64 "]", written ? "," : "", parent,
                nodes[node].address, nodes[node].object, costs[node].calls, costs[node].instructions);
        number[node] = ++written;
        foreign |= node != 0 && function_at(nodes[node].address) == NULL;
    }
    fputs("]", record);
    free(number);
    free(costs);
    return foreign;
}
