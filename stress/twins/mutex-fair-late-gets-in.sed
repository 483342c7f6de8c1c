# file: concurrency/mutex.c
# bug: a newcomer whose deadline passed takes a mutex that was handed over
# killed-by: explore
# scenario: comes-too-late
/^static int give_up/,/^}/{
s/\(seen & HANDED \? HANDED : LOCKED\)/LOCKED/
s/seen & \(LOCKED \| HANDED\) \? error/seen \& LOCKED ? error/
}
