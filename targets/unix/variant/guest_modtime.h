// Included by extmod/modtime.c: the host's time of day.

#include <sys/time.h>

#include "py/obj.h"

static mp_obj_t mp_time_time_get(void) {
    struct timeval now;
    gettimeofday(&now, NULL);
    return mp_obj_new_float((mp_float_t)now.tv_sec + (mp_float_t)now.tv_usec / 1000000);
}
