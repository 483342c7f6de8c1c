#include "queue.h"

#include "api.h"
#include "block.h"
#include "findings.h"
#include "random.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace
{

struct operation {
    std::function<void()> run; // empty: a mark that events and graphs need
    std::vector<std::shared_ptr<operation>> after;
    bool begun = false, over = false;
};
using operation_ref = std::shared_ptr<operation>;

struct node {
    std::function<void()> run;
    std::vector<size_t> after; // numbers of nodes before it
};

struct capture {
    std::vector<node> nodes;
    cudaStream_t origin;
    enum cudaStreamCaptureMode mode;
    std::thread::id thread;
    bool invalid = false;
};

} // namespace

struct qsc_shim_stream {
    bool blocking; // towards the default stream
    operation_ref last;
    std::shared_ptr<capture> captured;
    std::vector<size_t> tips; // the nodes that what comes next has to wait for
};

struct qsc_shim_event {
    operation_ref recorded;
    std::shared_ptr<capture> captured;
    std::vector<size_t> tips;
};

struct qsc_shim_graph {
    std::vector<node> nodes;
};

struct qsc_shim_graph_exec {
    std::vector<node> nodes;
    operation_ref last; // one launch of it runs at a time
};

namespace
{

// Owners of all handles, so that a wrong one is found and begin() can forget them.
template <typename T> struct handles {
    std::set<T *> alive;

    ~handles()
    {
        clear();
    }
    T *add(T *object)
    {
        alive.insert(object);
        return object;
    }
    bool knows(T *object) const
    {
        return alive.count(object) != 0;
    }
    bool remove(T *object)
    {
        bool known = alive.erase(object) != 0;
        if (known)
            delete object;
        return known;
    }
    void clear()
    {
        for (T *object : alive)
            delete object;
        alive.clear();
    }
};

struct {
    std::mutex mutex; // of all below
    std::condition_variable changed;
    shim_random random;
    size_t eagerness; // of four
    std::vector<operation_ref> pending;
    handles<qsc_shim_stream> streams;
    handles<qsc_shim_event> events;
    handles<qsc_shim_graph> graphs;
    handles<qsc_shim_graph_exec> execs;
    qsc_shim_stream default_stream = {true, nullptr, nullptr, {}};
    std::vector<std::thread> threads;
    bool stopping, failed;

    std::mutex executing; // a kernel
} state;

using guard = std::unique_lock<std::mutex>;

thread_local bool in_host_function;

// Of the operations that may begin, one is drawn and executed, the lock given up meanwhile. False: there is
// none.
bool run_one(guard &lock)
{
    std::vector<operation_ref> ready;
    for (const operation_ref &candidate : state.pending)
        if (!candidate->begun && std::all_of(candidate->after.begin(), candidate->after.end(),
                                             [](const operation_ref &before) { return before->over; }))
            ready.push_back(candidate);
    if (ready.empty())
        return false;
    operation_ref drawn = ready[state.random.below(ready.size())];
    drawn->begun = true;
    bool run = drawn->run && !state.failed;
    lock.unlock();
    if (run)
        drawn->run();
    drawn->run = nullptr;
    lock.lock();
    drawn->over = true;
    drawn->after.clear();
    auto place = std::find(state.pending.begin(), state.pending.end(), drawn);
    if (place != state.pending.end())
        state.pending.erase(place);
    state.changed.notify_all();
    return true;
}

void engine()
{
    guard lock(state.mutex);
    while (!state.stopping) {
        if (state.random.below(4) == 0) {
            auto pause = std::chrono::microseconds(state.random.below(200));
            lock.unlock();
            std::this_thread::sleep_for(pause);
            lock.lock();
        }
        if (!state.stopping && !run_one(lock))
            state.changed.wait(lock);
    }
}

cudaError_t wait_for(guard &lock, const operation_ref &awaited)
{
    while (awaited && !awaited->over)
        if (!state.threads.empty() || !run_one(lock))
            state.changed.wait(lock);
    return state.failed ? cudaErrorLaunchFailure : cudaSuccess;
}

qsc_shim_stream *stream_of(cudaStream_t handle)
{
    if (!handle)
        return &state.default_stream;
    if (state.streams.knows(handle))
        return handle;
    shim_found("stream %p does not exist, or was destroyed", static_cast<void *>(handle));
    return nullptr;
}

template <typename T> bool known(const handles<T> &all, T *handle, const char *what)
{
    if (!all.knows(handle))
        shim_found("%s %p does not exist, or was destroyed", what, static_cast<void *>(handle));
    return all.knows(handle);
}

// What has to be over before something new in the stream begins. The default stream waits for all that block
// on it, and they for it.
std::vector<operation_ref> before_next(qsc_shim_stream *stream)
{
    std::vector<operation_ref> before = {stream->last};
    if (stream == &state.default_stream) {
        for (qsc_shim_stream *other : state.streams.alive)
            if (other->blocking)
                before.push_back(other->last);
    } else if (stream->blocking) {
        before.push_back(state.default_stream.last);
    }
    before.erase(std::remove_if(before.begin(), before.end(),
                                [](const operation_ref &one) { return !one || one->over; }),
                 before.end());
    return before;
}

operation_ref add(std::function<void()> run, std::vector<operation_ref> after)
{
    auto added = std::make_shared<operation>();
    added->run = std::move(run);
    added->after = std::move(after);
    state.pending.push_back(added);
    state.changed.notify_all();
    return added;
}

void append(qsc_shim_stream *stream, std::function<void()> run)
{
    stream->last = add(std::move(run), before_next(stream));
}

bool implicitly_captured(qsc_shim_stream *stream)
{
    if (stream != &state.default_stream)
        return false;
    for (qsc_shim_stream *other : state.streams.alive)
        if (other->captured && other->blocking) {
            other->captured->invalid = true;
            return true;
        }
    return false;
}

cudaError_t refuse_capture(qsc_shim_stream *stream)
{
    if (!stream->captured)
        return cudaSuccess;
    stream->captured->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
}

void merge(std::vector<size_t> &tips, const std::vector<size_t> &more)
{
    for (size_t tip : more)
        if (std::find(tips.begin(), tips.end(), tip) == tips.end())
            tips.push_back(tip);
}

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

} // namespace

static cudaError_t add_to(cudaStream_t handle, std::function<void()> run)
{
    guard lock(state.mutex);
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream)
        return cudaErrorInvalidResourceHandle;
    if (implicitly_captured(stream))
        return cudaErrorStreamCaptureImplicit;
    if (!stream->captured) {
        append(stream, std::move(run));
        return cudaSuccess;
    }
    if (stream->captured->invalid)
        return cudaErrorStreamCaptureInvalidated;
    stream->captured->nodes.push_back({std::move(run), stream->tips});
    stream->tips = {stream->captured->nodes.size() - 1};
    return cudaSuccess;
}

cudaError_t queue_add(cudaStream_t stream, std::function<void()> run)
{
    cudaError_t error = add_to(stream, std::move(run));
    queue_maybe_run(); // it may be over before the call is
    return error;
}

bool queue_captures(cudaStream_t handle)
{
    guard lock(state.mutex);
    qsc_shim_stream *stream = stream_of(handle);
    return stream && stream->captured;
}

bool queue_forbids()
{
    guard lock(state.mutex);
    for (qsc_shim_stream *stream : state.streams.alive)
        if (stream->captured && (stream->captured->mode == cudaStreamCaptureModeGlobal ||
                                 (stream->captured->mode == cudaStreamCaptureModeThreadLocal &&
                                  stream->captured->thread == std::this_thread::get_id()))) {
            stream->captured->invalid = true;
            return true;
        }
    return false;
}

cudaError_t queue_wait_stream(cudaStream_t handle)
{
    guard lock(state.mutex);
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream)
        return cudaErrorInvalidResourceHandle;
    if (implicitly_captured(stream))
        return cudaErrorStreamCaptureImplicit;
    cudaError_t error = refuse_capture(stream);
    if (error != cudaSuccess)
        return error;
    for (const operation_ref &last : before_next(stream))
        error = wait_for(lock, last);
    return error;
}

cudaError_t queue_wait_all()
{
    guard lock(state.mutex);
    for (qsc_shim_stream *stream : state.streams.alive)
        if (refuse_capture(stream) != cudaSuccess)
            return cudaErrorStreamCaptureUnsupported;
    cudaError_t error = state.failed ? cudaErrorLaunchFailure : cudaSuccess;
    std::vector<operation_ref> all = state.pending;
    for (const operation_ref &pending : all)
        error = wait_for(lock, pending);
    return error;
}

void queue_maybe_run()
{
    guard lock(state.mutex);
    while (state.threads.empty() && state.random.below(4) < state.eagerness && run_one(lock)) {
    }
}

bool queue_in_host_function()
{
    return in_host_function;
}

cudaError_t queue_failure()
{
    guard lock(state.mutex);
    return state.failed ? cudaErrorLaunchFailure : cudaSuccess;
}

void queue_fail()
{
    guard lock(state.mutex);
    state.failed = true;
}

uint64_t queue_draw()
{
    guard lock(state.mutex);
    return state.random.next();
}

int queue_threads(int threads)
{
    guard lock(state.mutex);
    try {
        for (int i = 0; i < threads; i++)
            state.threads.emplace_back(engine);
    } catch (const std::system_error &error) {
        return error.code().value();
    }
    return 0;
}

void queue_begin(uint64_t seed)
{
    std::vector<std::thread> threads;
    {
        guard lock(state.mutex);
        state.stopping = true;
        threads.swap(state.threads);
        state.changed.notify_all();
    }
    for (std::thread &thread : threads)
        thread.join();
    guard lock(state.mutex);
    static const size_t eagerness[] = {0, 1, 2, 3, 4};
    state.random = {seed};
    state.eagerness = eagerness[state.random.below(std::size(eagerness))];
    state.pending.clear();
    state.streams.clear();
    state.events.clear();
    state.graphs.clear();
    state.execs.clear();
    state.default_stream = {true, nullptr, nullptr, {}};
    state.stopping = state.failed = false;
}

size_t queue_live()
{
    guard lock(state.mutex);
    return state.streams.alive.size() + state.events.alive.size() + state.graphs.alive.size() +
           state.execs.alive.size();
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *handle, unsigned flags)
{
    API_CALL(cudaErrorMemoryAllocation);
    guard lock(state.mutex);
    *handle = state.streams.add(new qsc_shim_stream{flags != cudaStreamNonBlocking, nullptr, nullptr, {}});
    return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t *handle)
{
    return cudaStreamCreateWithFlags(handle, cudaStreamDefault);
}

// What it was given goes on.
cudaError_t cudaStreamDestroy(cudaStream_t handle)
{
    API_RELEASE();
    guard lock(state.mutex);
    if (!known(state.streams, handle, "stream"))
        return api_error(cudaErrorInvalidResourceHandle);
    state.streams.remove(handle);
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle)
{
    cudaError_t error = queue_in_host_function() ? cudaSuccess : queue_wait_stream(handle);
    API_CALL(cudaErrorUnknown);
    return api_error(error);
}

cudaError_t cudaDeviceSynchronize(void)
{
    cudaError_t error = queue_in_host_function() ? cudaSuccess : queue_wait_all();
    API_CALL(cudaErrorUnknown);
    return api_error(error);
}

namespace
{

cudaError_t query(guard &lock, const std::vector<operation_ref> &awaited)
{
    if (state.threads.empty() && state.random.below(2) == 0) // whoever polls gets there at last
        run_one(lock);
    bool over =
        std::all_of(awaited.begin(), awaited.end(), [](const operation_ref &one) { return one->over; });
    return over ? cudaSuccess : cudaErrorNotReady;
}

} // namespace

cudaError_t cudaStreamQuery(cudaStream_t handle)
{
    API_CALL(cudaErrorUnknown);
    guard lock(state.mutex);
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream)
        return api_error(cudaErrorInvalidResourceHandle);
    if (refuse_capture(stream) != cudaSuccess)
        return api_error(cudaErrorStreamCaptureUnsupported);
    return query(lock, before_next(stream));
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void *user)
{
    API_CALL(cudaErrorUnknown);
    return api_error(queue_add(stream, [=] {
        in_host_function = true;
        function(user);
        in_host_function = false;
    }));
}

void qsc_shim_enqueue(const qsc_shim_launch &launch, cudaStream_t stream)
{
    cudaError_t error = api_begin("a launch", cudaErrorUnknown);
    if (error == cudaSuccess)
        error = block_check(launch);
    if (error == cudaSuccess)
        error = queue_add(stream, [launch] {
            uint64_t seed = queue_draw();
            std::lock_guard<std::mutex> alone(state.executing);
            if (!block_execute(launch, seed))
                queue_fail();
        });
    api_error(error);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *handle, unsigned)
{
    API_CALL(cudaErrorMemoryAllocation);
    guard lock(state.mutex);
    *handle = state.events.add(new qsc_shim_event());
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *handle)
{
    return cudaEventCreateWithFlags(handle, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t handle)
{
    API_RELEASE();
    guard lock(state.mutex);
    if (!known(state.events, handle, "event"))
        return api_error(cudaErrorInvalidResourceHandle);
    state.events.remove(handle);
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t in)
{
    API_CALL(cudaErrorUnknown);
    guard lock(state.mutex);
    qsc_shim_stream *stream = stream_of(in);
    if (!stream || !known(state.events, handle, "event"))
        return api_error(cudaErrorInvalidResourceHandle);
    if (implicitly_captured(stream))
        return api_error(cudaErrorStreamCaptureImplicit);
    handle->captured = stream->captured;
    handle->tips = stream->tips;
    if (!stream->captured) {
        append(stream, nullptr);
        handle->recorded = stream->last;
    }
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t in, cudaEvent_t handle, unsigned)
{
    API_CALL(cudaErrorUnknown);
    guard lock(state.mutex);
    qsc_shim_stream *stream = stream_of(in);
    if (!stream || !known(state.events, handle, "event"))
        return api_error(cudaErrorInvalidResourceHandle);
    if (handle->captured) {
        if (stream->captured && stream->captured != handle->captured)
            return api_error(cudaErrorStreamCaptureIsolation);
        stream->captured = handle->captured;
        merge(stream->tips, handle->tips);
        return cudaSuccess;
    }
    if (stream->captured) {
        stream->captured->invalid = true;
        return api_error(cudaErrorStreamCaptureIsolation);
    }
    std::vector<operation_ref> before = before_next(stream);
    if (handle->recorded)
        before.push_back(handle->recorded);
    stream->last = add(nullptr, std::move(before));
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle)
{
    cudaError_t error = cudaSuccess;
    if (!queue_in_host_function()) {
        guard lock(state.mutex);
        if (!known(state.events, handle, "event"))
            error = cudaErrorInvalidResourceHandle;
        else if (handle->captured)
            error = cudaErrorCapturedEvent;
        else
            error = wait_for(lock, operation_ref(handle->recorded));
    }
    API_CALL(cudaErrorUnknown);
    return api_error(error);
}

cudaError_t cudaEventQuery(cudaEvent_t handle)
{
    API_CALL(cudaErrorUnknown);
    guard lock(state.mutex);
    if (!known(state.events, handle, "event"))
        return api_error(cudaErrorInvalidResourceHandle);
    if (handle->captured)
        return api_error(cudaErrorCapturedEvent);
    if (!handle->recorded)
        return cudaSuccess;
    return query(lock, {handle->recorded});
}

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, enum cudaStreamCaptureMode mode)
{
    API_CALL(cudaErrorUnknown);
    guard lock(state.mutex);
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream)
        return api_error(cudaErrorInvalidResourceHandle);
    if (stream == &state.default_stream)
        return api_error(cudaErrorStreamCaptureUnsupported);
    if (stream->captured)
        return api_error(cudaErrorInvalidValue);
    stream->captured = std::make_shared<capture>();
    stream->captured->origin = stream;
    stream->captured->mode = mode;
    stream->captured->thread = std::this_thread::get_id();
    stream->tips.clear();
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t *graph)
{
    cudaError_t failed = api_begin(__func__, cudaErrorUnknown); // the capture ends nevertheless
    guard lock(state.mutex);
    *graph = nullptr;
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream)
        return api_error(cudaErrorInvalidResourceHandle);
    std::shared_ptr<capture> ended = stream->captured;
    if (!ended || ended->origin != stream)
        return api_error(failed != cudaSuccess ? failed : cudaErrorStreamCaptureUnmatched);
    if (failed == cudaSuccess && ended->invalid)
        failed = cudaErrorStreamCaptureInvalidated;
    if (failed == cudaSuccess && !joined(*ended, stream->tips))
        failed = cudaErrorStreamCaptureUnjoined;
    for (qsc_shim_stream *member : state.streams.alive)
        if (member->captured == ended) {
            member->captured = nullptr;
            member->tips.clear();
        }
    if (failed != cudaSuccess)
        return api_error(failed);
    *graph = state.graphs.add(new qsc_shim_graph{std::move(ended->nodes)});
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long)
{
    API_CALL(cudaErrorMemoryAllocation);
    guard lock(state.mutex);
    if (!known(state.graphs, graph, "graph"))
        return api_error(cudaErrorInvalidResourceHandle);
    *exec = state.execs.add(new qsc_shim_graph_exec{graph->nodes, nullptr});
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle)
{
    API_CALL(cudaErrorUnknown);
    guard lock(state.mutex);
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream || !known(state.execs, exec, "graph"))
        return api_error(cudaErrorInvalidResourceHandle);
    if (stream->captured || implicitly_captured(stream))
        return api_error(cudaErrorNotSupported);
    std::vector<operation_ref> before = before_next(stream), made;
    if (exec->last)
        before.push_back(exec->last);
    operation_ref begin = add(nullptr, std::move(before));
    for (const node &planned : exec->nodes) {
        std::vector<operation_ref> after = {begin};
        for (size_t number : planned.after)
            after.push_back(made[number]);
        made.push_back(add(planned.run, std::move(after)));
    }
    made.push_back(begin);
    stream->last = exec->last = add(nullptr, std::move(made));
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    API_RELEASE();
    guard lock(state.mutex);
    if (!known(state.graphs, graph, "graph"))
        return api_error(cudaErrorInvalidResourceHandle);
    state.graphs.remove(graph);
    return cudaSuccess;
}

// A launch of it that is not over goes on.
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    API_RELEASE();
    guard lock(state.mutex);
    if (!known(state.execs, exec, "graph"))
        return api_error(cudaErrorInvalidResourceHandle);
    state.execs.remove(exec);
    return cudaSuccess;
}
