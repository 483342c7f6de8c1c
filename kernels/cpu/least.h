#ifndef QUIESCE_KERNELS_CPU_LEAST_H
#define QUIESCE_KERNELS_CPU_LEAST_H

static inline int qsc_least(int a, int b)
{
    return a < b ? a : b;
}

#endif
