// Calls that fail: because a test wants it, because there is no device, because what they are given is gone.
#include "support.h"

Test(runtime, handles_that_are_gone)
{
    static cudaStream_t s;
    static cudaEvent_t e;
    static cudaGraph_t g;
    static cudaGraphExec_t x;
    static cudaError_t (*const calls[])() = {
        [] { return cudaStreamSynchronize(s); },
        [] { return cudaStreamQuery(s); },
        [] { return cudaStreamDestroy(s); },
        [] { return cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal); },
        [] { return cudaStreamEndCapture(s, &g); },
        [] {
            return cudaLaunchHostFunc(
                s, [](void *) {}, nullptr);
        },
        [] { return cudaEventRecord(e, nullptr); },
        [] { return cudaStreamWaitEvent(nullptr, e); },
        [] { return cudaEventSynchronize(e); },
        [] { return cudaEventQuery(e); },
        [] { return cudaEventDestroy(e); },
        [] { return cudaGraphInstantiate(&x, g); },
        [] { return cudaGraphDestroy(g); },
        [] { return cudaGraphLaunch(x, nullptr); },
        [] { return cudaGraphExecDestroy(x); },
    };
    for (auto call : calls) {
        begin_collecting(1);
        cr_assert_cuda(cudaStreamCreate(&s));
        cr_assert_cuda(cudaEventCreate(&e));
        cr_assert_cuda(cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal));
        cr_assert_cuda(cudaStreamEndCapture(s, &g));
        cr_assert_cuda(cudaGraphInstantiate(&x, g));
        cr_assert_cuda(cudaGraphExecDestroy(x));
        cr_assert_cuda(cudaGraphDestroy(g));
        cr_assert_cuda(cudaEventDestroy(e));
        cr_assert_cuda(cudaStreamDestroy(s));
        cr_assert_eq(call(), cudaErrorInvalidResourceHandle);
        cr_assert(says(qsc_shim_finding(), "was destroyed"));
    }
}

Test(runtime, memory_that_is_gone)
{
    begin_collecting(1);
    int *memory;
    cr_assert_cuda(cudaMalloc(&memory, 4));
    cr_assert_cuda(cudaFree(memory));
    cr_assert_eq(cudaFree(memory), cudaErrorInvalidValue);
    cr_assert(says(qsc_shim_finding(), "freed before"));
    begin_collecting(1);
    cr_assert_eq(cudaFreeAsync(memory, nullptr), cudaErrorInvalidValue);
    cr_assert(says(qsc_shim_finding(), "freed before"));
    qsc_shim_begin(1);
    cr_assert_cuda(cudaFree(nullptr));
}

// Uploads, computes, downloads; gives back what it took, whatever fails.
static cudaError_t whole_program(int *result)
{
    cudaStream_t s = nullptr;
    cudaEvent_t e = nullptr;
    int *pinned = nullptr, *value = nullptr;
    cudaError_t error = cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking);
    if (error == cudaSuccess)
        error = cudaEventCreate(&e);
    if (error == cudaSuccess)
        error = cudaMallocHost(&pinned, sizeof *pinned);
    if (error == cudaSuccess)
        error = cudaMalloc(&value, sizeof *value);
    if (error == cudaSuccess) {
        *pinned = 4;
        error = cudaMemcpyAsync(value, pinned, sizeof *value, cudaMemcpyHostToDevice, s);
    }
    if (error == cudaSuccess) {
        QSC_LAUNCH(add, 1, 1, 0, s, value, value);
        error = cudaGetLastError();
    }
    if (error == cudaSuccess)
        error = cudaMemcpyAsync(pinned, value, sizeof *value, cudaMemcpyDeviceToHost, s);
    if (error == cudaSuccess)
        error = cudaEventRecord(e, s);
    if (error == cudaSuccess)
        error = cudaEventSynchronize(e);
    if (error == cudaSuccess)
        *result = *pinned;
    if (s) {
        cudaError_t finished = cudaStreamSynchronize(s); // before its memory goes
        error = error == cudaSuccess ? finished : error;
        cudaStreamDestroy(s);
    }
    if (e)
        cudaEventDestroy(e);
    cudaFree(value);
    cudaFreeHost(pinned);
    return error;
}

Test(runtime, every_call_fails_in_turn)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        unsigned failing = 0;
        cudaError_t error;
        do {
            qsc_shim_begin(seed);
            qsc_shim_fail_call(++failing);
            int result = 0;
            error = whole_program(&result);
            cr_assert(error != cudaSuccess || result == 8);
            cr_assert_eq(error != cudaSuccess, failing <= qsc_shim_calls());
            cr_assert_eq(qsc_shim_live(), 0);
        } while (error != cudaSuccess);
        cr_assert_eq(failing, 11, "ten calls may fail, the eleventh is never made");
    }
}

Test(runtime, no_device)
{
    static const cudaError_t errors[] = {cudaErrorNoDevice, cudaErrorInsufficientDriver};
    for (cudaError_t error : errors) {
        qsc_shim_begin(1);
        qsc_shim_no_device(error);
        int count = -1;
        int *memory;
        cr_assert_eq(cudaGetDeviceCount(&count), error);
        cr_assert_eq(count, -1);
        cr_assert_eq(cudaMalloc(&memory, 4), error);
    }
}

Test(runtime, a_device_and_names_of_errors)
{
    qsc_shim_begin(1);
    int count = 0;
    cr_assert_cuda(cudaGetDeviceCount(&count));
    cr_assert_eq(count, 1);
    cr_assert_str_eq(cudaGetErrorName(cudaErrorStreamCaptureImplicit), "cudaErrorStreamCaptureImplicit");
    cr_assert_str_eq(cudaGetErrorString(static_cast<cudaError_t>(12345)), "unrecognized error code");
}
