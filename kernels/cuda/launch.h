// Launches and shared memory, in words that nvcc understands and that a C++ compiler does, too: on machines
// without a GPU the same sources run on the execution shim (tests/shim/cuda), whose headers then stand in the
// place of the CUDA Toolkit's. Both declare what they are called with; nothing else differs.
//
//   QSC_SHARED(float, tile, [32][33]);         a shared array of a block, fixed size: tile[y][x]
//   QSC_SHARED(float, total, );                one shared value
//   QSC_DYNAMIC_SHARED(float, row);            float *row: the bytes that the launch gave
//   QSC_LAUNCH((kernel<4>), grid, block, shared_bytes, stream, arguments...);   see cudaGetLastError()
//
// `__shared__` itself is not written: the shim could not tell it from a variable of the program.
#ifndef QUIESCE_KERNELS_CUDA_LAUNCH_H
#define QUIESCE_KERNELS_CUDA_LAUNCH_H

#include <cuda_runtime.h>

#ifdef __CUDACC__

#define QSC_SHARED(type, name, extent) __shared__ type name extent

#define QSC_DYNAMIC_SHARED(type, name)                                  \
    extern __shared__ __align__(16) unsigned char qsc_dynamic_shared[]; \
    type *name = reinterpret_cast<type *>(qsc_dynamic_shared)

#define QSC_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
    kernel<<<(grid), (block), (shared_bytes), (stream)>>>(__VA_ARGS__)

#else

#define QSC_SHARED(type, name, extent)     \
    static const char name##_qsc_site = 0; \
    using name##_qsc_type = type extent;   \
    name##_qsc_type &name =                \
        *static_cast<name##_qsc_type *>(qsc_shim_shared(&name##_qsc_site, #name, sizeof(name##_qsc_type)))

#define QSC_DYNAMIC_SHARED(type, name) type *name = static_cast<type *>(qsc_shim_dynamic_shared())

#define QSC_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
    qsc_shim_launch_kernel(#kernel, kernel, (grid), (block), (shared_bytes), (stream), ##__VA_ARGS__)

#endif

#endif
