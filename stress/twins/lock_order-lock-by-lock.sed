# file: concurrency/lock_order.c
# bug: what is learned of a lock does not hold for its class
# killed-by: native
s/bool by_lock = .*;/bool by_lock = true;/
