/* Core registers of an Arm guest, which a plugin reads from QEMU 9.0 on. */
#include <string.h>

#include "memcheck.h"

#if API_VERSION >= 2
static struct qemu_plugin_register *handles[REGISTERS];
static GByteArray *bytes;

static void find(void) {
    bytes = g_byte_array_new();
    GArray *all = qemu_plugin_get_registers();
    const qemu_plugin_reg_descriptor *each = (const void *)all->data;
    for (unsigned at = 0; at < all->len; at++) {
        const char *name = each[at].name;
        if (name != NULL && name[0] == 'r' && name[1] >= '0' && name[1] < '0' + REGISTERS && name[2] == 0) {
            handles[name[1] - '0'] = each[at].handle;
        }
    }
    g_array_free(all, 1);
}

bool registers_can_be_read(void) {
    return true;
}

uint32_t registers_read(int number) {
    uint32_t value = 0;
    if (bytes == NULL) {
        find();
    }
    if (handles[number] != NULL) {
        g_byte_array_set_size(bytes, 0);
        if (qemu_plugin_read_register(handles[number], bytes) >= (int)sizeof value) {
            memcpy(&value, bytes->data, sizeof value);
        }
    }
    return value;
}
#else
bool registers_can_be_read(void) {
    return false;
}

uint32_t registers_read(int number) {
    (void)number;
    return 0;
}
#endif
