# file: concurrency/cancel.c
# bug: the object's word is not the last to sleep on: a wake-up by it and by a token is taken for a cancellation
# killed-by: explore
# scenario: one-wake-up
s/^ *futexes\[tokens\] = (.*);/    futexes[tokens] = futexes[0];\n    futexes[0] = \1;/
