# file: concurrency/latch.c
# bug: a waiter falls asleep without saying so
# killed-by: native tsan
s/if \(!\(seen & ASLEEP\) &&$/if (false \&\&/
s/\(&latch->word, seen \| ASLEEP, /(\&latch->word, seen, /
