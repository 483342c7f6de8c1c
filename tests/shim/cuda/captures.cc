#include "captures.h"

#include "api.h"
#include "graphs.h"
#include "streams.h"

#include <algorithm>

namespace
{

// Do all nodes lead to the tips?
bool joined(const capture &captured, const std::vector<size_t> &tips)
{
    std::vector<bool> reached(captured.nodes.size());
    for (size_t tip : tips)
        reached[tip] = true;
    for (size_t i = captured.nodes.size(); i-- > 0;) // a node comes after those it waits for
        if (reached[i])
            for (size_t before : captured.nodes[i].after)
                reached[before] = true;
    return std::find(reached.begin(), reached.end(), false) == reached.end();
}

bool forbids(const capture &captured)
{
    return captured.mode == cudaStreamCaptureModeGlobal ||
           (captured.mode == cudaStreamCaptureModeThreadLocal &&
            captured.thread == std::this_thread::get_id());
}

} // namespace

cudaError_t capture_add(capture_place &place, std::function<void()> run)
{
    if (place.of->invalid)
        return cudaErrorStreamCaptureInvalidated;
    place.of->nodes.push_back({std::move(run), place.tips});
    place.tips = {place.of->nodes.size() - 1};
    return cudaSuccess;
}

void capture_join(capture_place &place, const capture_place &other)
{
    place.of = other.of;
    for (size_t tip : other.tips)
        if (std::find(place.tips.begin(), place.tips.end(), tip) == place.tips.end())
            place.tips.push_back(tip);
}

cudaError_t capture_refuse(const capture_place &place)
{
    if (!place.of)
        return cudaSuccess;
    place.of->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
}

bool capture_forbids()
{
    queue_guard lock = queue_lock();
    for (const auto &[stream, owner] : streams.alive)
        if (stream->captured.of && forbids(*stream->captured.of)) {
            stream->captured.of->invalid = true;
            return true;
        }
    return false;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, enum cudaStreamCaptureMode mode)
{
    API_CALL(cudaErrorUnknown);
    queue_guard lock = queue_lock();
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream)
        return api_error(cudaErrorInvalidResourceHandle);
    if (!handle)
        return api_error(cudaErrorStreamCaptureUnsupported);
    if (stream->captured.of)
        return api_error(cudaErrorInvalidValue);
    auto begun = std::make_shared<capture>();
    begun->origin = stream;
    begun->mode = mode;
    begun->thread = std::this_thread::get_id();
    stream->captured = {begun, {}};
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t *graph)
{
    cudaError_t failed = api_begin(__func__, cudaErrorUnknown); // the capture ends nevertheless
    queue_guard lock = queue_lock();
    *graph = nullptr;
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream)
        return api_error(cudaErrorInvalidResourceHandle);
    capture_place end = stream->captured;
    if (!end.of || end.of->origin != stream)
        return api_error(failed != cudaSuccess ? failed : cudaErrorStreamCaptureUnmatched);
    if (failed == cudaSuccess && end.of->invalid)
        failed = cudaErrorStreamCaptureInvalidated;
    if (failed == cudaSuccess && !joined(*end.of, end.tips))
        failed = cudaErrorStreamCaptureUnjoined;
    for (const auto &[member, owner] : streams.alive)
        if (member->captured.of == end.of)
            member->captured = {};
    if (failed != cudaSuccess)
        return api_error(failed);
    *graph = graph_add(std::move(end.of->nodes));
    return cudaSuccess;
}
