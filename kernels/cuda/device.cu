#include <quiesce/kernels/cuda/status.cuh>

#include <cerrno>

static thread_local cudaError_t last_failure = cudaSuccess;

int qsc_cuda_status(cudaError_t error)
{
    if (error == cudaSuccess)
        return 0;
    last_failure = error;
    cudaGetLastError(); // CUDA's own memory of it, or the next launch would be blamed
    switch (error) {
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver: // no driver at all is told in this way, too
        return ENODEV;
    case cudaErrorMemoryAllocation:
        return ENOMEM;
    case cudaErrorInvalidValue:
    case cudaErrorInvalidConfiguration:
        return EINVAL;
    default:
        return EIO;
    }
}

const char *qsc_cuda_reason(void)
{
    return cudaGetErrorString(last_failure);
}

int qsc_cuda_available(void)
{
    int devices = 0; // an insufficient driver leaves it alone
    int code = qsc_cuda_status(cudaGetDeviceCount(&devices));
    return code ? code : devices > 0 ? 0 : qsc_cuda_status(cudaErrorNoDevice);
}

int qsc_cuda_allocate(void **memory, size_t bytes)
{
    *memory = nullptr;
    return qsc_cuda_status(cudaMalloc(memory, bytes ? bytes : 1)); // NULL always means failure
}

void qsc_cuda_free(void *memory)
{
    qsc_cuda_status(cudaFree(memory));
}

int qsc_cuda_stream_create(qsc_cuda_stream **stream)
{
    cudaStream_t native = nullptr;
    int code = qsc_cuda_status(cudaStreamCreateWithFlags(&native, cudaStreamNonBlocking));
    *stream = reinterpret_cast<qsc_cuda_stream *>(native);
    return code;
}

void qsc_cuda_stream_destroy(qsc_cuda_stream *stream)
{
    if (stream)
        qsc_cuda_status(cudaStreamDestroy(qsc_cuda_native(stream)));
}

int qsc_cuda_stream_synchronize(qsc_cuda_stream *stream)
{
    return qsc_cuda_status(cudaStreamSynchronize(qsc_cuda_native(stream)));
}

int qsc_cuda_upload(void *device, const void *host, size_t bytes, qsc_cuda_stream *stream)
{
    return qsc_cuda_status(
        cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, qsc_cuda_native(stream)));
}

int qsc_cuda_download(void *host, const void *device, size_t bytes, qsc_cuda_stream *stream)
{
    return qsc_cuda_status(
        cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, qsc_cuda_native(stream)));
}
