package dev.shaula.collection;

import java.util.concurrent.atomic.LongAdder;

/**
 * How long writes took from their admission, of a stream that of a slice's first point, to their answer. Counts by
 * steps that grow by a quarter of a power of two, so that a percentile is exact to 19 %. Thread-safe.
 */
public final class WriteTimes {
    private static final int STEPS_OF_TWO = 4;
    /** The first step ends at 64 microseconds, the last but one at about 17 minutes. */
    private static final double SHORTEST_NS = 64_000;

    private static final int STEPS = 24 * STEPS_OF_TWO;
    private final LongAdder[] counts = new LongAdder[STEPS + 1];

    WriteTimes() {
        for (int i = 0; i <= STEPS; i++) {
            counts[i] = new LongAdder();
        }
    }

    void record(long ns) {
        double powers = Math.log(Math.max(ns, 1) / SHORTEST_NS) / Math.log(2);
        counts[Math.clamp((long) Math.ceil(powers * STEPS_OF_TWO), 0, STEPS)].increment();
    }

    /** How many steps there are. */
    public int steps() {
        return STEPS;
    }

    /** Where a step ends, in seconds. */
    public double end(int step) {
        return SHORTEST_NS / 1e9 * Math.pow(2, (double) step / STEPS_OF_TWO);
    }

    /** Writes that took no longer than the end of a step; of the step after the last, all. */
    public long upTo(int step) {
        long sum = 0;
        for (int i = 0; i <= step; i++) {
            sum += counts[i].sum();
        }
        return sum;
    }
}
