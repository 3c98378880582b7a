// A fence: a filter of the kernel (seccomp) that lets pass the system calls which MicroPython needs here, and none that
// opens, starts, connects or maps anything. Native code that makes another one gets SIGSYS.

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "guest.h"

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define END(action) BPF_STMT(BPF_RET | BPF_K, action)
// The next statement where the loaded value is that, the one behind it where not; and the other way round.
#define IF(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1)
#define UNLESS(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0)
#define ALLOW(name) IF(__NR_##name), END(SECCOMP_RET_ALLOW)

bool guest_confine(void) {
    struct sock_filter filter[] = {
        LOAD(arch),
        UNLESS(AUDIT_ARCH_X86_64),
        END(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        ALLOW(read), ALLOW(write), ALLOW(recvfrom), ALLOW(poll), ALLOW(ppoll),
        ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(restart_syscall),
        ALLOW(clock_gettime), ALLOW(gettimeofday), ALLOW(nanosleep), ALLOW(clock_nanosleep), ALLOW(sched_yield),
        ALLOW(exit), ALLOW(exit_group),
        // Of memory, what is the guest's own: for native code, and for a heap that is empty again.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mprotect, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_madvise, 1, 0),
        END(SECCOMP_RET_TRAP),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]) + 4),
        UNLESS(0),
        END(SECCOMP_RET_TRAP),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CODE_START, 1, 0),
        END(SECCOMP_RET_TRAP),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, HEAP_START + HEAP_SIZE, 0, 1),
        END(SECCOMP_RET_TRAP),
        END(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
