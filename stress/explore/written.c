#include "written.h"

#include "checkpoint.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { GRAIN = 8, GARBAGE = 0xA5 }; // bytes that one byte of bits stands for

static struct {
    uintptr_t heap;
    uint8_t *bits; // untouched pages of it cost nothing
} written;

bool qx_written_reserve(const char *heap, size_t size)
{
    void *bits =
        mmap(NULL, size / GRAIN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bits == MAP_FAILED)
        return false;
    written.heap = (uintptr_t)heap;
    written.bits = bits;
    return true;
}

static size_t offset_of(const void *address)
{
    return (uintptr_t)address - written.heap;
}

// The bits of the bytes from `at` to `end` that stand in the grain of `at`.
static uint8_t mask_of(size_t at, size_t end)
{
    size_t first = at % GRAIN, grain_end = at - first + GRAIN;
    size_t last = end < grain_end ? end - (at - first) : GRAIN;
    return (uint8_t)(((1u << last) - 1) & ~((1u << first) - 1));
}

static size_t next_grain(size_t at)
{
    return at / GRAIN * GRAIN + GRAIN;
}

void qx_written_new(char *start, size_t size)
{
    memset(start, GARBAGE, size); // the same in each execution
    size_t at = offset_of(start); // blocks begin with a grain and share none
    memset(written.bits + at / GRAIN, 0, (size + GRAIN - 1) / GRAIN);
}

void qx_written_keep(const char *start, size_t size)
{
    qx_keep(written.bits + offset_of(start) / GRAIN, (size + GRAIN - 1) / GRAIN);
}

void qx_written_note(const void *address, size_t size)
{
    for (size_t at = offset_of(address), end = at + size; at < end; at = next_grain(at))
        written.bits[at / GRAIN] |= mask_of(at, end);
}

void qx_written_copy(const void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        size_t source = offset_of(from) + i, target = offset_of(to) + i;
        uint8_t *bits = &written.bits[target / GRAIN], bit = (uint8_t)(1u << target % GRAIN);
        bool is_written = written.bits[source / GRAIN] >> source % GRAIN & 1;
        *bits = (uint8_t)(is_written ? *bits | bit : *bits & ~bit);
    }
}

bool qx_written_never(const void *address, size_t size, const char *end)
{
    size_t first = offset_of(address), last = first + size;
    for (size_t at = first; at < last; at = next_grain(at)) {
        if (written.bits[at / GRAIN] & mask_of(at, last))
            return false;
    }
    // A byte that happens to look like garbage has neighbours that do not: so the whole grains must.
    size_t grains_end = next_grain(last - 1), block_end = offset_of(end);
    for (size_t at = first / GRAIN * GRAIN; at < grains_end && at < block_end; at++) {
        bool is_written = written.bits[at / GRAIN] >> at % GRAIN & 1;
        if (!is_written && *(const uint8_t *)(written.heap + at) != GARBAGE)
            return false;
    }
    return true;
}
