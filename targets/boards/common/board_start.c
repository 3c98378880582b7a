// Start of the C world.

#include <stdlib.h>

#include "board.h"
#include "board_chip.h"
#include "board_control.h"

int main(void);

uint32_t board_kept;

// `kept` is what one life tells the next: all other memory is as after power-on, the variables of modules in C as well.
void board_start(uint32_t kept) {
    for (uint32_t *from = &_sidata, *to = &_sdata; to < &_edata;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &_sbss; to < &_ebss;) {
        *to++ = 0;
    }
    board_kept = kept;
    core_start();
    chip_protect();
    console_init();
    counter_start();
    interrupts_unmask();
    main();
    board_end();
}

void board_end(void) {
    core_reset();
    for (;;) {
    }
}

void exit(int status) {
    (void)status;
    board_end();
}
