/* Events order the work of different streams. */
#ifndef QSC_SHIM_CUDA_EVENTS_H
#define QSC_SHIM_CUDA_EVENTS_H

#include <cstddef>

void events_begin();
size_t events_live();

#endif
