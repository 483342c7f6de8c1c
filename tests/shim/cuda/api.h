/* What every call of the runtime does first and last. */
#ifndef QSC_SHIM_CUDA_API_H
#define QSC_SHIM_CUDA_API_H

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

#endif
