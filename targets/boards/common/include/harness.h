// Regions of a plain C program whose instructions mpy-harness counts. They may lie within each other; main() as a whole is
// counted without any.

#pragma once

#ifdef __cplusplus
extern "C" {
#endif

void harness_start(const char *name);
void harness_stop(void);

#ifdef __cplusplus
}
#endif
