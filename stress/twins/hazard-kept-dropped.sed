# file: concurrency/hazard.c
# bug: what a scan finds protected is not looked at again
# killed-by: native genmc
s/^    if \(kept\) \{/    if (false) {/
