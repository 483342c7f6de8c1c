/* What the handles of one kind stand for: its owner, so that a wrong handle is found and everything can be
 * forgotten. The queue's lock guards it. */
#ifndef QSC_SHIM_CUDA_HANDLES_H
#define QSC_SHIM_CUDA_HANDLES_H

#include "api.h"
#include "findings.h"
#include "queue.h"

#include <map>
#include <memory>
#include <utility>

template <typename T> struct handles {
    const char *kind;
    std::map<T *, std::unique_ptr<T>> alive;

    T *add(T object)
    {
        auto owner = std::make_unique<T>(std::move(object));
        T *handle = owner.get();
        alive.emplace(handle, std::move(owner));
        return handle;
    }

    /* A wrong one is a finding. */
    bool knows(T *handle) const
    {
        bool known = alive.count(handle) != 0;
        if (!known)
            shim_found("%s %p does not exist, or was destroyed", kind, static_cast<void *>(handle));
        return known;
    }

    /* All that a call of this name does. */
    cudaError_t destroy(const char *call, T *handle)
    {
        cudaError_t error = api_release(call);
        queue_guard lock = queue_lock();
        if (error == cudaSuccess && !knows(handle))
            error = cudaErrorInvalidResourceHandle;
        if (error == cudaSuccess)
            alive.erase(handle);
        return api_error(error);
    }
};

#endif
