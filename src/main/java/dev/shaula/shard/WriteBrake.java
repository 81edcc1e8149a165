package dev.shaula.shard;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Holds a shard's thread back to a rate, so that searches keep the machine. What waits behind it waits in the mailbox,
 * within the write budget, and its senders are slowed. For one thread, {@link #release} apart.
 */
final class WriteBrake {
    private static final int BATCHES_PER_SECOND = 10;

    private final int writesPerSecond;
    private final double nsPerWrite;
    private long freeAtNs = System.nanoTime();
    private volatile boolean released;
    private volatile @Nullable Thread held;

    /** @param writesPerSecond 0 for no brake */
    WriteBrake(int writesPerSecond) {
        this.writesPerSecond = writesPerSecond;
        nsPerWrite = writesPerSecond == 0 ? 0 : 1e9 / writesPerSecond;
    }

    /** The size of a batch: small enough under the brake that answers come evenly. */
    int limit(int maxBatchWrites) {
        return nsPerWrite == 0 ? maxBatchWrites : Math.clamp(writesPerSecond / BATCHES_PER_SECOND, 1, maxBatchWrites);
    }

    /** Returns when {@code writes} more may have been done; the work since {@code startedNs} is part of their time. */
    void pause(int writes, long startedNs) {
        if (nsPerWrite == 0) {
            return;
        }
        freeAtNs = Math.max(freeAtNs, startedNs) + (long) (writes * nsPerWrite);
        long left = freeAtNs - System.nanoTime();
        held = Thread.currentThread();
        while (left > 0 && !released) {
            LockSupport.parkNanos(left);
            left = freeAtNs - System.nanoTime();
        }
        held = null;
    }

    /** Lets go for good, so that a shard that is closed answers what waits as fast as it can. From any thread. */
    void release() {
        released = true;
        LockSupport.unpark(held);
    }
}
