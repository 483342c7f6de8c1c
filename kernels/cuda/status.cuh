// From CUDA's errors to ours, for the sources in this folder.
#ifndef QUIESCE_KERNELS_CUDA_STATUS_CUH
#define QUIESCE_KERNELS_CUDA_STATUS_CUH

#include <quiesce/kernels/cuda/device.h>
#include <quiesce/kernels/cuda/launch.h>

// 0 or an errno code; a failure's text is kept for qsc_cuda_reason().
int qsc_cuda_status(cudaError_t error);

// What became of the launches since the last look.
inline int qsc_cuda_launched()
{
    return qsc_cuda_status(cudaGetLastError());
}

inline cudaStream_t qsc_cuda_native(qsc_cuda_stream *stream)
{
    return reinterpret_cast<cudaStream_t>(stream);
}

// Blocks of `size` that hold n threads.
inline unsigned qsc_cuda_blocks(size_t n, size_t size)
{
    return static_cast<unsigned>((n + size - 1) / size);
}

#endif
