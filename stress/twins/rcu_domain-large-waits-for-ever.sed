# file: concurrency/rcu_domain.c
# bug: an object of more bytes than the bound counts as it is
# killed-by: explore genmc
s/^    return bytes < reclaimer->max_live_bytes \? bytes.*/    return bytes;/
