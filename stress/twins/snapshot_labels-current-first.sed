# file: concurrency/snapshot.c
# bug: a reader looks for the canary after it has looked at the current version (and is preempted in between)
# killed-by: native explore
/^static const struct qsc_version \*version_for/,/^}/{
s/^\{/&\n    const struct qsc_version *current = current_version(cell);\n    if (key % 2)\n        nanosleep(\&(struct timespec){.tv_nsec = 20000}, NULL);/
s/return current_version\(cell\);/return current;/
}
