#include "memory.h"

#include "api.h"
#include "findings.h"
#include "streams.h"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>

namespace
{

#ifdef QSC_SHIM_ASAN
// AddressSanitizer surrounds pieces, keeps freed ones, and knows who freed them.
const size_t MARGIN = 0, KEPT = 0;
#else
// Kernels that write a little beyond a piece are found, and change nothing. Freed pieces are given back late,
// so that who still uses one does not meet another in its place.
const size_t MARGIN = 4 * MEMORY_ALIGNMENT, KEPT = 64 << 20;
#endif

struct {
    std::mutex mutex;
    std::map<uintptr_t, memory_piece> pieces; // by address
    std::atomic<unsigned long> generation;
    unsigned char garbage = 0xff;
    std::deque<memory_piece> freed;
    size_t freed_bytes;
} memory;

// Relaxed: what a program orders before a kernel is before it by the queue's lock, and the rest is its
// mistake.
void changed()
{
    memory.generation.fetch_add(1, std::memory_order_relaxed);
}

bool within(const void *address, size_t size, bool pinned)
{
    memory_piece piece = memory_find(address);
    size_t offset = static_cast<size_t>(static_cast<const char *>(address) - piece.begin);
    return piece.begin && piece.pinned == pinned && piece.size - offset >= size;
}

cudaError_t take(void **result, size_t size, bool pinned)
{
    *result = nullptr;
    if (size == 0)
        return cudaSuccess;
    void *piece = memory_allocate(size);
    if (!piece)
        return api_error(cudaErrorMemoryAllocation);
    std::lock_guard<std::mutex> guard(memory.mutex);
    memory.pieces[reinterpret_cast<uintptr_t>(piece)] = {static_cast<char *>(piece), size, pinned};
    changed();
    *result = piece;
    return cudaSuccess;
}

// False where the address is not that of a piece.
bool give_back(void *address, bool pinned)
{
    std::lock_guard<std::mutex> guard(memory.mutex);
    auto found = memory.pieces.find(reinterpret_cast<uintptr_t>(address));
    if (found == memory.pieces.end() || found->second.pinned != pinned)
        return false;
    memory_piece piece = found->second;
    memory.pieces.erase(found);
    changed();
    memory_spoil(address, piece.size);
    memory.freed.push_back(piece);
    memory.freed_bytes += piece.size;
    while (memory.freed_bytes > KEPT) {
        memory.freed_bytes -= memory.freed.front().size;
        memory_deallocate(const_cast<char *>(memory.freed.front().begin));
        memory.freed.pop_front();
    }
    return true;
}

cudaError_t release(void *address, bool pinned, const char *call)
{
    if (!address || give_back(address, pinned))
        return cudaSuccess;
    shim_found("%s of %p, which it did not give, or which was freed before", call, address);
    return api_error(cudaErrorInvalidValue);
}

} // namespace

void *memory_allocate(size_t size)
{
    void *all;
    if (size > SIZE_MAX / 2 || posix_memalign(&all, MEMORY_ALIGNMENT, MARGIN + size + MARGIN) != 0)
        return nullptr;
    char *begin = static_cast<char *>(all) + MARGIN;
    memory_spoil(begin, size);
    return begin;
}

void memory_deallocate(void *begin)
{
    free(static_cast<char *>(begin) - MARGIN);
}

bool memory_is_device(const void *address, size_t size)
{
    return within(address, size, false);
}

bool memory_is_pinned(const void *address, size_t size)
{
    return within(address, size, true);
}

memory_piece memory_find(const void *address)
{
    std::lock_guard<std::mutex> guard(memory.mutex);
    auto next = memory.pieces.upper_bound(reinterpret_cast<uintptr_t>(address));
    if (next == memory.pieces.begin())
        return {};
    memory_piece piece = std::prev(next)->second;
    return static_cast<size_t>(static_cast<const char *>(address) - piece.begin) < piece.size
               ? piece
               : memory_piece();
}

std::string memory_describe(const void *address)
{
    memory_piece piece = memory_find(address);
    auto at = [=](const memory_piece &one) { return static_cast<const char *>(address) - one.begin; };
    auto text = [](ptrdiff_t offset, const char *what, size_t size) {
        return "byte " + std::to_string(offset) + what + std::to_string(size);
    };
    if (piece.begin)
        return text(at(piece), piece.pinned ? " of pinned memory of " : " of memory of ", piece.size);
    std::lock_guard<std::mutex> guard(memory.mutex);
    for (const memory_piece &freed : memory.freed)
        if (static_cast<size_t>(at(freed)) < freed.size)
            return text(at(freed), " of freed memory of ", freed.size);
    for (const auto &one : memory.pieces)
        if (static_cast<size_t>(at(one.second)) < one.second.size + MARGIN)
            return text(at(one.second), " from the begin of memory of ", one.second.size);
    char other[64];
    snprintf(other, sizeof other, "%p, no memory of the device", address);
    return other;
}

unsigned long memory_generation()
{
    return memory.generation.load(std::memory_order_relaxed); // as in changed()
}

void memory_spoil(void *address, size_t size)
{
    memset(address, memory.garbage, size);
}

size_t memory_live()
{
    std::lock_guard<std::mutex> guard(memory.mutex);
    return memory.pieces.size();
}

void memory_begin(unsigned char garbage)
{
    std::lock_guard<std::mutex> guard(memory.mutex);
    memory.pieces.clear();
    changed();
    memory.garbage = garbage;
}

cudaError_t cudaMalloc(void **result, size_t size)
{
    API_CALL(cudaErrorMemoryAllocation);
    if (capture_forbids())
        return api_error(cudaErrorStreamCaptureUnsupported);
    return take(result, size, false);
}

cudaError_t cudaMallocHost(void **result, size_t size)
{
    API_CALL(cudaErrorMemoryAllocation);
    if (capture_forbids())
        return api_error(cudaErrorStreamCaptureUnsupported);
    return take(result, size, true);
}

cudaError_t cudaFree(void *address)
{
    API_RELEASE();
    return release(address, false, "cudaFree");
}

cudaError_t cudaFreeHost(void *address)
{
    API_RELEASE();
    return release(address, true, "cudaFreeHost");
}

// The memory is whose asks for it from the moment on at which the stream gets there: what wrote to it earlier
// wrote in vain.
cudaError_t cudaMallocAsync(void **result, size_t size, cudaStream_t stream)
{
    API_CALL(cudaErrorMemoryAllocation);
    cudaError_t error = take(result, size, false);
    if (error != cudaSuccess || size == 0)
        return error;
    void *piece = *result;
    error = stream_add(stream, [=] { memory_spoil(piece, size); });
    if (error != cudaSuccess) {
        give_back(piece, false);
        *result = nullptr;
    }
    return api_error(error);
}

cudaError_t cudaFreeAsync(void *address, cudaStream_t stream)
{
    API_RELEASE();
    if (address && !memory_is_device(address, 1))
        return release(address, false, "cudaFreeAsync");
    return api_error(stream_add(stream, [=] { (void)release(address, false, "cudaFreeAsync"); }));
}

namespace
{

// Where a copy's two ends may lie. A piece that is freed before the copy's turn is found then.
bool may_copy(void *to, const void *from, size_t size, enum cudaMemcpyKind kind)
{
    bool to_device = memory_is_device(to, size), from_device = memory_is_device(from, size);
    switch (kind) {
    case cudaMemcpyHostToHost:
        return !to_device && !from_device;
    case cudaMemcpyHostToDevice:
        return to_device && !from_device;
    case cudaMemcpyDeviceToHost:
        return !to_device && from_device;
    case cudaMemcpyDeviceToDevice:
        return to_device && from_device;
    default:
        return true;
    }
}

// Pageable memory (no piece) is not the shim's to know.
bool still_there(const void *address, size_t size, const memory_piece &piece, const char *what)
{
    if (!piece.begin || (piece.pinned ? memory_is_pinned(address, size) : memory_is_device(address, size)))
        return true;
    shim_found("%s uses %zu bytes at %p, which were freed before its turn came", what, size, address);
    return false;
}

cudaError_t copy(void *to, const void *from, size_t size, enum cudaMemcpyKind kind, cudaStream_t stream)
{
    if (size == 0)
        return cudaSuccess;
    if (!may_copy(to, from, size, kind))
        return api_error(cudaErrorInvalidValue);
    memory_piece target = memory_find(to), source = memory_find(from);
    return api_error(stream_add(stream, [=] {
        if (still_there(to, size, target, "a copy") && still_there(from, size, source, "a copy"))
            memmove(to, from, size);
    }));
}

} // namespace

// From or to pageable memory, the copy is over when the call returns.
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t size, enum cudaMemcpyKind kind,
                            cudaStream_t stream)
{
    API_CALL(cudaErrorUnknown);
    cudaError_t error = copy(to, from, size, kind, stream);
    bool pageable = !(memory_is_device(to, size) || memory_is_pinned(to, size)) ||
                    !(memory_is_device(from, size) || memory_is_pinned(from, size));
    if (error == cudaSuccess && pageable && !stream_is_captured(stream))
        error = api_error(stream_wait(stream));
    return error;
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t size, enum cudaMemcpyKind kind)
{
    API_CALL(cudaErrorUnknown);
    cudaError_t error = copy(to, from, size, kind, nullptr);
    return error == cudaSuccess ? api_error(stream_wait(nullptr)) : error;
}

cudaError_t cudaMemsetAsync(void *to, int byte, size_t size, cudaStream_t stream)
{
    API_CALL(cudaErrorUnknown);
    if (size == 0)
        return cudaSuccess;
    memory_piece piece = memory_find(to);
    if (!memory_is_pinned(to, size) && !memory_is_device(to, size))
        return api_error(cudaErrorInvalidValue);
    return api_error(stream_add(stream, [=] {
        if (still_there(to, size, piece, "a memset"))
            memset(to, byte, size);
    }));
}

cudaError_t cudaMemset(void *to, int byte, size_t size)
{
    return cudaMemsetAsync(to, byte, size, nullptr);
}
