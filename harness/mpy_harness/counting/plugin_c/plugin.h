/* What the parts of the plugin know of each other.
 *
 * There is one guest core, or QEMU runs several in turn: everything runs in one thread, nothing is locked. What belongs
 * to translated code is freed when QEMU forgets all translations, between two blocks; it does not tell of a single one. */
#ifndef MPYH_PLUGIN_H
#define MPYH_PLUGIN_H

#include <stdio.h>

#include "api.h"
#include "decode/decode.h"
#include "decode/pairs.h"
#include "tally.h"

#define BLOCK_INSNS 512 /* QEMU's own limit */
#define OPEN_REGIONS 16
#define SMALLEST_PAGE 0x400    /* of QEMU's targets; its bytes are contiguous in the host's memory */
#define LONGEST_IT (2 + 4 * 4) /* bytes of an IT block: DDI0553, IT */

/* A block of guest code while QEMU translates it. */
struct code {
    struct qemu_plugin_tb *tb;
    uint32_t count;
    uint32_t address[BLOCK_INSNS + 1]; /* of each instruction, and of what follows the block */
    struct insn insn[BLOCK_INSNS];
    enum pair pair[BLOCK_INSNS]; /* of an instruction with the one before it */
    uint8_t times[BLOCK_INSNS];  /* how often that counts: as many cycles as it waits on Xtensa, else once */
    uint8_t again[PAIR_COUNT];   /* the same of pairs that there are where the block follows itself without a jump */
    bool is_float[BLOCK_INSNS];  /* for the floating-point unit, on Thumb */
    const uint8_t *host; /* the block's first byte in our own memory, NULL where there is none */
};

/* Tell whether what may be an IT instruction, `back` bytes before an address and seen at bytes - back, leads to it: the
 * state there, and the instruction before. */
bool it_leads(const uint8_t *bytes, uint32_t address, uint32_t back, struct decode_state *state, struct insn *last);

/* A mode: what is recorded besides the count. Any function may be NULL. */
struct mode {
    const char *name;
    void (*translate)(const struct code *);
    /* The instruction at an address left its block early; what follows it there was not executed. */
    void (*left_early)(uint32_t address);
    /* What is executed from here is waiting, or is not any more. */
    void (*pause)(uint32_t rest, uint32_t address);
    void (*resume)(uint32_t rest, uint32_t address);
    /* A region begins after, or ends before, the instruction `rest` from its block's end (itself included). */
    void (*start)(int region, uint32_t rest, uint32_t address);
    void (*stop)(int region, uint32_t rest, uint32_t address, FILE *record);
    /* The last `rest` instructions of the block that began last were not executed after all. */
    void (*cut)(uint32_t rest);
    /* The block that began last counts after all. */
    void (*join)(void);
    /* QEMU has forgotten all translations: keep() what is still needed of what belongs to them. */
    void (*forget)(void);
    /* A block of an interrupt's handler is translated, of which nothing is counted but what it calls. */
    void (*handle)(const struct code *);
};

typedef void decoder(const uint8_t *bytes, uint32_t address, struct decode_state *, struct insn *);
extern decoder *decode; /* of the guest's architecture */
extern unsigned pairs_told; /* kinds of pairs that are told on it, a bit for each */
bool pairs_tell(const char *name); /* tell of one kind too, by its name in the record; false where there is none */

extern const struct mode mode_classes, mode_functions, mode_memory;

/* counter.c: instructions executed. */
void counter_install(bool each_instruction);
void counter_translate(const struct code *);
void counter_continues(const struct code *, void (*left_early)(uint32_t address));
uint64_t counter_before(uint32_t rest);
uint64_t counter_behind(uint32_t rest);
void counter_doubt(const char *why); /* the count may be wrong from here on */
uint32_t counter_doubts(void);
const char *counter_last_doubt(void);
void counter_forget(void);               /* QEMU has forgotten all translations */
void counter_goes_on(const struct code *); /* a block is translated, any at all */

void counter_take_off(uint32_t count);

/* registers.c: blocks that are left at an access to registers, on AVR. */
bool registers_repeat(const struct code *, void (*left_early)(uint32_t address));
void registers_translate(const struct code *);
void registers_forget(void);

/* cores.c: what counts on a chip with more than one core. */
void cores_install(unsigned core, bool each_instruction, const struct mode *);
bool cores_used(void);
uint64_t *cores_count(void);
bool cores_counts(unsigned vcpu); /* whether what a core executes now is counted; true on other chips */
bool cores_marked(unsigned vcpu);
void cores_translate(const struct code *);
void cores_forget(void); /* keep what is still needed of translations */

/* region.c: regions between marks, and what is written of them. */
void region_install(int descriptor, const struct mode *);
void region_translate(const struct code *);
void region_close_all(void);
void region_wake(uint32_t address); /* a reset has ended all waiting; to be told as a block begins, at its address */
uint64_t region_time(void); /* instructions executed so far but for waiting; to be asked as a block begins */
bool region_counts(void); /* whether what is executed is part of a region */

/* functions.c: where the firmware's functions are. */
enum role {
    ROLE_PLAIN,
    ROLE_SELF,
    ROLE_INTERRUPT,
    ROLE_NLR_PUSH,
    ROLE_NLR_POP,
    ROLE_NLR_JUMP,
    ROLE_LIFE, /* from here on: reads.c */
    ROLE_SEED,
    ROLE_RANDOM,
    ROLE_CLOCK,
};
struct function {
    uint32_t start, end;
    enum role role;
};
bool functions_read(int descriptor);
const struct function *function_at(uint32_t address);
uint32_t function_begin(uint32_t address);

/* flow.c: where calls, returns and jumps go. */
#define LONGEST_CALL 4 /* bytes */
bool is_call(const struct code *, uint32_t at);
bool is_return(const struct code *, uint32_t at);
bool may_be_passed_to(const struct code *);
bool may_be_landed_at(const struct code *);
enum indirect { ANYWHERE, WITHIN_FUNCTION, TAIL_CALL };
enum indirect indirect_jump(const struct code *); /* of the jump at its end */
bool may_be_tail_call(const struct code *);
bool saves_link(const uint8_t *bytes);

/* reads.c: calls of functions that read the clock or random numbers. */
void reads_translate(const struct code *);
void reads_start(int region);
void reads_stop(int region, FILE *record);

/* clock.c: the guest's clock. */
bool clock_install(const char *text);
void clock_translate(const struct code *);
void clock_begin(void);
void clock_align(uint64_t time);
bool clock_is_told(void);

/* interrupts.c: handlers of interrupts. */
extern uint32_t interrupts_running; /* so many */
void interrupts_translate(const struct code *, void (*end)(void)); /* of a handler; end: when one has ended */

/* nodes.c: contexts, that is functions by who called them, and what was executed in each. */
uint32_t node_child(uint32_t parent, uint32_t address, uint32_t object);
uint32_t node_address(uint32_t node);
bool node_is_shared(uint32_t node); /* by all contexts that there was no room for */
uint32_t node_parent(uint32_t node);
void node_credit(uint32_t node, int64_t calls, int64_t instructions);
void nodes_keep(uint32_t *const *used, size_t number_used);
void nodes_start(int region);
bool nodes_stop(int region, FILE *record); /* whether one is not the firmware's */

/* objects.c: which MicroPython function the interpreter runs. */
void objects_translate(const struct code *);
void objects_entered(uint32_t frame);
void objects_forget(void);
void objects_credited(uint32_t node, int64_t calls, int64_t instructions);
uint32_t *frame_node(uint32_t frame); /* tree.c: the node of a frame on the call stack, NULL beyond its top */

/* foreign.c: code that is not the firmware's, for the host to find out whose it is. */
void foreign_translate(const struct code *);
void foreign_write(FILE *record);
const uint8_t *foreign_host(uint32_t address); /* where we see a block of it that begins there, NULL where none does */

/* far_jumps.c: calls that may be jumps within a function that is not known. */
struct far_jump {
    bool may_be;
    uint32_t from, to;
    const uint8_t *host; /* where we see `from` */
};
struct far_jump far_jump_of(const struct code *, uint32_t at);
bool far_jump_is_seen(const struct far_jump *); /* whether it can be told */
bool far_jump_is_one(const struct far_jump *);

/* memory.c */
void memory_stack(uint32_t low, uint32_t high);

/* map.c: a hash map of 64-bit keys. */
struct map {
    struct map_entry *entries;
    size_t used, size;
};
void **map_at(struct map *, uint64_t key);        /* the key's value, NULL where it is new */
void map_free(struct map *);
void *map_find(const struct map *, uint64_t key); /* NULL where there is none */

void *allocate(size_t size);
void *allocate_for_code(size_t size); /* what belongs to a translation */
void keep(const void *memory);        /* once, when translations are forgotten; NULL: nothing */
void free_code(void);                 /* all that belongs to translations and is not kept */
void *grown(void *memory, size_t wanted, size_t *capacity, size_t item);

#endif
