// Functions that have to be inlined: for what they take the compiler knows constants, or vectors.
#ifndef QUIESCE_KERNELS_CPU_INLINE_H
#define QUIESCE_KERNELS_CPU_INLINE_H

#define QSC_INLINE static inline __attribute__((always_inline))

#endif
