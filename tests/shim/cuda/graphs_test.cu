// Captures and the graphs they become.
#include "support.h"

#include <thread>

namespace
{

cudaError_t capture_graph(bool join, cudaGraph_t *graph, const pinned_int &in, int *value, int *sum)
{
    stream first, second;
    event forked, joined;
    *graph = nullptr;
    cr_assert_cuda(cudaStreamBeginCapture(first.s, cudaStreamCaptureModeGlobal));
    cr_assert_cuda(cudaMemcpyAsync(value, in.data, sizeof(int), cudaMemcpyHostToDevice, first.s));
    cr_assert_cuda(cudaEventRecord(forked.e, first.s));
    cr_assert_cuda(cudaStreamWaitEvent(second.s, forked.e));
    QSC_LAUNCH(add, 1, 1, 0, second.s, sum, value);
    cr_assert_cuda(cudaEventRecord(joined.e, second.s));
    cr_assert_eq(cudaEventQuery(joined.e), cudaErrorCapturedEvent);
    cr_assert_eq(cudaEventSynchronize(joined.e), cudaErrorCapturedEvent);
    cudaGraph_t none;
    cr_assert_eq(cudaStreamEndCapture(second.s, &none), cudaErrorStreamCaptureUnmatched);
    if (join) {
        cr_assert_cuda(cudaStreamWaitEvent(first.s, joined.e));
        QSC_LAUNCH(set, 1, 1, 0, first.s, value, 0);
    }
    return cudaStreamEndCapture(first.s, graph);
}

} // namespace

Test(graphs, a_graph_does_again_what_was_captured)
{
    cr_assert_always([] {
        pinned_int in;
        device_array<int> value{{0}}, sum{{0}};
        cudaGraph_t graph;
        cudaGraphExec_t exec;
        cr_assert_cuda(capture_graph(true, &graph, in, value.data, sum.data));
        cr_assert_cuda(cudaGraphInstantiate(&exec, graph));
        cr_assert_cuda(cudaGraphDestroy(graph));
        cr_assert_eq(sum.get()[0], 0, "to capture is not to do");
        stream s, other;
        for (int i = 1; i <= 3; i++) {
            *in.data = i;
            cr_assert_cuda(cudaGraphLaunch(exec, s.s));
            cr_assert_cuda(cudaGraphLaunch(exec, other.s)); // after the one before
            cr_assert_cuda(cudaStreamSynchronize(s.s));
            cr_assert_cuda(cudaStreamSynchronize(other.s));
        }
        cr_assert_cuda(cudaGraphExecDestroy(exec));
        return sum.get()[0] == 12 && value.get()[0] == 0;
    });
}

Test(graphs, what_was_forked_has_to_be_joined)
{
    cr_assert_always([] {
        pinned_int in;
        device_array<int> value{{0}}, sum{{0}};
        cudaGraph_t graph;
        cr_assert_eq(capture_graph(false, &graph, in, value.data, sum.data), cudaErrorStreamCaptureUnjoined);
        return !graph && sum.get()[0] == 0;
    });
}

Test(graphs, calls_that_end_a_capture)
{
    static int *memory;
    static const struct {
        cudaError_t (*call)(cudaStream_t captured);
        cudaError_t error;
    } cases[] = {
        {cudaStreamSynchronize, cudaErrorStreamCaptureUnsupported},
        {cudaStreamQuery, cudaErrorStreamCaptureUnsupported},
        {[](cudaStream_t) { return cudaDeviceSynchronize(); }, cudaErrorStreamCaptureUnsupported},
        {[](cudaStream_t) { return cudaMalloc(&memory, 4); }, cudaErrorStreamCaptureUnsupported},
        {[](cudaStream_t) { return cudaMallocHost(&memory, 4); }, cudaErrorStreamCaptureUnsupported},
        {[](cudaStream_t) { return cudaStreamSynchronize(nullptr); }, cudaErrorStreamCaptureImplicit},
        {[](cudaStream_t) { return cudaMemset(memory, 0, 4); }, cudaErrorStreamCaptureImplicit},
        {[](cudaStream_t) { return cudaEventRecord(event().e, nullptr); }, cudaErrorStreamCaptureImplicit},
        {[](cudaStream_t captured) { return cudaStreamWaitEvent(captured, event().e); },
         cudaErrorStreamCaptureIsolation},
    };
    for (auto one : cases) {
        begin_collecting(1);
        device_array<int> value{{1}};
        memory = value.data;
        stream s(cudaStreamDefault);
        cudaGraph_t graph;
        cr_assert_cuda(cudaStreamBeginCapture(s.s, cudaStreamCaptureModeGlobal));
        cr_assert_cuda(cudaMemsetAsync(value.data, 0, 4, s.s));
        cr_assert_eq(one.call(s.s), one.error);
        cr_assert_eq(cudaMemsetAsync(value.data, 0, 4, s.s), cudaErrorStreamCaptureInvalidated);
        cr_assert_eq(cudaStreamEndCapture(s.s, &graph), cudaErrorStreamCaptureInvalidated);
        cr_assert(!graph && value.get()[0] == 1);
        cr_assert_cuda(cudaMemsetAsync(value.data, 0, 4, s.s));
        cr_assert_cuda(cudaStreamSynchronize(s.s));
        cr_assert_eq(value.get()[0], 0, "the stream is as before");
    }
}

Test(graphs, captures_that_cannot_begin_or_end)
{
    begin_collecting(1);
    stream s;
    cudaGraph_t graph;
    cr_assert_eq(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal),
                 cudaErrorStreamCaptureUnsupported);
    cr_assert_eq(cudaStreamEndCapture(s.s, &graph), cudaErrorStreamCaptureUnmatched);
    cr_assert_cuda(cudaStreamBeginCapture(s.s, cudaStreamCaptureModeGlobal));
    cr_assert_eq(cudaStreamBeginCapture(s.s, cudaStreamCaptureModeGlobal), cudaErrorInvalidValue);
    qsc_shim_fail_call(1);
    cr_assert_eq(cudaStreamEndCapture(s.s, &graph), cudaErrorUnknown);
    cr_assert_eq(cudaStreamEndCapture(s.s, &graph), cudaErrorStreamCaptureUnmatched, "it has ended");
}

Test(graphs, captures_are_apart)
{
    begin_collecting(1);
    stream first, second;
    event recorded;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    cr_assert_cuda(cudaStreamBeginCapture(first.s, cudaStreamCaptureModeGlobal));
    cr_assert_cuda(cudaStreamBeginCapture(second.s, cudaStreamCaptureModeGlobal));
    cr_assert_cuda(cudaEventRecord(recorded.e, first.s));
    cr_assert_eq(cudaStreamWaitEvent(second.s, recorded.e), cudaErrorStreamCaptureIsolation);
    cr_assert_cuda(cudaStreamEndCapture(first.s, &graph));
    cr_assert_cuda(cudaGraphInstantiate(&exec, graph));
    cr_assert_eq(cudaGraphLaunch(exec, second.s), cudaErrorNotSupported, "no graph within another");
    cr_assert_cuda(cudaGraphDestroy(graph));
    cr_assert_cuda(cudaStreamEndCapture(second.s, &graph));
    cr_assert_cuda(cudaGraphDestroy(graph));
    cr_assert_cuda(cudaGraphExecDestroy(exec));
}

Test(graphs, whose_allocations_a_capture_forbids)
{
    static const struct {
        cudaStreamCaptureMode mode;
        cudaError_t own, others;
    } cases[] = {
        {cudaStreamCaptureModeGlobal, cudaErrorStreamCaptureUnsupported, cudaErrorStreamCaptureUnsupported},
        {cudaStreamCaptureModeThreadLocal, cudaErrorStreamCaptureUnsupported, cudaSuccess},
        {cudaStreamCaptureModeRelaxed, cudaSuccess, cudaSuccess},
    };
    for (auto one : cases)
        for (bool by_other : {false, true}) {
            begin_collecting(1);
            stream s;
            cudaGraph_t graph;
            cudaError_t error;
            int *memory = nullptr;
            auto allocate = [&] { error = cudaMalloc(&memory, 4); };
            cr_assert_cuda(cudaStreamBeginCapture(s.s, one.mode));
            if (by_other)
                std::thread(allocate).join();
            else
                allocate();
            cr_assert_eq(error, by_other ? one.others : one.own);
            cr_assert_eq(cudaStreamEndCapture(s.s, &graph),
                         error == cudaSuccess ? cudaSuccess : cudaErrorStreamCaptureInvalidated);
            if (graph)
                cr_assert_cuda(cudaGraphDestroy(graph));
            cr_assert_cuda(cudaFree(memory));
        }
}
