// Signals: a fault is told on the console, in lines that the harness understands (mpy_harness/machines/fault_line.py), and
// ends the process; SIGUSR1 asks where the guest is.

#define _GNU_SOURCE

#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "guest.h"

#define BYTES_BEFORE 24
#define BYTES_BEHIND 24
#define MOST_CALLERS 8
#define CALL_BYTES 7 // of the longest call instruction

static uint8_t handler_stack[65536];

static void tell(const char *text) {
    guest_put(text, strlen(text));
}

static void tell_register(const char *name, uint64_t value) {
    char text[sizeof("=0x0123456789abcdef")], *at = text + sizeof(text);
    *--at = 0;
    do {
        *--at = "0123456789abcdef"[value & 15];
    } while ((value >>= 4) != 0);
    tell(" ");
    tell(name);
    tell("=0x");
    tell(at);
}

static bool is_code(uint64_t address) {
    return address >= CODE_START + CALL_BYTES && address < CODE_START + CODE_SIZE - BYTES_BEHIND;
}

// The bytes around an address of native code, by which the harness recognises the module.
static void tell_code(const char *name, uint64_t address) {
    if (!is_code(address)) {
        return;
    }
    uint64_t first = address - CODE_START > BYTES_BEFORE ? address - BYTES_BEFORE : CODE_START;
    tell("#CODE");
    tell_register(name, address);
    tell_register("from", first);
    tell(" ");
    for (; first < address + BYTES_BEHIND; ++first) {
        uint8_t byte = *(const uint8_t *)first;
        char digits[] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15], 0};
        tell(digits);
    }
    tell("\n");
}

// Whether what is in front of an address is a call: CALL rel32, or CALL with a register or memory, with or without REX
// (Intel 64 Software Developer's Manual, volume 2, CALL).
static bool is_return_address(uint64_t address) {
    const uint8_t *at = (const uint8_t *)address;
    if (!is_code(address)) {
        return false;
    }
    return at[-5] == 0xe8
        || (at[-6] == 0xff && (at[-5] & 0x38) == 0x10)
        || (at[-3] == 0xff && (at[-2] & 0xf8) == 0x50)
        || (at[-2] == 0xff && (at[-1] & 0xf8) == 0xd0)
        || (at[-2] == 0xff && (at[-1] & 0xf8) == 0x10);
}

static void tell_callers(uint64_t sp) {
    uint64_t told[MOST_CALLERS];
    unsigned number = 0;
    if (sp < STACK_START || sp >= STACK_START + STACK_SIZE) {
        sp = STACK_START;
    }
    const uint64_t *end = (const uint64_t *)(uintptr_t)(STACK_START + STACK_SIZE);
    for (const uint64_t *word = (const uint64_t *)(sp & ~7ul); word < end && number < MOST_CALLERS; ++word) {
        unsigned before = 0;
        while (before < number && told[before] != *word) {
            ++before;
        }
        if (before == number && is_return_address(*word)) {
            told[number++] = *word;
            tell_code("caller", *word);
        }
    }
}

static const char *name_of(int number) {
    switch (number) {
        case SIGSEGV:
            return "SIGSEGV";
        case SIGBUS:
            return "SIGBUS";
        case SIGILL:
            return "SIGILL";
        case SIGFPE:
            return "SIGFPE";
        case SIGSYS:
            return "SIGSYS";
        default:
            return "SIGABRT";
    }
}

static void on_fault(int number, siginfo_t *information, void *context) {
    const greg_t *registers = ((const ucontext_t *)context)->uc_mcontext.gregs;
    uint64_t pc = registers[REG_RIP];
    tell("\n#FAULT ");
    tell(name_of(number));
    tell_register("pc", pc);
    tell_register("rsp", registers[REG_RSP]);
    if (number == SIGSYS) {
        tell_register("call", (unsigned)information->si_syscall);
    } else {
        tell_register("address", (uintptr_t)information->si_addr);
        tell_register("error", registers[REG_ERR]);
        tell_register("trap", registers[REG_TRAPNO]);
    }
    tell("\n");
    tell_code("pc", pc);
    tell_callers(registers[REG_RSP]);
    guest_end(GUEST_FAULT);
}

static void on_question(int number, siginfo_t *information, void *context) {
    (void)number;
    (void)information;
    const greg_t *registers = ((const ucontext_t *)context)->uc_mcontext.gregs;
    guest_shared->pc = registers[REG_RIP];
    guest_shared->sp = registers[REG_RSP];
    ++guest_shared->times;
}

void guest_take_signals(void) {
    const stack_t stack = { .ss_sp = handler_stack, .ss_size = sizeof(handler_stack) };
    sigaltstack(&stack, NULL);
    const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGABRT };
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigfillset(&action.sa_mask);
    for (size_t number = 0; number < sizeof(faults) / sizeof(*faults); ++number) {
        sigaction(faults[number], &action, NULL);
    }
    action.sa_sigaction = on_question;
    action.sa_flags |= SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
}
