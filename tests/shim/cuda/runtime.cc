/* Errors, the device, and how a test steers all of it. */
#include "api.h"
#include "events.h"
#include "findings.h"
#include "graphs.h"
#include "launches.h"
#include "memory.h"
#include "queue.h"
#include "races.h"
#include "random.h"
#include "shim.h"
#include "streams.h"

#include <cstdio>
#include <mutex>

namespace
{

struct {
    std::mutex mutex;
    unsigned calls, failing; // the call that is to fail, counted as calls is
    cudaError_t no_device;
} state;

thread_local cudaError_t last_error;

} // namespace

cudaError_t api_error(cudaError_t error)
{
    if (error != cudaSuccess)
        last_error = error;
    return error;
}

cudaError_t api_release(const char *call)
{
    if (launch_in_host_function()) {
        shim_found("%s is called by a function of cudaLaunchHostFunc, which must not call CUDA", call);
        return cudaErrorNotPermitted;
    }
    queue_maybe_run();
    return cudaSuccess;
}

cudaError_t api_begin(const char *call, cudaError_t injected)
{
    cudaError_t error = api_release(call);
    if (error != cudaSuccess)
        return error;
    {
        std::lock_guard<std::mutex> guard(state.mutex);
        if (state.no_device != cudaSuccess)
            return state.no_device;
        if (++state.calls == state.failing)
            return injected;
    }
    return queue_failure();
}

void qsc_shim_begin(uint64_t seed)
{
    static const unsigned char garbage[] = {0xff, 0x7f}; // as floats NaN, and 3e38
    queue_begin(seed);
    streams_begin();
    events_begin();
    graphs_begin();
    memory_begin(garbage[shim_random{~seed}.below(2)]);
    races_begin();
    shim_findings_begin();
    std::lock_guard<std::mutex> guard(state.mutex);
    state.calls = state.failing = 0;
    state.no_device = cudaSuccess;
    last_error = cudaSuccess;
}

int qsc_shim_threads(int threads)
{
    return queue_threads(threads);
}

unsigned qsc_shim_calls(void)
{
    std::lock_guard<std::mutex> guard(state.mutex);
    return state.calls;
}

void qsc_shim_fail_call(unsigned number)
{
    std::lock_guard<std::mutex> guard(state.mutex);
    state.failing = number ? state.calls + number : 0;
}

void qsc_shim_no_device(int error)
{
    std::lock_guard<std::mutex> guard(state.mutex);
    state.no_device = static_cast<cudaError_t>(error);
}

size_t qsc_shim_live(void)
{
    return memory_live() + streams_live() + events_live() + graphs_live();
}

const char *cudaGetErrorName(cudaError_t error)
{
    switch (error) {
#define QSC_SHIM_NAME(name) \
    case name:              \
        return #name
        QSC_SHIM_NAME(cudaSuccess);
        QSC_SHIM_NAME(cudaErrorInvalidValue);
        QSC_SHIM_NAME(cudaErrorMemoryAllocation);
        QSC_SHIM_NAME(cudaErrorInvalidConfiguration);
        QSC_SHIM_NAME(cudaErrorInsufficientDriver);
        QSC_SHIM_NAME(cudaErrorNoDevice);
        QSC_SHIM_NAME(cudaErrorInvalidResourceHandle);
        QSC_SHIM_NAME(cudaErrorNotReady);
        QSC_SHIM_NAME(cudaErrorLaunchFailure);
        QSC_SHIM_NAME(cudaErrorNotPermitted);
        QSC_SHIM_NAME(cudaErrorNotSupported);
        QSC_SHIM_NAME(cudaErrorStreamCaptureUnsupported);
        QSC_SHIM_NAME(cudaErrorStreamCaptureInvalidated);
        QSC_SHIM_NAME(cudaErrorStreamCaptureUnmatched);
        QSC_SHIM_NAME(cudaErrorStreamCaptureUnjoined);
        QSC_SHIM_NAME(cudaErrorStreamCaptureIsolation);
        QSC_SHIM_NAME(cudaErrorStreamCaptureImplicit);
        QSC_SHIM_NAME(cudaErrorCapturedEvent);
        QSC_SHIM_NAME(cudaErrorUnknown);
#undef QSC_SHIM_NAME
    }
    return "unrecognized error code";
}

const char *cudaGetErrorString(cudaError_t error)
{
    return cudaGetErrorName(error);
}

cudaError_t cudaPeekAtLastError(void)
{
    cudaError_t failure = queue_failure();
    return failure != cudaSuccess ? failure : last_error;
}

cudaError_t cudaGetLastError(void)
{
    cudaError_t error = cudaPeekAtLastError();
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaGetDeviceCount(int *count)
{
    API_CALL(cudaErrorUnknown); // without a device the count is left alone, as the runtime does
    *count = 1;
    return cudaSuccess;
}
