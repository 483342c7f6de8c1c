#include "launches.h"

#include "api.h"
#include "block.h"
#include "fibers.h"
#include "queue.h"
#include "streams.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace
{

enum { MOST_SHARED = 227 << 10 };

// Kernels that may have more dynamic shared memory than BLOCK_STATIC_SHARED.
struct {
    std::mutex mutex;
    std::map<const void *, size_t> shared_bytes;
} allowed;

std::mutex executing; // a kernel

thread_local bool in_host_function;

// Can a device launch it?
cudaError_t check(const qsc_shim_launch &launch)
{
    const dim3 &grid = launch.grid, &size = launch.block;
    uint64_t threads = uint64_t(size.x) * size.y * size.z;
    if (threads == 0 || threads > SHIM_FIBERS || size.z > 64 || grid.x == 0 || grid.y == 0 || grid.z == 0 ||
        grid.x > INT32_MAX || grid.y > UINT16_MAX || grid.z > UINT16_MAX)
        return cudaErrorInvalidConfiguration;
    std::lock_guard<std::mutex> guard(allowed.mutex);
    auto raised = allowed.shared_bytes.find(launch.kernel);
    size_t most = BLOCK_STATIC_SHARED;
    if (raised != allowed.shared_bytes.end())
        most = std::max(most, raised->second);
    return launch.shared_bytes > most ? cudaErrorInvalidValue : cudaSuccess;
}

} // namespace

bool launch_in_host_function()
{
    return in_host_function;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void *user)
{
    API_CALL(cudaErrorUnknown);
    return api_error(stream_add(stream, [=] {
        in_host_function = true;
        function(user);
        in_host_function = false;
    }));
}

void qsc_shim_enqueue(const qsc_shim_launch &launch, cudaStream_t stream)
{
    cudaError_t error = api_begin("a launch", cudaErrorUnknown);
    if (error == cudaSuccess)
        error = check(launch);
    if (error == cudaSuccess)
        error = stream_add(stream, [launch] {
            uint64_t seed = queue_draw();
            std::lock_guard<std::mutex> alone(executing);
            if (!block_execute(launch, seed))
                queue_fail();
        });
    api_error(error);
}

cudaError_t qsc_shim_func_set_attribute(const void *kernel, enum cudaFuncAttribute attribute, int value)
{
    API_CALL(cudaErrorUnknown);
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 || value > MOST_SHARED)
        return api_error(cudaErrorInvalidValue);
    std::lock_guard<std::mutex> guard(allowed.mutex);
    allowed.shared_bytes[kernel] = static_cast<size_t>(value);
    return cudaSuccess;
}
