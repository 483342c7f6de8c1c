/* What a stream executes: kernels and functions of the host. */
#ifndef QSC_SHIM_CUDA_LAUNCHES_H
#define QSC_SHIM_CUDA_LAUNCHES_H

/* Does the calling thread execute a function of cudaLaunchHostFunc? */
bool launch_in_host_function();

#endif
