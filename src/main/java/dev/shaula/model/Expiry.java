package dev.shaula.model;

/** When a point is to expire, as the caller says it: the shard that stores the point makes a moment of it, once. */
public sealed interface Expiry {
    /** In place of a moment: never. */
    long NEVER_MS = Long.MAX_VALUE;

    /** As the collection's time to live says; of a change of metadata: as before. */
    Expiry UNCHANGED = new Unchanged();

    /** Never, whatever the collection says. */
    Expiry NEVER = new At(NEVER_MS);

    /** At {@code epochMs}. */
    static Expiry at(long epochMs) {
        return epochMs == NEVER_MS ? NEVER : new At(epochMs);
    }

    /**
     * The moment in milliseconds since 1970, {@link #NEVER_MS} for never.
     *
     * @param nowMs when the point is stored
     * @param unchangedMs the moment if nothing was said
     */
    long epochMs(long nowMs, long unchangedMs);

    /** Nothing was said. */
    record Unchanged() implements Expiry {
        @Override
        public long epochMs(long nowMs, long unchangedMs) {
            return unchangedMs;
        }
    }

    /**
     * At a moment.
     *
     * @param moment in milliseconds since 1970, {@link #NEVER_MS} for never
     */
    record At(long moment) implements Expiry {
        @Override
        public long epochMs(long nowMs, long unchangedMs) {
            return moment;
        }
    }

    /**
     * Some time after it is stored.
     *
     * @param ms more than 0
     */
    record After(long ms) implements Expiry {
        @Override
        public long epochMs(long nowMs, long unchangedMs) {
            return nowMs + ms;
        }
    }
}
