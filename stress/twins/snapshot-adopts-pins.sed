# file: concurrency/pin_slots.c
# bug: a new thread takes over slots that still hold pins
# killed-by: native asan tsan tsan-bare
s/if \(is_empty\(block\)\)/if (is_empty(block) || block)/
