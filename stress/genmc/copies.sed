# Copies of whole structures, which GenMC follows neither through a pointer nor where there is padding: member by member
# here, or none at all where the object is static and zero anyway.
s/^( +)\*lock = \(qsc_clh\)\{\.spare = node\};/\1lock->tail = NULL, lock->spare = node;/
s/^( +)\*\(qsc_tas \*\)lock = .*;/\1((qsc_tas *)lock)->locked = 0;/
s/^( +)\*\(qsc_ticket \*\)lock = .*;/\1((qsc_ticket *)lock)->next = ((qsc_ticket *)lock)->serving = 0;/
s/^( +)\*\(qsc_mcs \*\)lock = .*;/\1((qsc_mcs *)lock)->tail = NULL;/
s/^( +)struct end end = \{(\.mask = size - 1), \.slots = slots\};/\1struct spsc *queue = (struct spsc *)storage;/
s/^( +)\*\(struct spsc \*\)storage = .*;/\1queue->push.mask = queue->pop.mask = size - 1, queue->push.slots = queue->pop.slots = slots;/
s/^( +)\*objects\[i\] = \(struct object\)\{\.users = THREADS\};/\1objects[i]->mutex.word = 0, objects[i]->users = THREADS;/
s/^( +)objects\[i\]->barrier = \(qsc_barrier\)QSC_BARRIER_INIT\(THREADS\);/\1objects[i]->barrier.state = 0, objects[i]->barrier.parties = THREADS;/
s/^( +)objects\[i\]->all = .*;/\1objects[i]->all.word = THREADS + 1;/
s/^( +)objects\[i\]->others = .*;/\1objects[i]->others.word = THREADS - 1;/
s/^( +)struct shared \*shared = aligned_alloc\(.*\);/\1static struct shared zero, *shared = \&zero;/
s/^ +\*shared = \(struct shared\)\{.*\};|^ +free\(shared\);//
s/^( +)\w+ = \(\w+\)\{0\};/\1;/
s/^( +)object->count = \(qsc_refcount\)QSC_REFCOUNT_INIT\(THREADS\);/\1object->count.count = THREADS;/
