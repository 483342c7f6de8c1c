// Every call of CUDA fails in turn, on the execution shim: each failure becomes an error code with a reason,
// and nothing is left behind. And what no device means.
#include <quiesce/kernels/attention.h>
#include <quiesce/kernels/cuda/attention.h>
#include <quiesce/kernels/cuda/dropout.h>
#include <quiesce/kernels/cuda/embedding.h>
#include <quiesce/kernels/cuda/gelu.h>
#include <quiesce/kernels/cuda/layernorm.h>
#include <quiesce/kernels/cuda/loss.h>
#include <quiesce/kernels/cuda/optimizer.h>
#include <quiesce/kernels/cuda/sum_rows.h>

#include <criterion/criterion.h>
#include <cuda_runtime.h>
#include <shim.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <initializer_list>

namespace
{

constexpr int TOKENS = 4, HEADS = 2, SIZE = 8, HIDDEN = HEADS * SIZE;

// Calls each until one fails.
int first_failure(std::initializer_list<std::function<int()>> calls)
{
    for (const auto &call : calls) {
        if (int code = call())
            return code;
    }
    return 0;
}

// Every kernel. One buffer plays every part: the numbers do not matter here, the calls do.
int calculate(float *x, int32_t *cu, double *d, qsc_cuda_stream *stream)
{
    const qsc_dropout dropout = {{1, 2, 3}, 0.5f};
    const qsc_attention a = {HEADS, SIZE, nullptr, 0, 16};
    const qsc_adamw adamw = {1e-3, 0.9, 0.999, 1e-8, 0, 1, 1};
    const qsc_sgd sgd = {1e-3, 0.9, 0, 1};
    const qsc_cuda_clip clip = {d, 1};
    float *y = x + 1024, *z = x + 2048, *scratch = x + 3072;
    return first_failure({
        [&] { return qsc_cuda_attention_forward(y, nullptr, x, cu, 1, TOKENS, &a, stream); },
        [&] { return qsc_cuda_attention_backward(z, y, y, x, x, cu, 1, TOKENS, &a, scratch, stream); },
        [&] {
            return qsc_cuda_layernorm_forward(y, nullptr, nullptr, y, nullptr, nullptr, 0, x, x, 1e-5f,
                                              TOKENS, HIDDEN, stream);
        },
        [&] {
            return qsc_cuda_layernorm_backward(z, nullptr, z + 256, z + 512, y, nullptr, y, x, nullptr, 0, x,
                                               TOKENS, HIDDEN, scratch, stream);
        },
        [&] {
            return qsc_cuda_embedding_forward(y, x, x + 256, x + 512, cu, nullptr, cu, 1, TOKENS, HIDDEN,
                                              stream);
        },
        [&] {
            return qsc_cuda_embedding_backward(x, x + 256, x + 512, y, cu, nullptr, cu, 1, TOKENS, HIDDEN, 8,
                                               4, 1, scratch, stream);
        },
        [&] { return qsc_cuda_bias_gelu_forward(y, nullptr, y, x, TOKENS, HIDDEN, stream); },
        [&] { return qsc_cuda_bias_gelu_backward(y, z, y, x, TOKENS, HIDDEN, scratch, stream); },
        [&] { return qsc_cuda_dropout(y, &dropout, 0, TOKENS * HIDDEN, stream); },
        [&] { return qsc_cuda_sum_rows(z, y, TOKENS, HIDDEN, scratch, stream); },
        [&] { return qsc_cuda_softmax(y, y, TOKENS, HIDDEN, stream); },
        [&] { return qsc_cuda_cross_entropy(d, nullptr, y, cu, 1, TOKENS, HIDDEN, stream); },
        [&] { return qsc_cuda_norm(d, x, 1024, d + 1, stream); },
        [&] { return qsc_cuda_adamw_step(x, y, z, scratch, TOKENS * HIDDEN, &adamw, &clip, stream); },
        [&] { return qsc_cuda_sgd_step(x, y, z, TOKENS * HIDDEN, &sgd, &clip, stream); },
    });
}

// What a program does from its begin to its end.
int use_everything()
{
    static float host[4096];
    const int32_t starts[5] = {0, TOKENS, 0, 0, 0};
    void *x = nullptr, *cu = nullptr, *d = nullptr;
    qsc_cuda_stream *stream = nullptr;
    int code = first_failure({
        [&] { return qsc_cuda_available(); },
        [&] { return qsc_cuda_stream_create(&stream); },
        [&] { return qsc_cuda_allocate(&x, sizeof host); },
        [&] { return qsc_cuda_allocate(&cu, sizeof starts); },
        [&] { return qsc_cuda_allocate(&d, 8 * sizeof(double)); },
        [&] { return qsc_cuda_upload(x, host, sizeof host, stream); },
        [&] { return qsc_cuda_upload(cu, starts, sizeof starts, stream); },
        [&] {
            return calculate(static_cast<float *>(x), static_cast<int32_t *>(cu), static_cast<double *>(d),
                             stream);
        },
        [&] { return qsc_cuda_download(host, x, sizeof host, stream); },
    });
    // Whatever failed: what was asked for still uses the memory.
    int done = qsc_cuda_stream_synchronize(stream);
    qsc_cuda_stream_destroy(stream);
    qsc_cuda_free(x);
    qsc_cuda_free(cu);
    qsc_cuda_free(d);
    return code ? code : done;
}

} // namespace

Test(cuda_failures, each_call_that_fails_is_an_error_and_leaves_nothing)
{
    qsc_shim_begin(1);
    cr_assert_eq(use_everything(), 0, "%s", qsc_cuda_reason());
    unsigned calls = qsc_shim_calls();
    cr_assert_gt(calls, 35);
    for (unsigned i = 1; i <= calls; i++) {
        qsc_shim_begin(i);
        qsc_shim_fail_call(i);
        cr_assert_neq(use_everything(), 0, "call %u of %u", i, calls);
        cr_assert_neq(strcmp(qsc_cuda_reason(), cudaGetErrorString(cudaSuccess)), 0);
        cr_assert_eq(qsc_shim_live(), 0, "call %u of %u left %zu behind", i, calls, qsc_shim_live());
        qsc_shim_fail_call(0);
        cr_assert_eq(use_everything(), 0, "the failure of call %u is blamed on a later one", i);
    }
}

Test(cuda_failures, no_driver_and_no_device_mean_no_device)
{
    const cudaError_t errors[] = {cudaErrorInsufficientDriver, cudaErrorNoDevice};
    for (cudaError_t error : errors) {
        qsc_shim_begin(1);
        qsc_shim_no_device(error);
        cr_assert_eq(qsc_cuda_available(), ENODEV);
        cr_assert_str_eq(qsc_cuda_reason(), cudaGetErrorString(error));
    }
    qsc_shim_begin(1);
    cr_assert_eq(qsc_cuda_available(), 0);
}
