// Memory and copies: who may touch what and when, and which mistakes of a program are seen.
#include "support.h"

#include <malloc.h>

namespace
{

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

// What a memset has to fill is freed. (A kernel that wrote there would end a build with AddressSanitizer.)
bool free_memory(freeing how)
{
    stream s;
    event done;
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

bool use_of_another_stream(bool wait)
{
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
}

} // namespace

Test(memory, pinned_memory_is_the_copys_until_it_is_over)
{
    cr_assert_needed(reuse_pinned);
    cr_assert_needed(read_before_copied);
}

Test(memory, pageable_memory_is_free_when_the_call_returns)
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

Test(memory, memory_freed_too_early)
{
    cr_assert_always([] { return free_memory(freeing::after_event); });
    cr_assert_always([] { return free_memory(freeing::in_order); });
    cr_assert_found([] { return free_memory(freeing::at_once); });
}

Test(memory, memory_of_a_stream_is_not_anothers)
{
    cr_assert_needed(use_of_another_stream);
}

Test(memory, copies_that_cannot_be)
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

Test(memory, copies_of_every_kind)
{
    begin_collecting(1);
    device_array<int> from{{1, 2}}, to{{0, 0}};
    int host[2] = {0, 0};
    cr_assert_cuda(cudaMemcpy(to.data, from.data, 8, cudaMemcpyDeviceToDevice));
    cr_assert(to.get() == from.get());
    cr_assert_eq(cudaMemcpy(host, from.data, 8, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
    cr_assert_cuda(cudaMemcpy(host, host + 1, 4, cudaMemcpyHostToHost));
    cr_assert_eq(cudaMemcpy(host, from.data, 8, cudaMemcpyHostToHost), cudaErrorInvalidValue);
    cr_assert_cuda(cudaMemcpy(nullptr, nullptr, 0, cudaMemcpyDeviceToDevice));
    cr_assert_cuda(cudaMemset(nullptr, 0, 0));
}

Test(memory, allocations_that_cannot_be)
{
    begin_collecting(1);
    int *memory = reinterpret_cast<int *>(1);
    cr_assert_eq(cudaMalloc(&memory, SIZE_MAX / 2 + 1), cudaErrorMemoryAllocation);
    cr_assert(!memory);
    cr_assert_cuda(cudaMalloc(&memory, 0));
    cr_assert(!memory);
    stream s;
    cr_assert_eq(cudaMallocAsync(&memory, SIZE_MAX / 2 + 1, s.s), cudaErrorMemoryAllocation);
    cr_assert_cuda(cudaStreamBeginCapture(s.s, cudaStreamCaptureModeRelaxed));
    cr_assert_eq(cudaStreamSynchronize(s.s), cudaErrorStreamCaptureUnsupported);
    cr_assert_eq(cudaMallocAsync(&memory, 4, s.s), cudaErrorStreamCaptureInvalidated);
    cr_assert(!memory && qsc_shim_live() == 1, "only the stream");
}

// Some of what was freed is kept, so that its later use is found.
Test(memory, freed_memory_is_given_back_at_last)
{
    begin_collecting(1);
    for (int i = 0; i < 100; i++) {
        int *memory;
        cr_assert_cuda(cudaMalloc(&memory, 4 << 20));
        cr_assert_cuda(cudaFree(memory));
    }
    struct mallinfo2 used = mallinfo2();
    cr_assert_lt(used.uordblks + used.hblkhd, 100 << 20);
}
