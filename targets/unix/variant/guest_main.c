// The process: memory at its addresses, then MicroPython's life, a REPL after every soft reset.
//
// Arguments: the descriptor of the window that host and guest share, its address and its size; then, perhaps,
// "unconfined" (no filter of system calls), "checked" (valgrind watches).

#define _GNU_SOURCE

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "py/compile.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"

#include "guest.h"

#define PAGE 4096
#define TEXT_(value) #value
#define TEXT(value) TEXT_(value)

// As those of boards are called, for the harness: where the stack is, and where native code may be.
__asm__ (
    ".globl _sstack, _estack, _sdata, _ecode\n"
    ".set _sstack, " TEXT(STACK_START) "\n"
    ".set _estack, " TEXT(STACK_START) " + " TEXT(STACK_SIZE) "\n"
    ".set _sdata, " TEXT(CODE_START) "\n"
    ".set _ecode, " TEXT(CODE_START) " + " TEXT(CODE_SIZE) "\n");

guest_shared_t *guest_shared;
bool guest_is_checked;

void guest_end(int status) {
    _exit(status);
}

static void give_up(const char *what) {
    perror(what);
    guest_end(GUEST_CANNOT_START);
}

static void *map(uintptr_t address, size_t size, int protection, int descriptor) {
    int kind = descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;
    void *place = mmap((void *)address, size, protection, kind | MAP_FIXED_NOREPLACE, descriptor, 0);
    if (place != (void *)address) {
        give_up("the guest's memory cannot be mapped");
    }
    return place;
}

static void limit(int what, rlim_t most) {
    const struct rlimit limits = { most, most };
    setrlimit(what, &limits);
}

static void live(void) {
    mp_cstack_init_with_top((void *)(uintptr_t)(STACK_START + STACK_SIZE), STACK_SIZE);
    gc_init((void *)HEAP_START, (void *)(HEAP_START + (uintptr_t)HEAP_SIZE));
    guest_check_from_here(MP_STATE_MEM(area.gc_pool_start), MP_STATE_MEM(area.gc_pool_end));
    mp_init();
    int (*repl)(void);
    do {
        repl = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl : pyexec_friendly_repl;
    } while (repl() == 0);
    mp_hal_stdout_tx_str("MPY: soft reboot\r\n");
    gc_sweep_all();
    mp_deinit();
    guest_forget_blocks();
    guest_forget_code();
    // Its pages are zero again.
    madvise((void *)HEAP_START, HEAP_SIZE, MADV_DONTNEED);
}

static __attribute__((noreturn, used)) void live_again_and_again(void) {
    for (;;) {
        live();
    }
}

// On the guest's own stack, with nothing of the host's in the registers that functions keep.
static __attribute__((noreturn)) void go(void) {
    __asm__ volatile (
        "mov %0, %%rsp\n"
        "xor %%ebx, %%ebx\n"
        "xor %%ebp, %%ebp\n"
        "xor %%r12d, %%r12d\n"
        "xor %%r13d, %%r13d\n"
        "xor %%r14d, %%r14d\n"
        "xor %%r15d, %%r15d\n"
        "call live_again_and_again\n"
        : : "r" ((uintptr_t)(STACK_START + STACK_SIZE)) : "memory");
    __builtin_unreachable();
}

int main(int count, char **arguments) {
    if (count < 4) {
        fputs("arguments: DESCRIPTOR ADDRESS SIZE [unconfined] [checked]\n", stderr);
        guest_end(GUEST_CANNOT_START);
    }
    bool is_confined = true;
    for (int number = 4; number < count; ++number) {
        is_confined &= strcmp(arguments[number], "unconfined") != 0;
        guest_is_checked |= strcmp(arguments[number], "checked") == 0;
    }
    int descriptor = atoi(arguments[1]);
    uintptr_t window = strtoull(arguments[2], NULL, 16), size = strtoull(arguments[3], NULL, 16);
    map(window, size + PAGE, PROT_READ | PROT_WRITE, descriptor);
    guest_shared = (guest_shared_t *)(window + size);
    close(descriptor);
    map(CODE_START, CODE_SIZE, PROT_READ | PROT_WRITE, -1);
    map(STACK_START - PAGE, PAGE, PROT_NONE, -1);
    map(STACK_START, STACK_SIZE, PROT_READ | PROT_WRITE, -1);
    map(HEAP_START, HEAP_SIZE, PROT_READ | PROT_WRITE, -1);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 1 << 20);
    guest_take_signals();
    guest_start_console();
    if (is_confined && !guest_confine()) {
        give_up("the filter of system calls (seccomp) cannot be set");
    }
    go();
}

void gc_collect(void) {
    guest_before_collection();
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
    guest_after_collection();
}

void nlr_jump_fail(void *value) {
    (void)value;
    mp_hal_stdout_tx_str("\n#FAULT UncaughtNLR\n");
    guest_end(GUEST_FAULT);
}
