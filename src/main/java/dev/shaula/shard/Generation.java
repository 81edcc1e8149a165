package dev.shaula.shard;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The rows of a shard from one dropping of dead rows to the next. Counts who reads them, so that their memory is given
 * back as soon as nobody does: the collector would free it too, but an idle process may not collect for hours.
 * Thread-safe.
 */
final class Generation {
    private static final int RETIRED = Integer.MIN_VALUE;

    private final int number;
    /** Readers, and the sign once it is retired. */
    private final AtomicInteger state = new AtomicInteger();

    private volatile Runnable release = () -> {};

    Generation(int number) {
        this.number = number;
    }

    /** 0 for the first of a shard. */
    int number() {
        return number;
    }

    /** Begins to read; false if a newer generation has taken over, whose snapshot is published already. */
    boolean enter() {
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
    void exit() {
        if (state.decrementAndGet() == RETIRED) {
            release.run();
        }
    }

    /** Lets nobody in any more and calls {@code whenUnused}, once, on the thread that leaves last. */
    void retire(Runnable whenUnused) {
        release = whenUnused;
        // One reader more, so that the last of the others cannot leave between the two steps.
        if (state.getAndUpdate(s -> s + 1 | RETIRED) < 0) {
            throw new IllegalStateException("generation " + number + " is retired already");
        }
        exit();
    }
}
