/* The execution shim in the place of CUDA's runtime: the project's .cu sources, compiled as C++17, run on the
 * processor. Only builds for the shim have this directory on their include path. What the shim finds and what
 * it cannot show: docs/cuda.md; how a test steers it: ../shim.h.
 *
 * Of the toolkit's interface it has what the project's kernels or the shim's own tests use, with the
 * toolkit's numbers for errors. */
#ifndef QSC_SHIM_CUDA_RUNTIME_H
#define QSC_SHIM_CUDA_RUNTIME_H

#include "qsc_shim_device.h"

#include <memory>
#include <tuple>

enum cudaError {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorInsufficientDriver = 35,
    cudaErrorNoDevice = 100,
    cudaErrorInvalidResourceHandle = 400,
    cudaErrorNotReady = 600,
    cudaErrorLaunchFailure = 719,
    cudaErrorNotPermitted = 800,
    cudaErrorNotSupported = 801,
    cudaErrorStreamCaptureUnsupported = 900,
    cudaErrorStreamCaptureInvalidated = 901,
    cudaErrorStreamCaptureUnmatched = 903,
    cudaErrorStreamCaptureUnjoined = 904,
    cudaErrorStreamCaptureIsolation = 905,
    cudaErrorStreamCaptureImplicit = 906,
    cudaErrorCapturedEvent = 907,
    cudaErrorUnknown = 999,
};
typedef enum cudaError cudaError_t;

enum cudaMemcpyKind {
    cudaMemcpyHostToHost = 0,
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
    cudaMemcpyDeviceToDevice = 3,
    cudaMemcpyDefault = 4,
};

enum { cudaStreamDefault = 0, cudaStreamNonBlocking = 1 };
enum { cudaEventDefault = 0, cudaEventDisableTiming = 2 };
enum cudaStreamCaptureMode {
    cudaStreamCaptureModeGlobal = 0,
    cudaStreamCaptureModeThreadLocal = 1,
    cudaStreamCaptureModeRelaxed = 2,
};
enum cudaFuncAttribute {
    cudaFuncAttributeMaxDynamicSharedMemorySize = 8,
};

typedef struct qsc_shim_stream *cudaStream_t;
typedef struct qsc_shim_event *cudaEvent_t;
typedef struct qsc_shim_graph *cudaGraph_t;
typedef struct qsc_shim_graph_exec *cudaGraphExec_t;
typedef void (*cudaHostFn_t)(void *user);

extern "C" {

const char *cudaGetErrorName(cudaError_t error);
const char *cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError(void);
cudaError_t cudaPeekAtLastError(void);

cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaDeviceSynchronize(void);

/* Unlike the driver's, cudaFree waits for nothing: what is still to come and uses the memory is a bug. Memory
 * is full of garbage when it is given and when it is taken back. */
cudaError_t cudaMalloc(void **memory, size_t size);
cudaError_t cudaFree(void *memory);
cudaError_t cudaMallocAsync(void **memory, size_t size, cudaStream_t stream);
cudaError_t cudaFreeAsync(void *memory, cudaStream_t stream);
cudaError_t cudaMallocHost(void **memory, size_t size);
cudaError_t cudaFreeHost(void *memory);

/* A copy from or to pinned memory happens when the stream gets there, not when it is asked for. */
cudaError_t cudaMemcpy(void *to, const void *from, size_t size, enum cudaMemcpyKind kind);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t size, enum cudaMemcpyKind kind,
                            cudaStream_t stream = nullptr);
cudaError_t cudaMemset(void *to, int byte, size_t size);
cudaError_t cudaMemsetAsync(void *to, int byte, size_t size, cudaStream_t stream = nullptr);

cudaError_t cudaStreamCreate(cudaStream_t *stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamQuery(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void *user);

cudaError_t cudaEventCreate(cudaEvent_t *event);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = nullptr);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventQuery(cudaEvent_t event);

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long flags = 0);
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec);

} // extern "C"

template <typename T> cudaError_t cudaMalloc(T **memory, size_t size)
{
    return cudaMalloc(reinterpret_cast<void **>(memory), size);
}

template <typename T> cudaError_t cudaMallocAsync(T **memory, size_t size, cudaStream_t stream)
{
    return cudaMallocAsync(reinterpret_cast<void **>(memory), size, stream);
}

template <typename T> cudaError_t cudaMallocHost(T **memory, size_t size)
{
    return cudaMallocHost(reinterpret_cast<void **>(memory), size);
}

struct qsc_shim_launch {
    const char *name;
    const void *kernel;
    dim3 grid, block;
    size_t shared_bytes;
    void (*run)(const void *arguments); // what each thread of the grid does
    std::shared_ptr<const void> arguments;
    size_t argument_bytes;
};

cudaError_t qsc_shim_func_set_attribute(const void *kernel, enum cudaFuncAttribute attribute, int value);
/* As a launch does it: the error, if any, is cudaGetLastError's. */
void qsc_shim_enqueue(const qsc_shim_launch &launch, cudaStream_t stream);

template <typename... P>
cudaError_t cudaFuncSetAttribute(void (*kernel)(P...), enum cudaFuncAttribute attribute, int value)
{
    return qsc_shim_func_set_attribute(reinterpret_cast<const void *>(kernel), attribute, value);
}

template <typename... P> struct qsc_shim_arguments {
    void (*kernel)(P...);
    std::tuple<std::decay_t<P>...> values;

    static void run(const void *arguments)
    {
        auto *self = static_cast<const qsc_shim_arguments *>(arguments);
        std::apply(self->kernel, self->values);
    }
};

/* The arguments are taken by value, now. */
template <typename... P, typename... A>
void qsc_shim_launch_kernel(const char *name, void (*kernel)(P...), dim3 grid, dim3 block,
                            size_t shared_bytes, cudaStream_t stream, A &&...arguments)
{
    using packed = qsc_shim_arguments<P...>;
    static_assert(sizeof...(P) == sizeof...(A), "a kernel is launched with all its arguments");
    qsc_shim_enqueue({name, reinterpret_cast<const void *>(kernel), grid, block, shared_bytes, packed::run,
                      std::shared_ptr<const void>(new packed{kernel, {static_cast<P>(arguments)...}}),
                      sizeof(packed)},
                     stream);
}

#endif
