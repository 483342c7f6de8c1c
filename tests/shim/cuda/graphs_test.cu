// Captures and the graphs they become.
#include "support.h"

namespace
{

enum class capture { right, unjoined, waits, allocates, on_default };

cudaError_t capture_graph(capture how, cudaGraph_t *graph, const pinned_int &in, int *value, int *sum)
{
    stream first(cudaStreamDefault), second;
    event forked, joined;
    *graph = nullptr;
    cr_assert_cuda(cudaStreamBeginCapture(first.s, cudaStreamCaptureModeGlobal));
    cr_assert_cuda(cudaMemcpyAsync(value, in.data, sizeof(int), cudaMemcpyHostToDevice, first.s));
    cr_assert_cuda(cudaEventRecord(forked.e, first.s));
    cr_assert_cuda(cudaStreamWaitEvent(second.s, forked.e));
    QSC_LAUNCH(add, 1, 1, 0, second.s, sum, value);
    cr_assert_cuda(cudaEventRecord(joined.e, second.s));
    cr_assert_eq(cudaEventQuery(joined.e), cudaErrorCapturedEvent);
    int *memory;
    if (how == capture::waits)
        cr_assert_eq(cudaStreamSynchronize(first.s), cudaErrorStreamCaptureUnsupported);
    if (how == capture::allocates)
        cr_assert_eq(cudaMalloc(&memory, 4), cudaErrorStreamCaptureUnsupported);
    if (how == capture::on_default)
        cr_assert_eq(cudaMemsetAsync(value, 0, 4), cudaErrorStreamCaptureImplicit);
    if (how != capture::unjoined)
        cr_assert_cuda(cudaStreamWaitEvent(first.s, joined.e));
    if (how == capture::right)
        QSC_LAUNCH(set, 1, 1, 0, first.s, value, 0);
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
        cr_assert_cuda(capture_graph(capture::right, &graph, in, value.data, sum.data));
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

Test(graphs, captures_that_fail)
{
    static const struct {
        capture how;
        cudaError_t error;
    } cases[] = {{capture::unjoined, cudaErrorStreamCaptureUnjoined},
                 {capture::waits, cudaErrorStreamCaptureInvalidated},
                 {capture::allocates, cudaErrorStreamCaptureInvalidated},
                 {capture::on_default, cudaErrorStreamCaptureInvalidated}};
    for (auto one : cases)
        cr_assert_always([=] {
            pinned_int in;
            device_array<int> value{{0}}, sum{{0}};
            cudaGraph_t graph;
            cr_assert_eq(capture_graph(one.how, &graph, in, value.data, sum.data), one.error);
            return !graph && sum.get()[0] == 0;
        });
}
