package dev.shaula.shard;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts who reads something that is to be given up as soon as nobody does. Thread-safe. */
sealed class Readers permits Generation, PayloadEpoch {
    private static final int RETIRED = Integer.MIN_VALUE;

    /** Readers, and the sign once it is retired. */
    private final AtomicInteger state = new AtomicInteger();

    private volatile Runnable release = () -> {};

    /** Begins to read; false if it is retired, and something newer has been published already. */
    final boolean enter() {
        int s = state.get();
        while (s >= 0) {
            int found = state.compareAndExchange(s, s + 1);
            if (found == s) {
                return true;
            }
            s = found;
        }
        return false;
    }

    /** Ends what {@link #enter} began. */
    final void exit() {
        if (state.decrementAndGet() == RETIRED) {
            release.run();
        }
    }

    /** Lets nobody in any more and calls {@code whenUnused}, once, on the thread that leaves last. */
    final void retire(Runnable whenUnused) {
        release = whenUnused;
        // One reader more, so that the last of the others cannot leave between the two steps.
        if (state.getAndUpdate(s -> s + 1 | RETIRED) < 0) {
            throw new IllegalStateException(this + " is retired already");
        }
        exit();
    }
}
