// What this processor can do of what some of the code is compiled for.
#ifndef QUIESCE_KERNELS_CPU_FEATURES_H
#define QUIESCE_KERNELS_CPU_FEATURES_H

#include <stdbool.h>

static inline bool qsc_has_any(void)
{
    return true;
}

static inline bool qsc_has_avx2(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

static inline bool qsc_has_avx512(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && qsc_has_avx2();
#else
    return false;
#endif
}

static inline bool qsc_has_avx512_bf16(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx512bf16") && qsc_has_avx512();
#else
    return false;
#endif
}

static inline bool qsc_has_avx512_vnni(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx512vnni") && qsc_has_avx512();
#else
    return false;
#endif
}

#endif
