package dev.shaula.storage;

import java.time.Duration;

/**
 * How one shard's store is opened.
 *
 * @param syncMode when an append is safe from a power cut
 * @param syncInterval longest time between syncs in {@link SyncMode#INTERVAL}, 10 ms to 1 min
 */
public record StoreOptions(SyncMode syncMode, Duration syncInterval) {
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofMinutes(1);

    /** Every append synced. */
    public static final StoreOptions DEFAULT = new StoreOptions(SyncMode.ALWAYS, Duration.ofMillis(200));

    public StoreOptions {
        if (syncInterval.compareTo(SHORTEST) < 0 || syncInterval.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("syncInterval: expected 10 ms to 1 min, got " + syncInterval);
        }
    }

    /** Synced by the clock, every {@code interval}. */
    public static StoreOptions syncedEvery(Duration interval) {
        return new StoreOptions(SyncMode.INTERVAL, interval);
    }
}
