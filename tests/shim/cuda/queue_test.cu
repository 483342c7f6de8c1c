// Streams, events, graphs and memory: what order the shim keeps, and which mistakes of a program it shows.
#include "support.h"

#include <quiesce/kernels/cuda/launch.h>

#include <atomic>
#include <functional>

namespace
{

__global__ void set(int *out, int value)
{
    *out = value;
}

__global__ void add(int *out, const int *in)
{
    *out += *in;
}

struct stream {
    cudaStream_t s;

    explicit stream(unsigned flags = cudaStreamNonBlocking)
    {
        cr_assert_cuda(cudaStreamCreateWithFlags(&s, flags));
    }
    ~stream()
    {
        cudaStreamDestroy(s);
    }
};

struct event {
    cudaEvent_t e;

    event()
    {
        cr_assert_cuda(cudaEventCreateWithFlags(&e, cudaEventDisableTiming));
    }
    ~event()
    {
        cudaEventDestroy(e);
    }
};

struct pinned_int {
    int *data;

    pinned_int()
    {
        cr_assert_cuda(cudaMallocHost(&data, sizeof *data));
    }
    ~pinned_int()
    {
        cudaFreeHost(data);
    }
};

// In how many of the seeds does the program come out as it should?
int seeds_right(const std::function<bool()> &program)
{
    int right = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        qsc_shim_begin(seed);
        qsc_shim_collect();
        right += program();
        cr_assert_cuda(cudaDeviceSynchronize());
        cr_assert_eq(qsc_shim_live(), 0);
    }
    return right;
}

// What an order has to keep right comes out so with every seed; what it leaves open, with some only.
void cr_assert_always(const std::function<bool()> &program)
{
    cr_assert_eq(seeds_right(program), SEEDS);
}

void cr_assert_found(const std::function<bool()> &program)
{
    int right = seeds_right(program);
    cr_assert(right < SEEDS, "the mistake was never seen");
    cr_assert(right > 0, "the order never varied");
}

bool two_streams(bool wait)
{
    stream first, second;
    event written;
    device_array<int> value{{0}}, sum{{1}};
    QSC_LAUNCH(set, 1, 1, 0, first.s, value.data, 5);
    cr_assert_cuda(cudaEventRecord(written.e, first.s));
    if (wait)
        cr_assert_cuda(cudaStreamWaitEvent(second.s, written.e));
    QSC_LAUNCH(add, 1, 1, 0, second.s, sum.data, value.data);
    cr_assert_cuda(cudaStreamSynchronize(second.s));
    cr_assert_cuda(cudaStreamSynchronize(first.s));
    return sum.get()[0] == 6;
}

// The pinned buffer of an upload is used again: after the upload's event, or at once.
bool reuse_pinned(bool wait)
{
    stream s;
    event copied;
    pinned_int buffer;
    device_array<int> value{{0}};
    *buffer.data = 5;
    cr_assert_cuda(cudaMemcpyAsync(value.data, buffer.data, sizeof(int), cudaMemcpyHostToDevice, s.s));
    cr_assert_cuda(cudaEventRecord(copied.e, s.s));
    if (wait)
        cr_assert_cuda(cudaEventSynchronize(copied.e));
    *buffer.data = 6;
    cr_assert_cuda(cudaStreamSynchronize(s.s));
    return value.get()[0] == 5;
}

bool read_before_copied(bool wait)
{
    stream s;
    pinned_int buffer;
    device_array<int> value{{5}};
    *buffer.data = 0;
    cr_assert_cuda(cudaMemcpyAsync(buffer.data, value.data, sizeof(int), cudaMemcpyDeviceToHost, s.s));
    if (wait)
        cr_assert_cuda(cudaStreamSynchronize(s.s));
    int read = *buffer.data;
    cr_assert_cuda(cudaStreamSynchronize(s.s));
    return read == 5;
}

enum class freeing { after_event, in_order, at_once };

// A copy's source is freed: an AddressSanitizer build cannot run on past a kernel that reads freed memory.
bool free_memory(freeing how)
{
    stream s;
    event done;
    pinned_int result;
    int *value;
    cr_assert_cuda(cudaMalloc(&value, sizeof *value));
    cr_assert_cuda(cudaMemsetAsync(value, 1, sizeof *value, s.s));
    cr_assert_cuda(cudaEventRecord(done.e, s.s));
    if (how == freeing::after_event)
        cr_assert_cuda(cudaEventSynchronize(done.e));
    if (how == freeing::in_order)
        cr_assert_cuda(cudaFreeAsync(value, s.s));
    else
        cr_assert_cuda(cudaFree(value));
    cr_assert_cuda(cudaStreamSynchronize(s.s));
    return !qsc_shim_finding();
}

bool default_stream_waits(unsigned flags)
{
    stream s(flags);
    device_array<int> value{{0}}, sum{{1}};
    QSC_LAUNCH(set, 1, 1, 0, s.s, value.data, 5);
    QSC_LAUNCH(add, 1, 1, 0, nullptr, sum.data, value.data);
    QSC_LAUNCH(set, 1, 1, 0, s.s, value.data, 7);
    cr_assert_cuda(cudaDeviceSynchronize());
    return sum.get()[0] == 6;
}

} // namespace

Test(queue, a_stream_is_in_order)
{
    cr_assert_always([] {
        stream s;
        device_array<int> value{{0}}, sum{{0}};
        for (int i = 1; i <= 4; i++) {
            QSC_LAUNCH(set, 1, 1, 0, s.s, value.data, i);
            QSC_LAUNCH(add, 1, 1, 0, s.s, sum.data, value.data);
        }
        cr_assert_cuda(cudaStreamSynchronize(s.s));
        return sum.get()[0] == 10;
    });
}

Test(queue, an_event_orders_streams)
{
    cr_assert_always([] { return two_streams(true); });
    cr_assert_found([] { return two_streams(false); });
}

Test(queue, pinned_memory_is_the_copys_until_it_is_over)
{
    cr_assert_always([] { return reuse_pinned(true); });
    cr_assert_found([] { return reuse_pinned(false); });
    cr_assert_always([] { return read_before_copied(true); });
    cr_assert_found([] { return read_before_copied(false); });
}

Test(queue, pageable_memory_is_free_when_the_call_returns)
{
    cr_assert_always([] {
        stream s;
        int buffer = 5, result = 0;
        device_array<int> value{{0}};
        cr_assert_cuda(cudaMemcpyAsync(value.data, &buffer, sizeof buffer, cudaMemcpyHostToDevice, s.s));
        buffer = 6;
        cr_assert_cuda(cudaMemcpyAsync(&result, value.data, sizeof result, cudaMemcpyDeviceToHost, s.s));
        return result == 5;
    });
}

Test(queue, memory_freed_too_early)
{
    cr_assert_always([] { return free_memory(freeing::after_event); });
    cr_assert_always([] { return free_memory(freeing::in_order); });
    cr_assert_found([] { return free_memory(freeing::at_once); });
}

Test(queue, memory_of_a_stream_is_not_anothers)
{
    auto program = [](bool wait) {
        stream first, second;
        event given;
        int *value;
        cr_assert_cuda(cudaMallocAsync(&value, sizeof *value, first.s));
        cr_assert_cuda(cudaEventRecord(given.e, first.s));
        if (wait)
            cr_assert_cuda(cudaStreamWaitEvent(second.s, given.e));
        QSC_LAUNCH(set, 1, 1, 0, second.s, value, 5);
        cr_assert_cuda(cudaStreamSynchronize(second.s));
        cr_assert_cuda(cudaStreamSynchronize(first.s));
        int result;
        cr_assert_cuda(cudaMemcpy(&result, value, sizeof result, cudaMemcpyDeviceToHost));
        cr_assert_cuda(cudaFree(value));
        return result == 5;
    };
    cr_assert_always([&] { return program(true); });
    cr_assert_found([&] { return program(false); });
}

Test(queue, default_stream_and_those_that_block_on_it)
{
    cr_assert_always([] { return default_stream_waits(cudaStreamDefault); });
    cr_assert_found([] { return default_stream_waits(cudaStreamNonBlocking); });
}

Test(queue, polling_ends)
{
    cr_assert_always([] {
        stream s;
        event done;
        device_array<int> value{{0}};
        QSC_LAUNCH(set, 1, 1, 0, s.s, value.data, 5);
        cr_assert_cuda(cudaEventRecord(done.e, s.s));
        while (cudaEventQuery(done.e) == cudaErrorNotReady) {
        }
        while (cudaStreamQuery(s.s) == cudaErrorNotReady) {
        }
        return value.get()[0] == 5;
    });
}

// The order of the work of four streams, as a number.
static uint64_t order_of(uint64_t seed)
{
    enum { STREAMS = 4, EACH = 3 };
    static uint64_t order;
    static void *const digits[] = {(void *)0, (void *)1, (void *)2, (void *)3};
    qsc_shim_begin(seed);
    order = 0;
    stream streams[STREAMS];
    for (int i = 0; i < EACH * STREAMS; i++)
        cr_assert_cuda(cudaLaunchHostFunc(
            streams[i % STREAMS].s,
            [](void *digit) { order = order * STREAMS + reinterpret_cast<uintptr_t>(digit); },
            digits[i % STREAMS]));
    cr_assert_cuda(cudaDeviceSynchronize());
    return order;
}

Test(queue, a_seed_repeats_its_order)
{
    int different = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint64_t order = order_of(seed);
        cr_assert_eq(order, order_of(seed));
        different += order != order_of(seed + 1);
    }
    cr_assert_gt(different, SEEDS / 2);
}

Test(queue, host_function_must_not_call_cuda)
{
    qsc_shim_begin(1);
    qsc_shim_collect();
    cr_assert_cuda(cudaLaunchHostFunc(
        nullptr, [](void *) { cr_assert_eq(cudaDeviceSynchronize(), cudaErrorNotPermitted); }, nullptr));
    cr_assert(says(first_finding(), "called by a function of cudaLaunchHostFunc"));
}

// The host waits for what the device does, but not by a call of CUDA.
Test(queue, threads_of_the_shim)
{
    qsc_shim_begin(1);
    cr_assert_eq(qsc_shim_threads(2), 0);
    std::atomic<int> done{0};
    {
        stream streams[3];
        device_array<int> value{{0}};
        for (int i = 0; i < 30; i++) {
            QSC_LAUNCH(add, 1, 1, 0, streams[0].s, value.data, value.data);
            cr_assert_cuda(cudaLaunchHostFunc(
                streams[i % 3].s, [](void *count) { ++*static_cast<std::atomic<int> *>(count); }, &done));
        }
        while (done < 30) {
        }
        cr_assert_cuda(cudaDeviceSynchronize());
    }
    cr_assert_eq(qsc_shim_live(), 0);
    qsc_shim_begin(1);
}

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

Test(queue, a_graph_does_again_what_was_captured)
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

Test(queue, captures_that_fail)
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

Test(queue, copies_that_cannot_be)
{
    qsc_shim_begin(1);
    device_array<int> value{{1, 2}};
    int host[2];
    cr_assert_eq(cudaMemcpy(host, value.data, 8, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
    cr_assert_eq(cudaMemcpy(host, value.data + 1, 8, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
    cr_assert_eq(cudaMemcpy(host, value.data, 12, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
    cr_assert_eq(cudaMemset(value.data, 0, 12), cudaErrorInvalidValue);
    cr_assert_eq(cudaGetLastError(), cudaErrorInvalidValue);
    cr_assert_cuda(cudaMemcpy(host, value.data, 8, cudaMemcpyDefault));
    cr_assert(host[0] == 1 && host[1] == 2);
}

Test(queue, handles_and_memory_that_are_gone)
{
    qsc_shim_begin(1);
    qsc_shim_collect();
    cudaStream_t s;
    cr_assert_cuda(cudaStreamCreate(&s));
    cr_assert_cuda(cudaStreamDestroy(s));
    cr_assert_eq(cudaStreamSynchronize(s), cudaErrorInvalidResourceHandle);
    cr_assert(says(qsc_shim_finding(), "was destroyed"));
    qsc_shim_begin(1);
    qsc_shim_collect();
    int *memory;
    cr_assert_cuda(cudaMalloc(&memory, 4));
    cr_assert_cuda(cudaFree(memory));
    cr_assert_eq(cudaFree(memory), cudaErrorInvalidValue);
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

Test(queue, every_call_fails_in_turn)
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

Test(queue, no_device)
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
