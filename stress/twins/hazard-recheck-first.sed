# file: concurrency/hazard.h
# bug: the other look comes before the slot says so (and the thread is preempted in between)
# killed-by: native asan explore genmc
s/^        qsc_hazard_set\(mine, slot, object\);$//
s/^            return object;/        {\n            sched_yield();\n            qsc_hazard_set(mine, slot, object);\n            return object;\n        }/
s/^#include <stddef.h>/#include <sched.h>\n&/
