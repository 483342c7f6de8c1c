# file: concurrency/hazard.c
# bug: what is retired waits for the end
# killed-by: native
s/>= batch\(domain\)\)/>= UINT64_MAX)/
