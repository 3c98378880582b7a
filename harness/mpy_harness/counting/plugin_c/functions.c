/* The firmware's functions by address, as the host read them from its symbols.
 *
 * Input: lines "START END ROLE", hexadecimal addresses without Thumb's bit, sorted by START; ROLE is one of
 * the letters below. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* plain, self, interrupt, nlr_push, nlr_pop, nlr_jump, life, seed, random, clock: enum role */
static const char roles[] = "psiuojlerc";
static struct function *functions;
static size_t known, capacity;

bool functions_read(int descriptor) {
    FILE *file = fdopen(descriptor, "r");
    if (file == NULL) {
        return false;
    }
    rewind(file);
    uint32_t start, end;
    char letter;
    while (fscanf(file, "%" SCNx32 " %" SCNx32 " %c", &start, &end, &letter) == 3) {
        const char *role = strchr(roles, letter);
        if (role == NULL) {
            break;
        }
        functions = grown(functions, known + 1, &capacity, sizeof *functions);
        functions[known++] = (struct function){start, end, (enum role)(role - roles)};
    }
    bool complete = feof(file) != 0;
    fclose(file);
    return complete;
}

/* Return the function that an address lies in, NULL where none does. */
const struct function *function_at(uint32_t address) {
    size_t low = 0, high = known;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (functions[middle].start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && address < functions[low - 1].end ? &functions[low - 1] : NULL;
}

/* Return where the function begins that an address lies in; the address itself where that is not known. */
uint32_t function_begin(uint32_t address) {
    const struct function *function = function_at(address);
    return function != NULL ? function->start : address;
}
