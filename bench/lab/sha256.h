/* SHA-256 (FIPS 180-4), which says which program and which machine a result is of. */
#ifndef QUIESCE_LAB_SHA256_H
#define QUIESCE_LAB_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct lab_sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
};

enum { LAB_SHA256_TEXT = 65 };

void lab_sha256_begin(struct lab_sha256 *hash);
void lab_sha256_add(struct lab_sha256 *hash, const void *data, size_t bytes);

/* In hexadecimal digits. */
void lab_sha256_end(struct lab_sha256 *hash, char text[LAB_SHA256_TEXT]);

/* Of a file. Returns 0 or errno. */
__attribute__((warn_unused_result)) int lab_sha256_file(const char *path, char text[LAB_SHA256_TEXT]);

#endif
