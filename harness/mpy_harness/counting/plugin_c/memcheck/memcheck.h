/* What the parts of the memory checker know of each other.
 *
 * It watches the loads and stores of native modules, and of the firmware's memset and memmove where a module calls
 * them, and compares each with what the guest owns. What the heap holds is told by the firmware (events.c). */
#ifndef MPYH_MEMCHECK_H
#define MPYH_MEMCHECK_H

#include "../plugin.h"

#define HEAP_BLOCK 16 /* bytes: MICROPY_BYTES_PER_GC_BLOCK on 32 bits */

/* layout.c: where things are in the guest's memory, as the host read it from symbols and target; the letters that
 * lines of it begin with. */
enum place {
    PLACE_DOORBELL, /* b; the second is executed once, to show where the end of the RAM is */
    PLACE_EVENT,    /* e: board_event */
    PLACE_FLAG,     /* f: board_is_checked */
    PLACE_HEAP,     /* h: board_heap */
    PLACE_RAM,      /* r: in one piece */
    PLACE_STACK,    /* s */
    PLACE_CODE,     /* x: the firmware's code and constants */
    PLACE_DATA,     /* d: the firmware's own variables */
    PLACE_OPEN,     /* o: memory and devices that anybody may use */
    PLACE_COPY,     /* c: functions that access memory for others */
    PLACE_THROW,    /* t: nlr_jump */
    PLACE_OBJECT,   /* y: types of objects, which are not buffers */
    PLACE_ARRAY,    /* w: arrays and lists */
    PLACE_STRING,   /* z: those of them whose data is a block of its own */
    PLACE_NUMBERS,  /* v: arrays and bytearrays alone */
    PLACE_STATE,    /* p: mp_state_ctx, of firmware that tells nothing; then its allocator's functions (heap.c) */
    PLACE_INIT,     /* i: gc_init, mp_init */
    PLACE_ALLOC,    /* a: gc_alloc */
    PLACE_FREE,     /* k: gc_free */
    PLACE_REALLOC,  /* l: gc_realloc */
    PLACE_COLLECT,  /* g: gc_collect_start */
    PLACE_ZEROED,   /* n: m_malloc0 */
    PLACES
};
bool layout_read(int descriptor);
bool layout_has(enum place, uint32_t address);
bool layout_begins(enum place, uint32_t address); /* one of its kind */
uint32_t layout_start(enum place);
uint32_t layout_end(enum place); /* of the first of its kind */

/* Guest memory as we see it; NULL where we do not, or not yet. */
void memory_seen(uint32_t address, uint8_t *host);
void memory_seen_here(uint32_t address, uint8_t *host); /* by native code: firmware that tells nothing */
uint8_t *memory_at(uint32_t address, uint32_t size);
uint8_t *memory_piece(uint32_t address, uint32_t *size); /* so many bytes, or fewer: to the end of a piece */
uint32_t memory_word(uint32_t address);

/* A native module that was loaded. */
struct module {
    uint32_t text, size, copy; /* executed at; bytes; where the heap has it, the same or another place */
    uint8_t *code;             /* as it was loaded */
    uint32_t data, rodata, data_end;
    uint32_t number; /* the same for one that was loaded again as it was */
    bool is_told;
};
void modules_forget(void);
void modules_add(const struct module *);
void modules_remove(uint32_t text);
struct module *module_at(uint32_t text_address); /* NULL where none is */
struct module *module_of_data(uint32_t address);
struct module *module_of_copy(uint32_t address); /* of its text, in the heap */
struct module *modules_next(struct module *); /* NULL: the first */

/* A place in native code, 0 for none, and where native code called what that is in, and so on, as far as is known. */
#define CALLERS 4
struct site {
    uint32_t pc, from[CALLERS];
};

/* shadow.c: the heap. */
enum block_state { BLOCK_NEVER, BLOCK_LIVE, BLOCK_FREED };
enum block_end { END_FREE, END_COLLECTION, END_MOVE };
enum block_kind { KIND_PLAIN, KIND_DATA, KIND_TEXT };
struct block {
    uint32_t start, size; /* as it was asked for */
    struct site by, ended_by; /* what allocated it, and what freed it */
    uint32_t turn;        /* of native code, when it was allocated */
    uint8_t state, end, kind;
    bool is_touched;      /* native code accessed it */
    bool is_rounded;      /* the size is that of whole blocks: fewer bytes may have been asked for */
};
struct shadow {
    uint32_t start, size; /* the heap's blocks */
    uint32_t used;        /* bytes up to the last that was ever allocated */
    uint32_t tables;      /* where what the collector writes down begins, which ends at the start */
    uint8_t *readable, *writable; /* bytes of each 16 that may be: 0 also where nobody looked yet */
};
extern struct shadow shadow;
void shadow_begin(uint32_t tables, uint32_t start, uint32_t end);
struct block *shadow_block(uint32_t address); /* of an address in the heap */
void shadow_allocated(uint32_t start, uint32_t size, struct site by);
void shadow_ended(uint32_t start, enum block_end, struct site by);
void shadow_moved(uint32_t from, uint32_t to, uint32_t size, struct site by);
void shadow_collected(struct site by);
void shadow_kind(uint32_t start, enum block_kind);
void shadow_round(uint32_t start);
void shadow_resize(uint32_t start, uint32_t size); /* in as many blocks, and exact */
void shadow_open(const struct block *, bool is_writable); /* for native code; a copy of the block's is enough */
const struct block *shadow_before(uint32_t address, uint32_t most); /* a live one that ends so near */
const struct block *shadow_behind(uint32_t address, uint32_t most);

/* access.c: each load and store. */
struct access {
    uint32_t pc;
    uint32_t info;          /* QEMU's, that size and is_store are of */
    uint8_t size;
    bool is_store, is_known;
    uint32_t last, before;           /* addresses */
    uint32_t turn, turn_before; /* blocks of native code that were executed until then */
};
void access_native(struct access *, qemu_plugin_meminfo_t, uint32_t address);
void access_begin_copy(struct site, uint32_t function);
void access_copy(struct access *, qemu_plugin_meminfo_t, uint32_t address);

/* native.c: what native code does, block by block. */
extern uint32_t native_stack, native_turn; /* the stack pointer, 0 where it is not known */
struct site native_here(uint32_t pc);
struct site native_caller(void); /* what called the firmware */
uint64_t native_now(void); /* blocks of code that were executed so far */
void native_forget(void);
void native_translate(const struct code *);

/* What an instruction does to the stack pointer. */
struct stack_effect {
    bool is_any, is_lost;
    bool is_access; /* it accesses memory, first at the stack pointer before it plus `offset` */
    int32_t offset, change;
};

/* instruction_set.c: what depends on the guest's. */
struct instruction_set {
    decoder *decode;
    struct stack_effect (*stack_effect)(const uint8_t *bytes, const struct insn *);
    bool (*only_passes_on)(const uint8_t *code); /* LOOK_AHEAD bytes of it; NULL where they are not seen */
    int8_t program_counter; /* as a base of loads */
};
const struct instruction_set *instruction_set(void);

/* thumb_stack.c, riscv_stack.c */
struct stack_effect thumb_stack_effect(const uint8_t *bytes, const struct insn *);
struct stack_effect riscv_stack_effect(const uint8_t *bytes, const struct insn *);

/* thumb_passes.c, riscv_passes.c: whether the load there only serves to store the same elsewhere, or with other bits. */
#define LOOK_AHEAD 56 /* bytes of code */
bool thumb_only_passes_on(const uint8_t *code);
bool riscv_only_passes_on(const uint8_t *code);

/* unwritten.c */
void unwritten_install(void);
bool unwritten_used(void);
void unwritten_begin(void);
void unwritten_allocated(uint32_t start, uint32_t size);
void unwritten_moved(uint32_t from, uint32_t before, uint32_t to, uint32_t size);
void unwritten_access(const struct access *, uint32_t address); /* of native code, which is checked otherwise */
void unwritten_translate(const struct code *);

/* stress.c */
void stress_install(void);
void stress_begin(void);
void stress_ran(void); /* native code */
bool stress_wants_collection(void);
void stress_freed(uint32_t start, uint32_t size);
bool stress_keeps(uint32_t size); /* whether a block of so many bytes shall not be freed */
void stress_collected(void);

/* findings.c */
enum finding {
    FOUND_BEYOND, FOUND_BEFORE, FOUND_FREED, FOUND_NEVER, FOUND_STACK, FOUND_NULL, FOUND_WILD, FOUND_CODE,
    FOUND_TABLES, FOUND_DATA, FOUND_TEXT, FOUND_RODATA, FOUND_MODULE, FOUND_OBJECT, FOUND_NO_BLOCK, FOUND_FREED_TWICE,
    FOUND_UNWRITTEN, FOUND_COUNT
};
struct found {
    enum finding what;
    struct site site;
    uint32_t function; /* of the firmware that did it for the code there, or 0 */
    bool is_store;
    uint32_t size, address;
    const struct block *block, *near;
    uint32_t holder, held; /* where a pointer into the block is, and which; 0: nowhere */
};
void findings_install(int descriptor);
void findings_hold(int descriptor); /* at each */
void findings_begin(void);
void findings_add(const struct found *);
void findings_tell_modules(void);
void findings_tell_unseen(uint32_t address, bool is_heap_found); /* native code that cannot be checked */

/* coverage.c */
bool coverage_install(int descriptor);
bool coverage_used(void);
void coverage_begin(void);
void coverage_translate(const struct code *);

/* events.c */
void events_translate(const struct code *);
void events_check_freed(uint32_t address);

/* heap.c: the same of firmware that tells nothing. */
bool heap_is_foreign(void);
void heap_catch_up(void); /* native code goes on */
void heap_translate(const struct code *);
bool heap_ask_owner(uint32_t start); /* whether the size of a block was found out, or is another one now */

/* registers.c */
#define REGISTERS 4
bool registers_can_be_read(void);
uint32_t registers_read(int number); /* by callbacks that may; 0 where none can be read */

/* memcheck.c */
bool memcheck_used(void);
bool memcheck_read(int layout);
void memcheck_look_only(void); /* no access is checked: what else is asked for needs to know of modules */
void memcheck_translate(const struct code *);

#endif
