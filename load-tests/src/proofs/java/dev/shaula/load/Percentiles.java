package dev.shaula.load;

import java.util.Arrays;

/** Times in nanoseconds, all kept. Thread-safe. */
final class Percentiles {
    private long[] times = new long[1 << 12];
    private int size;

    synchronized void add(long ns) {
        if (size == times.length) {
            times = Arrays.copyOf(times, 2 * size);
        }
        times[size++] = ns;
    }

    synchronized int count() {
        return size;
    }

    /** Milliseconds that the fraction {@code p} of the times did not exceed; 0 if there are none. */
    synchronized double millis(double p) {
        if (size == 0) {
            return 0;
        }
        long[] sorted = Arrays.copyOf(times, size);
        Arrays.sort(sorted);
        return sorted[Math.min(size - 1, (int) Math.ceil(p * size))] / 1e6;
    }
}
