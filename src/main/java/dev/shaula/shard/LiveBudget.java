package dev.shaula.shard;

import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import java.util.concurrent.atomic.AtomicLong;

/** A bound on the heap that the live queries of a process keep. Thread-safe; never blocks. */
final class LiveBudget {
    private final long capacity;
    private final AtomicLong used = new AtomicLong();

    LiveBudget(long capacity) {
        this.capacity = capacity;
    }

    long used() {
        return used.get();
    }

    /** What one live query keeps of one shard. For one thread at a time. */
    final class Share implements AutoCloseable {
        private long held;
        private boolean closed;

        /**
         * Says that the query now keeps {@code bytes} in all.
         *
         * @throws VectorDbException TOO_LARGE if that is more than one may keep, OVERLOADED if the process has no room
         */
        synchronized void hold(long bytes) {
            if (bytes > Limits.MAX_LIVE_BYTES) {
                throw VectorDbException.tooLarge("live query: expected its answers to need at most "
                        + Limits.MAX_LIVE_BYTES + " bytes of heap for each shard, got " + bytes
                        + "; ask for fewer results or without metadata");
            }
            if (closed) {
                return;
            }
            long more = bytes - held;
            if (used.addAndGet(more) > capacity && more > 0) {
                used.addAndGet(-more);
                throw VectorDbException.overloaded("live query: the " + capacity
                        + " bytes that this server has for live queries are taken; try again later");
            }
            held = bytes;
        }

        @Override
        public synchronized void close() {
            closed = true;
            used.addAndGet(-held);
            held = 0;
        }
    }

    Share share() {
        return new Share();
    }
}
