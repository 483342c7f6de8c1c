/* The execution of a launch: its blocks one after another in a random order, the threads of a block as
 * fibers, which one runs next drawn whenever one waits. */
#ifndef QSC_SHIM_CUDA_BLOCK_H
#define QSC_SHIM_CUDA_BLOCK_H

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <string>

/* Bytes of shared memory that a kernel may declare. */
enum { BLOCK_STATIC_SHARED = 48 << 10 };

/* Runs it to its end; false where threads wait for what never comes, which is a finding. One at a time. */
bool block_execute(const qsc_shim_launch &launch, uint64_t seed);

/* Does the calling thread run a kernel's own code? */
bool block_running();

/* The shim's code begins, in a function that a kernel calls. What it shares with kernels, such as inline
 * functions of the standard library, may be the copy that reports its accesses: they are not the kernel's. */
struct block_pause {
    block_pause();
    ~block_pause();
};

/* Is all of it in one of the running block's shared arrays? Is all of it the device's, pinned, a static
 * variable of the program, or the kernel's arguments? */
bool block_owns(const void *address, size_t size);
bool block_may_use(const void *address, size_t size);

/* What lies there, in words, and who runs. */
std::string block_describe(const void *address);

#endif
