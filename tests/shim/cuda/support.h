/* What the shim's own tests share. */
#ifndef QSC_SHIM_CUDA_SUPPORT_H
#define QSC_SHIM_CUDA_SUPPORT_H

#include "shim.h"

#include <cuda_runtime.h>

#include <criterion/criterion.h>

#include <string>
#include <vector>

enum { SEEDS = 20 };

#define cr_assert_cuda(call) cr_assert((call) == cudaSuccess, "%s", cudaGetErrorName(cudaPeekAtLastError()))

/* The first finding of all that is queued, "" if there is none. */
inline std::string first_finding()
{
    cudaDeviceSynchronize();
    const char *found = qsc_shim_finding();
    return found ? found : "";
}

inline bool says(const std::string &finding, const char *what)
{
    return finding.find(what) != std::string::npos;
}

template <typename T> struct device_array {
    T *data;
    size_t size;

    explicit device_array(const std::vector<T> &host) : size(host.size())
    {
        cr_assert_cuda(cudaMalloc(&data, size * sizeof(T)));
        cr_assert_cuda(cudaMemcpy(data, host.data(), size * sizeof(T), cudaMemcpyHostToDevice));
    }
    ~device_array()
    {
        cudaFree(data);
    }
    std::vector<T> get() const
    {
        std::vector<T> host(size);
        cr_assert_cuda(cudaMemcpy(host.data(), data, size * sizeof(T), cudaMemcpyDeviceToHost));
        return host;
    }
};

#endif
