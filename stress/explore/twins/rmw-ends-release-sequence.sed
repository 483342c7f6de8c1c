# file: graph.c
# bug: a read-modify-write does not continue a release sequence
s/int source = store->of_rmw \?/int source = false ?/
