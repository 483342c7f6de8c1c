# file: concurrency/latch.c
# bug: the latch counts as open when one is missing
# killed-by: native tsan
s/^    for \(uint32_t seen = spin\(latch\); seen & COUNT; /    for (uint32_t seen = spin(latch); (seen \& COUNT) > 1; /
