/* What every call of the runtime does first and last. */
#ifndef QSC_SHIM_CUDA_API_H
#define QSC_SHIM_CUDA_API_H

#include "launches.h"

#include <cuda_runtime.h>

/* Keeps the error for cudaGetLastError, and hands it on. */
cudaError_t api_error(cudaError_t error);

/* Is this call, which may fail, to fail? Counts it, and gives queued work its chance. */
cudaError_t api_begin(const char *call, cudaError_t injected);

/* The same for calls that free or destroy: none is made to fail. */
cudaError_t api_release(const char *call);

#define API_CALL(injected)                                      \
    if (cudaError_t api_failed = api_begin(__func__, injected)) \
    return api_error(api_failed)

#define API_RELEASE()                                   \
    if (cudaError_t api_failed = api_release(__func__)) \
    return api_error(api_failed)

/* All that a call does that waits: it fails, if it is to, after it has waited, and in a function of
 * cudaLaunchHostFunc without. */
template <typename Wait> cudaError_t api_wait(const char *call, Wait wait)
{
    cudaError_t error = launch_in_host_function() ? cudaSuccess : wait();
    cudaError_t failed = api_begin(call, cudaErrorUnknown);
    return api_error(failed != cudaSuccess ? failed : error);
}

#endif
