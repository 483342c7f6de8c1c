// overrun shared|global|freed: a kernel that does one thing wrong. Built with AddressSanitizer, that must end
// it; built without, the shim's own look at every access.
#include "shim.h"

#include <quiesce/kernels/cuda/launch.h>

#include <cstdio>
#include <cstring>

static __global__ void shared_overrun(int *out)
{
    QSC_SHARED(int, few, [8]);
    few[threadIdx.x] = 1; // 9 threads
    __syncthreads();
    out[threadIdx.x] = few[8 - threadIdx.x];
}

static __global__ void global_overrun(int *out)
{
    out[threadIdx.x] = 1; // 9 threads
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    int *out;
    if (cudaMalloc(&out, (strcmp(what, "shared") == 0 ? 9 : 8) * sizeof *out) != cudaSuccess)
        return 1;
    if (strcmp(what, "freed") == 0)
        cudaFree(out);
    if (strcmp(what, "shared") == 0)
        QSC_LAUNCH(shared_overrun, 1, 9, 0, nullptr, out);
    else
        QSC_LAUNCH(global_overrun, 1, strcmp(what, "freed") == 0 ? 8 : 9, 0, nullptr, out);
    cudaDeviceSynchronize();
    puts("nothing was found");
    return 0;
}
