#include "events.h"

#include "api.h"
#include "handles.h"
#include "streams.h"

struct qsc_shim_event {
    operation_ref recorded;
    capture_place captured;
};

static handles<qsc_shim_event> events = {"event", {}};

void events_begin()
{
    queue_guard lock = queue_lock();
    events.alive.clear();
}

size_t events_live()
{
    queue_guard lock = queue_lock();
    return events.alive.size();
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *handle, unsigned)
{
    API_CALL(cudaErrorMemoryAllocation);
    queue_guard lock = queue_lock();
    *handle = events.add({});
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *handle)
{
    return cudaEventCreateWithFlags(handle, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t handle)
{
    return events.destroy(__func__, handle);
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t in)
{
    API_CALL(cudaErrorUnknown);
    queue_guard lock = queue_lock();
    qsc_shim_stream *stream = stream_of(in);
    if (!stream || !events.knows(handle))
        return api_error(cudaErrorInvalidResourceHandle);
    if (stream_is_implicitly_captured(stream))
        return api_error(cudaErrorStreamCaptureImplicit);
    handle->captured = stream->captured;
    if (!stream->captured.of)
        handle->recorded = stream_append(lock, stream, nullptr);
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t in, cudaEvent_t handle, unsigned)
{
    API_CALL(cudaErrorUnknown);
    queue_guard lock = queue_lock();
    qsc_shim_stream *stream = stream_of(in);
    if (!stream || !events.knows(handle))
        return api_error(cudaErrorInvalidResourceHandle);
    if (handle->captured.of) {
        if (stream->captured.of && stream->captured.of != handle->captured.of)
            return api_error(cudaErrorStreamCaptureIsolation);
        capture_join(stream->captured, handle->captured);
        return cudaSuccess;
    }
    if (capture_refuse(stream->captured) != cudaSuccess)
        return api_error(cudaErrorStreamCaptureIsolation);
    stream_append(lock, stream, nullptr, {handle->recorded});
    return cudaSuccess;
}

static cudaError_t wait_for(cudaEvent_t handle)
{
    queue_guard lock = queue_lock();
    if (!events.knows(handle))
        return cudaErrorInvalidResourceHandle;
    if (handle->captured.of)
        return cudaErrorCapturedEvent;
    return queue_wait(lock, {handle->recorded});
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle)
{
    return api_wait(__func__, [=] { return wait_for(handle); });
}

cudaError_t cudaEventQuery(cudaEvent_t handle)
{
    API_CALL(cudaErrorUnknown);
    queue_guard lock = queue_lock();
    if (!events.knows(handle))
        return api_error(cudaErrorInvalidResourceHandle);
    if (handle->captured.of)
        return api_error(cudaErrorCapturedEvent);
    return queue_query(lock, {handle->recorded});
}
