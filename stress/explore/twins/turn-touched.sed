# file: idle.c
# bug: a turn with a plain access is left out when it read an old value
# noticed-by: faults STALE
s/if \(self->touched \|\|/if (/
