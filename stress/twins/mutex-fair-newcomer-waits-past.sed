# file: concurrency/mutex.c
# bug: a newcomer that is ready to wait takes a mutex that was handed over
# killed-by: explore
# scenario: locks-again
s/counted \|\| !\(seen & \(RESERVED \| HANDED\)\)/counted || !(seen \& RESERVED)/
