# file: concurrency/pool_cancel.c
# bug: a group below a cancelled one is not cancelled
# killed-by: native
s/while \(group &&/if (group \&\&/
