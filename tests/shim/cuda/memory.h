/* The device's memory and pinned memory: who has what. */
#ifndef QSC_SHIM_CUDA_MEMORY_H
#define QSC_SHIM_CUDA_MEMORY_H

#include <cstddef>
#include <string>

enum { MEMORY_ALIGNMENT = 256 };

/* Is all of it within one piece that lives? */
bool memory_is_device(const void *address, size_t size);
bool memory_is_pinned(const void *address, size_t size);

struct memory_piece {
    const char *begin;
    size_t size;
    bool pinned;
};

/* The piece that holds the address, or begin == NULL. */
memory_piece memory_find(const void *address);

/* What lies there, or near it, in words. */
std::string memory_describe(const void *address);

/* Changes whenever a piece comes or goes. */
unsigned long memory_generation();

/* Memory full of garbage, with a margin of no use on either side, which AddressSanitizer watches where it is
 * in the program. NULL where there is none. */
void *memory_allocate(size_t size);
void memory_deallocate(void *memory);

/* Full of what is no sensible value: NaN, or a huge one. */
void memory_spoil(void *memory, size_t size);

/* Pieces that live. */
size_t memory_live();

/* Forgets the pieces, which their owners have lost. */
void memory_begin(unsigned char garbage);

#endif
