/* Who touched what within a launch, and what orders it: two threads that touch the same bytes, one of them
 * writing, race unless a barrier stands between them, or both are atomic. Nothing orders the blocks of a
 * launch. It also finds accesses to what is not the device's. Sources that are compiled with
 * -fsanitize=thread report their accesses (accesses.cc); others are not looked at.
 *
 * Per byte it keeps the last write and, of reads and of atomic changes, two each that no barrier orders: of
 * three or more such in one warp, where barriers of parts of the warp order a later access after those two
 * only, a race is missed.
 *
 * One launch is executed at a time, and calls all of this. */
#ifndef QSC_SHIM_CUDA_RACES_H
#define QSC_SHIM_CUDA_RACES_H

#include <cstddef>
#include <cstdint>

enum shim_access { SHIM_READ, SHIM_WRITE, SHIM_ATOMIC };

void races_begin();
void races_begin_launch(uint64_t blocks);
void races_begin_block(uint64_t block, unsigned threads);

void races_block_barrier();
/* first is the lowest thread of the warp. */
void races_warp_barrier(unsigned first, uint32_t mask);

/* The running thread does this, at a place in the program (sites.h). */
void races_access(const void *address, size_t size, enum shim_access access, uint32_t site);

#endif
