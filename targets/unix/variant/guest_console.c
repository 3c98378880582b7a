// The console: descriptor 0 for what comes, 1 for what goes. What comes is read when it is asked for, and, while a program
// runs that Ctrl-C may interrupt, at the signal that tells of it.

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "py/mphal.h"
#include "py/ringbuf.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"

#include "guest.h"

static uint8_t received_storage[2 * MICROPY_REPL_STDIN_BUFFER_MAX];
static ringbuf_t received = { received_storage, sizeof(received_storage), 0, 0 };

int mp_interrupt_char = -1;

static bool is_something_pending(void) {
    return MP_STATE_THREAD(mp_pending_exception) != MP_OBJ_NULL || MP_STATE_VM(sched_state) == MP_SCHED_PENDING;
}

static void receive(void) {
    uint8_t bytes[512];
    size_t room = ringbuf_free(&received);
    ssize_t size = 0;
    while (room != 0 && (size = recv(0, bytes, MIN(room, sizeof(bytes)), MSG_DONTWAIT)) > 0) {
        for (ssize_t at = 0; at < size; ++at) {
            if (bytes[at] == mp_interrupt_char) {
                mp_sched_keyboard_interrupt();
            } else {
                ringbuf_put(&received, bytes[at]);
            }
        }
        room = ringbuf_free(&received);
    }
    if (room != 0 && size == 0) {
        guest_end(GUEST_ALONE);
    }
}

static void on_input(int signal) {
    (void)signal;
    int kept = errno;
    receive();
    errno = kept;
}

static void set_mask(int how) {
    sigset_t input;
    sigemptyset(&input);
    sigaddset(&input, SIGIO);
    sigprocmask(how, &input, NULL);
}

void guest_start_console(void) {
    set_mask(SIG_BLOCK);
    struct sigaction action = { .sa_handler = on_input, .sa_flags = SA_RESTART };
    sigaction(SIGIO, &action, NULL);
    fcntl(0, F_SETOWN, getpid());
    fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_ASYNC);
}

// MicroPython calls this before and after it runs a program.
void mp_hal_set_interrupt_char(int character) {
    mp_interrupt_char = character;
    set_mask(character >= 0 ? SIG_UNBLOCK : SIG_BLOCK);
}

// Waits for input, or that long (-1: without end), and takes it.
static void wait_for_input(long ns) {
    struct pollfd input = { 0, POLLIN, 0 };
    const struct timespec time = { ns / 1000000000, ns % 1000000000 };
    set_mask(SIG_BLOCK); // what the signal would take between a look and the wait is not waited for
    receive();
    if (!ringbuf_avail(&received) && !is_something_pending()) {
        ppoll(&input, 1, ns < 0 ? NULL : &time, NULL);
        receive();
    }
    set_mask(mp_interrupt_char >= 0 ? SIG_UNBLOCK : SIG_BLOCK);
}

int mp_hal_stdin_rx_chr(void) {
    while (!ringbuf_avail(&received)) {
        wait_for_input(-1);
        mp_handle_pending(true);
    }
    set_mask(SIG_BLOCK);
    int byte = ringbuf_get(&received);
    set_mask(mp_interrupt_char >= 0 ? SIG_UNBLOCK : SIG_BLOCK);
    return byte;
}

uintptr_t mp_hal_stdio_poll(uintptr_t flags) {
    uintptr_t ready = flags & MP_STREAM_POLL_WR;
    if (flags & MP_STREAM_POLL_RD) {
        wait_for_input(0);
        ready |= ringbuf_avail(&received) ? MP_STREAM_POLL_RD : 0;
    }
    return ready;
}

void guest_idle(void) {
    wait_for_input(1000000);
}

void guest_put(const char *text, size_t length) {
    while (length > 0) {
        ssize_t done = write(1, text, length);
        if (done < 0 && errno != EINTR) {
            guest_end(GUEST_ALONE);
        }
        if (done > 0) {
            text += done;
            length -= done;
        }
    }
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    guest_put(text, length);
    return length;
}
