# file: concurrency/snapshot.h
# bug: a pin is released before its holder's last look
# killed-by: tsan tsan-bare explore
s/pin->slot, NULL, __ATOMIC_RELEASE/pin->slot, NULL, __ATOMIC_RELAXED/
