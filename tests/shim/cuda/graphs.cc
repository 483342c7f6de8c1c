#include "graphs.h"

#include "api.h"
#include "handles.h"
#include "streams.h"

struct qsc_shim_graph {
    std::vector<node> nodes;
};

struct qsc_shim_graph_exec {
    std::vector<node> nodes;
    operation_ref last; // one launch of it runs at a time
};

namespace
{

handles<qsc_shim_graph> graphs = {"graph", {}};
handles<qsc_shim_graph_exec> execs = {"graph", {}};

} // namespace

cudaGraph_t graph_add(std::vector<node> nodes)
{
    return graphs.add({std::move(nodes)});
}

void graphs_begin()
{
    queue_guard lock = queue_lock();
    graphs.alive.clear();
    execs.alive.clear();
}

size_t graphs_live()
{
    queue_guard lock = queue_lock();
    return graphs.alive.size() + execs.alive.size();
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long)
{
    API_CALL(cudaErrorMemoryAllocation);
    queue_guard lock = queue_lock();
    if (!graphs.knows(graph))
        return api_error(cudaErrorInvalidResourceHandle);
    *exec = execs.add({graph->nodes, nullptr});
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle)
{
    API_CALL(cudaErrorUnknown);
    queue_guard lock = queue_lock();
    qsc_shim_stream *stream = stream_of(handle);
    if (!stream || !execs.knows(exec))
        return api_error(cudaErrorInvalidResourceHandle);
    if (stream->captured.of || stream_is_implicitly_captured(stream))
        return api_error(cudaErrorNotSupported);
    operation_ref begin = stream_append(lock, stream, nullptr, {exec->last});
    std::vector<operation_ref> made;
    for (const node &planned : exec->nodes) {
        std::vector<operation_ref> after = {begin};
        for (size_t number : planned.after)
            after.push_back(made[number]);
        made.push_back(queue_add(lock, planned.run, std::move(after)));
    }
    exec->last = stream_append(lock, stream, nullptr, std::move(made));
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    return graphs.destroy(__func__, graph);
}

// A launch of it that is not over goes on.
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    return execs.destroy(__func__, exec);
}
