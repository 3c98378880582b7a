// Runs the three operations of pq-code-package/mlkem-native, each as a region.

#include "mlkem_native.h"
#include "harness.h"

#include <string.h>

#define NAME(size, operation) PQCP_MLKEM_NATIVE_MLKEM##size##_##operation
#define NAME_OF(size, operation) NAME(size, operation)
#define CALLED(operation) NAME_OF(MLK_CONFIG_PARAMETER_SET, operation)

static uint8_t public_key[MLKEM1024_PUBLICKEYBYTES], secret_key[MLKEM1024_SECRETKEYBYTES]; // of the largest
static uint8_t text[MLKEM1024_CIPHERTEXTBYTES], sent[MLKEM_BYTES], received[MLKEM_BYTES], coins[2 * MLKEM_SYMBYTES];

int randombytes(uint8_t *bytes, size_t count) { // nothing here asks for them
    (void)bytes;
    (void)count;
    return 1;
}

int main(void) {
    harness_start("keypair");
    int failed = CALLED(keypair_derand)(public_key, secret_key, coins);
    harness_stop();
    harness_start("encaps");
    failed |= CALLED(enc_derand)(text, sent, public_key, coins);
    harness_stop();
    harness_start("decaps");
    failed |= CALLED(dec)(received, text, secret_key);
    harness_stop();
    return failed || memcmp(sent, received, sizeof sent) != 0;
}
