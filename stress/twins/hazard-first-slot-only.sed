# file: concurrency/hazard.c
# bug: a scan looks at the first slot of each thread
# killed-by: native
s/slot < domain->slots; slot\+\+\) \{/slot < 1; slot++) {/
