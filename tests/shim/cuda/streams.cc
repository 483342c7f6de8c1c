#include "streams.h"

#include "api.h"

handles<qsc_shim_stream> streams = {"stream", {}};

namespace
{

qsc_shim_stream default_stream = {true, nullptr, {}};

// What has to be over before something new in the stream begins. The default stream waits for all that block
// on it, and they for it.
std::vector<operation_ref> before_next(qsc_shim_stream *stream)
{
    std::vector<operation_ref> before = {stream->last};
    if (stream == &default_stream) {
        for (const auto &[other, owner] : streams.alive)
            if (other->blocking)
                before.push_back(other->last);
    } else if (stream->blocking) {
        before.push_back(default_stream.last);
    }
    return before;
}

cudaError_t add(cudaStream_t handle, std::function<void()> run)
{
    queue_guard lock = queue_lock();
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream)
        return cudaErrorInvalidResourceHandle;
    if (stream_is_implicitly_captured(stream))
        return cudaErrorStreamCaptureImplicit;
    if (stream->captured.of)
        return capture_add(stream->captured, std::move(run));
    stream_append(lock, stream, std::move(run));
    return cudaSuccess;
}

cudaError_t wait_for_all()
{
    queue_guard lock = queue_lock();
    for (const auto &[stream, owner] : streams.alive)
        if (capture_refuse(stream->captured) != cudaSuccess)
            return cudaErrorStreamCaptureUnsupported;
    return queue_wait_all(lock);
}

} // namespace

qsc_shim_stream *stream_of(cudaStream_t handle)
{
    if (!handle)
        return &default_stream;
    return streams.knows(handle) ? handle : nullptr;
}

bool stream_is_implicitly_captured(qsc_shim_stream *stream)
{
    if (stream != &default_stream)
        return false;
    for (const auto &[other, owner] : streams.alive)
        if (other->blocking && capture_refuse(other->captured) != cudaSuccess)
            return true;
    return false;
}

operation_ref stream_append(queue_guard &lock, qsc_shim_stream *stream, std::function<void()> run,
                            std::vector<operation_ref> also_after)
{
    std::vector<operation_ref> before = before_next(stream);
    before.insert(before.end(), also_after.begin(), also_after.end());
    return stream->last = queue_add(lock, std::move(run), std::move(before));
}

cudaError_t stream_add(cudaStream_t stream, std::function<void()> run)
{
    cudaError_t error = add(stream, std::move(run));
    queue_maybe_run(); // it may be over before the call is
    return error;
}

bool stream_is_captured(cudaStream_t handle)
{
    queue_guard lock = queue_lock();
    qsc_shim_stream *stream = stream_of(handle);
    return stream && stream->captured.of;
}

cudaError_t stream_wait(cudaStream_t handle)
{
    queue_guard lock = queue_lock();
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream)
        return cudaErrorInvalidResourceHandle;
    if (stream_is_implicitly_captured(stream))
        return cudaErrorStreamCaptureImplicit;
    cudaError_t error = capture_refuse(stream->captured);
    return error == cudaSuccess ? queue_wait(lock, before_next(stream)) : error;
}

void streams_begin()
{
    queue_guard lock = queue_lock();
    streams.alive.clear();
    default_stream = {true, nullptr, {}};
}

size_t streams_live()
{
    queue_guard lock = queue_lock();
    return streams.alive.size();
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *handle, unsigned flags)
{
    API_CALL(cudaErrorMemoryAllocation);
    queue_guard lock = queue_lock();
    *handle = streams.add({flags != cudaStreamNonBlocking, nullptr, {}});
    return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t *handle)
{
    return cudaStreamCreateWithFlags(handle, cudaStreamDefault);
}

// What it was given goes on.
cudaError_t cudaStreamDestroy(cudaStream_t handle)
{
    return streams.destroy(__func__, handle);
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle)
{
    return api_wait(__func__, [=] { return stream_wait(handle); });
}

cudaError_t cudaDeviceSynchronize(void)
{
    return api_wait(__func__, wait_for_all);
}

cudaError_t cudaStreamQuery(cudaStream_t handle)
{
    API_CALL(cudaErrorUnknown);
    queue_guard lock = queue_lock();
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream)
        return api_error(cudaErrorInvalidResourceHandle);
    cudaError_t error = capture_refuse(stream->captured);
    return error == cudaSuccess ? queue_query(lock, before_next(stream)) : api_error(error);
}
