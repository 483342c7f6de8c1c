/* Graphs: what a capture has made, to be launched again and again. */
#ifndef QSC_SHIM_CUDA_GRAPHS_H
#define QSC_SHIM_CUDA_GRAPHS_H

#include "captures.h"

/* With the queue's lock. */
cudaGraph_t graph_add(std::vector<node> nodes);

void graphs_begin();
size_t graphs_live();

#endif
