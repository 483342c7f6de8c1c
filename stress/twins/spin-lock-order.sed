# file: stress/spin.c
# bug: a client takes two locks in both orders, and is lucky
# killed-by: tsan
s/^static long use\(void\)$/static void *both(void *order)\n{\n    static qsc_ticket one, two;\n    qsc_ticket *first = *(bool *)order ? \&one : \&two, *second = *(bool *)order ? \&two : \&one;\n    qsc_ticket_lock(first);\n    qsc_ticket_lock(second);\n    qsc_ticket_unlock(second);\n    qsc_ticket_unlock(first);\n    return NULL;\n}\n\nstatic long use(void)/
s/^    struct member members\[THREADS\];$/    stress_threads(1, both, \&(bool){true}, 1);\n    stress_threads(1, both, \&(bool){false}, 1);\n&/
