// Streams and events: what order the shim keeps, what it leaves open, and what it draws from a seed.
#include "support.h"

#include <atomic>

namespace
{

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

Test(streams, a_stream_is_in_order)
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

Test(streams, an_event_orders_streams)
{
    cr_assert_needed(two_streams);
}

Test(streams, default_stream_and_those_that_block_on_it)
{
    cr_assert_always([] { return default_stream_waits(cudaStreamDefault); });
    cr_assert_found([] { return default_stream_waits(cudaStreamNonBlocking); });
}

Test(streams, polling_ends)
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

Test(streams, a_seed_repeats_its_order)
{
    int different = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint64_t order = order_of(seed);
        cr_assert_eq(order, order_of(seed));
        different += order != order_of(seed + 1);
    }
    cr_assert_gt(different, SEEDS / 2);
}

Test(streams, host_function_must_not_call_cuda)
{
    begin_collecting(1);
    cr_assert_cuda(cudaLaunchHostFunc(
        nullptr, [](void *) { cr_assert_eq(cudaDeviceSynchronize(), cudaErrorNotPermitted); }, nullptr));
    cr_assert(says(first_finding(), "called by a function of cudaLaunchHostFunc"));
}

// The host waits for what the device does, but not by a call of CUDA.
Test(streams, threads_of_the_shim)
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
                streams[i % 3].s,
                [](void *count) {
                    static_cast<std::atomic<int> *>(count)->fetch_add(1, std::memory_order_relaxed);
                },
                &done));
        }
        while (done.load(std::memory_order_relaxed) < 30) {
        }
        cr_assert_cuda(cudaDeviceSynchronize());
    }
    cr_assert_eq(qsc_shim_live(), 0);
    qsc_shim_begin(1);
}
