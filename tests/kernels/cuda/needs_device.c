// Leaves with the code that means "skipped" before any test starts, where there is no GPU.
#include <quiesce/kernels/cuda/device.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void leave_where_absent(void)
{
    if (qsc_cuda_available() == ENODEV) {
        fprintf(stderr, "skipped: %s\n", qsc_cuda_reason());
        _exit(77);
    }
}
