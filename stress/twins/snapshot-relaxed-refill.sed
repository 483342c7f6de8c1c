# file: concurrency/snapshot.c
# bug: a slot is filled again without carrying on what its last holder released
# killed-by: explore
s/\(slot, version, memory_order_release\)/(slot, version, memory_order_relaxed)/
