// Every call of CUDA fails in turn, on the execution shim: each failure becomes an error code with a reason,
// and nothing is left behind. And what no device means.
#include <quiesce/kernels/attention.h>
#include <quiesce/kernels/cuda/attention.h>
#include <quiesce/kernels/cuda/embedding.h>
#include <quiesce/kernels/cuda/layernorm.h>
#include <quiesce/kernels/cuda/optimizer.h>

#include <criterion/criterion.h>
#include <cuda_runtime.h>
#include <shim.h>

#include <cerrno>
#include <cstring>

namespace
{

constexpr int TOKENS = 4, HEADS = 2, SIZE = 8, HIDDEN = HEADS * SIZE;

// One buffer plays every part: the numbers do not matter here, the calls do.
int calculate(float *x, int32_t *cu, double *d, qsc_cuda_stream *stream)
{
    qsc_attention a = {HEADS, SIZE, nullptr, 0, 16};
    float *y = x + 1024;
    int code = qsc_cuda_attention_forward(y, nullptr, x, cu, 1, TOKENS, &a, stream);
    if (!code)
        code = qsc_cuda_layernorm_forward(y, nullptr, nullptr, y, nullptr, nullptr, 0, x, x, 1e-5f, TOKENS,
                                          HIDDEN, stream);
    if (!code)
        code = qsc_cuda_attention_backward(x + 2048, y, y, x, x, cu, 1, TOKENS, &a, x + 3072, stream);
    if (!code)
        code = qsc_cuda_embedding_backward(x, x + 256, x + 512, y, cu, nullptr, cu, 1, TOKENS, HIDDEN, 8, 4,
                                           1, x + 3072, stream);
    if (!code)
        code = qsc_cuda_norm(d, x, 1024, d + 1, stream);
    return code;
}

// What a program does from its begin to its end.
int use_everything()
{
    static float host[4096];
    const int32_t starts[5] = {0, TOKENS, 0, 0, 0};
    void *x = nullptr, *cu = nullptr, *d = nullptr;
    qsc_cuda_stream *stream = nullptr;
    int code = qsc_cuda_available();
    if (!code)
        code = qsc_cuda_stream_create(&stream);
    if (!code)
        code = qsc_cuda_allocate(&x, sizeof host);
    if (!code)
        code = qsc_cuda_allocate(&cu, sizeof starts);
    if (!code)
        code = qsc_cuda_allocate(&d, 8 * sizeof(double));
    if (!code)
        code = qsc_cuda_upload(x, host, sizeof host, stream);
    if (!code)
        code = qsc_cuda_upload(cu, starts, sizeof starts, stream);
    if (!code)
        code =
            calculate(static_cast<float *>(x), static_cast<int32_t *>(cu), static_cast<double *>(d), stream);
    if (!code)
        code = qsc_cuda_download(host, x, sizeof host, stream);
    int done =
        qsc_cuda_stream_synchronize(stream); // whatever failed: what was asked for still uses the memory
    code = code ? code : done;
    qsc_cuda_stream_destroy(stream);
    qsc_cuda_free(x);
    qsc_cuda_free(cu);
    qsc_cuda_free(d);
    return code;
}

} // namespace

Test(cuda_failures, each_call_that_fails_is_an_error_and_leaves_nothing)
{
    qsc_shim_begin(1);
    cr_assert_eq(use_everything(), 0, "%s", qsc_cuda_reason());
    unsigned calls = qsc_shim_calls();
    cr_assert_gt(calls, 15);
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
