# file: concurrency/mutex.c
# bug: a thread falls asleep without saying that the unlock owes a wake-up
# killed-by: native tsan explore
s/\(seen \| ASLEEP \| /(seen | /
