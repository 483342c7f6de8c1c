/* What the shim's own tests share. */
#ifndef QSC_SHIM_CUDA_SUPPORT_H
#define QSC_SHIM_CUDA_SUPPORT_H

#include "shim.h"

#include <cuda_runtime.h>

#include <criterion/criterion.h>
#include <quiesce/kernels/cuda/launch.h>

#include <functional>
#include <string>
#include <vector>

enum { SEEDS = 20 };

#define cr_assert_cuda(call) cr_assert((call) == cudaSuccess, "%s", cudaGetErrorName(cudaPeekAtLastError()))

/* Begins anew; the program goes on after a finding. */
inline void begin_collecting(uint64_t seed)
{
    qsc_shim_begin(seed);
    qsc_shim_collect();
}

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

struct stream {
    cudaStream_t s;

    explicit stream(unsigned flags = cudaStreamNonBlocking)
    {
        cr_assert_cuda(cudaStreamCreateWithFlags(&s, flags));
    }
    ~stream()
    {
        cudaStreamDestroy(s);
    }
};

struct event {
    cudaEvent_t e;

    event()
    {
        cr_assert_cuda(cudaEventCreateWithFlags(&e, cudaEventDisableTiming));
    }
    ~event()
    {
        cudaEventDestroy(e);
    }
};

struct pinned_int {
    int *data;

    pinned_int()
    {
        cr_assert_cuda(cudaMallocHost(&data, sizeof *data));
    }
    ~pinned_int()
    {
        cudaFreeHost(data);
    }
};

/* In how many of the seeds does the program come out as it should? */
inline int seeds_right(const std::function<bool()> &program)
{
    int right = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        begin_collecting(seed);
        right += program();
        cr_assert_cuda(cudaDeviceSynchronize());
        cr_assert_eq(qsc_shim_live(), 0);
    }
    return right;
}

/* What an order has to keep right comes out so with every seed; what it leaves open, with some only. */
inline void cr_assert_always(const std::function<bool()> &program)
{
    cr_assert_eq(seeds_right(program), SEEDS);
}

inline void cr_assert_found(const std::function<bool()> &program)
{
    int right = seeds_right(program);
    cr_assert(right < SEEDS, "the mistake was never seen");
    cr_assert(right > 0, "the order never varied");
}

/* The program is told whether to do what makes it right. */
inline void cr_assert_needed(bool (*program)(bool))
{
    cr_assert_always([=] { return program(true); });
    cr_assert_found([=] { return program(false); });
}

inline __global__ void set(int *out, int value)
{
    *out = value;
}

inline __global__ void add(int *out, const int *in)
{
    *out += *in;
}

#endif
