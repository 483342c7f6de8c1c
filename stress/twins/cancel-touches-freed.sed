# file: concurrency/cancel.c
# bug: a request touches the token after it was seen, which may have freed it (and dawdles, so that it can)
# killed-by: asan explore genmc
# scenario: freed
s/^ *qsc_port_futex_wake\(&cancel->state, INT_MAX\);/    for (int i = 0; i < 1000; i++)\n        qsc_port_pause();\n    if (__atomic_load_n(\&cancel->state, __ATOMIC_RELAXED) == REQUESTED)\n    &/
