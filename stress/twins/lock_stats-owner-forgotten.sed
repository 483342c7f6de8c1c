# file: concurrency/lock_stats.h
# bug: the owner stays the first one
# killed-by: native
s/^        stats->owner = self;$/        stats->owner = stats->owner ? stats->owner : self;/
