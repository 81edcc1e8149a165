package dev.shaula.hnsw;

import dev.shaula.vectors.Scorer;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the nearest of some rows from rough distances of all of them: each stage measures the nearest of what the one
 * before has measured with a better scorer, until the rest has no prospect. With {@code e} the root mean square of how far the
 * rough distances were off so far, a row has a prospect while its rough distance is at most {@value #SPREADS} e beyond the
 * worst of those kept. So well separated neighbours cost a few looks; a crowd at nearly the same distance, as the nearest of
 * matches far from the query are, gets as many as it takes.
 *
 * <p>Allocates nothing once its buffers have grown, to 8 bytes for each of at most {@value #MOST_ROWS} rows, three times. Not
 * thread-safe: one ranking, one thread.
 */
public final class MatchRanking {
    /** Rows that can be ranked at once. */
    public static final int MOST_ROWS = 1 << 20;

    private static final double SPREADS = 2.25;
    private static final int BLOCK = 256;
    /** Looks between two questions whether there is a prospect. */
    private static final int STEP = 16;
    /** The nearest by rough distances are brought in order; only a crowd makes one look beyond. */
    private static final int ORDERED = 64;
    /** Groups of which the nearest are found first, for each that is wanted. */
    private static final int GROUPS = 3;

    /** Enough to tell an error to a tenth. */
    private static final int SAMPLE = 48;

    private Pool rough = new Pool();
    private Pool better = new Pool();
    private final LongHeap kept = new LongHeap();
    private final int[] nodes = new int[BLOCK];
    private final float[] distances = new float[BLOCK];
    private long[] ordered = new long[ORDERED];
    private final long[] sampled = new long[SAMPLE];
    private long[] found = new long[64];
    private int foundCount;
    private @Nullable BooleanSupplier stopped;

    /**
     * The matches.
     *
     * @param linked rows below this are measured by a scorer's {@link Scorer#walker}
     * @param rows that there are
     * @param accepted bit set per ordinal: the matches
     */
    public record Matching(int linked, int rows, long[] accepted) {}

    /** What one scorer has measured. */
    private static final class Pool {
        private long[] keys = new long[BLOCK];
        private int size;

        void add(long key) {
            if (size == keys.length) {
                keys = Arrays.copyOf(keys, 2 * size);
            }
            keys[size++] = key;
        }
    }

    /** As {@link GraphSearcher#stopWhen}. */
    public void stopWhen(@Nullable BooleanSupplier stop) {
        stopped = stop;
    }

    /**
     * Measures all matches, and the nearest of them exactly; then {@link #count}, {@link #ordinal} and {@link #distance}
     * give the nearest {@code k}. The scorers have the same query.
     *
     * @param matching at most {@link #MOST_ROWS}
     * @param coarse whether to begin with the scorer's {@link Scorer#walker}, if it has one
     */
    public void scan(Matching matching, Scorer scorer, Scorer exact, boolean coarse, int k) {
        Scorer walker = coarse ? scorer.walker() : null;
        rough.size = 0;
        if (walker != null) {
            measure(walker, 0, matching.linked, matching.accepted, rough);
            sharpen(scorer, GraphSearcher.kept(k));
        }
        measure(scorer, walker == null ? 0 : matching.linked, matching.rows, matching.accepted, rough);
        sharpen(exact, k);
        collect();
    }

    /** Measures all matches, however many, exactly; results as the other. */
    public void scan(int rows, Scorer exact, long[] accepted, int k) {
        kept.clear();
        measure(exact, 0, rows, accepted, n -> keepNearest(n, k));
        collect();
    }

    /** Measures the nearest of what a walk has found exactly; results as {@link #scan}. */
    public void sharpen(FilteredGraphSearcher walked, Scorer exact, int k) {
        rough.size = 0;
        for (int i = 0; i < walked.count(); i++) {
            rough.add(Keys.of(walked.distance(i), walked.ordinal(i)));
        }
        sharpen(exact, k);
        collect();
    }

    /**
     * Measures those among the results of {@link GraphSearcher#searchSieved} that are matches, and the matches that are not linked
     * yet; results as {@link #scan}.
     *
     * @return false, and no results, if there are fewer than {@link GraphSearcher#kept} linked ones among them
     */
    public boolean sift(GraphSearcher walked, Matching matching, Scorer scorer, Scorer exact, int k) {
        rough.size = 0;
        for (int i = 0; i < walked.foundCount(); i++) {
            int node = walked.ordinal(i);
            if ((matching.accepted[node >>> 6] & (1L << node)) != 0) {
                rough.add(Keys.of(walked.distance(i), node));
            }
        }
        if (rough.size < GraphSearcher.kept(k)) {
            foundCount = 0;
            return false;
        }
        if (scorer.walker() != null) {
            sharpen(scorer, GraphSearcher.kept(k));
        }
        measure(scorer, matching.linked, matching.rows, matching.accepted, rough);
        sharpen(exact, k);
        collect();
        return true;
    }

    /** Results of the last call. */
    public int count() {
        return foundCount;
    }

    /** The ordinal of result {@code i}, closest first. */
    public int ordinal(int i) {
        return Keys.node(found[i]);
    }

    public float distance(int i) {
        return Keys.distance(found[i]);
    }

    private void measure(Scorer scorer, int from, int to, long[] accepted, Pool pool) {
        measure(scorer, from, to, accepted, n -> {
            for (int i = 0; i < n; i++) {
                pool.add(Keys.of(distances[i], nodes[i]));
            }
        });
    }

    /** Hands out {@link #nodes} and {@link #distances} of the matches among the rows {@code from .. to - 1}, a block at a time. */
    private void measure(Scorer scorer, int from, int to, long[] accepted, IntConsumer block) {
        int n = 0;
        for (int w = from >>> 6; w < (to + 63) >>> 6; w++) {
            long word = accepted[w];
            if (w == from >>> 6) {
                word &= -1L << from;
            }
            if (w == to >>> 6) {
                word &= (1L << to) - 1;
            }
            for (; word != 0; word &= word - 1) {
                nodes[n++] = (w << 6) + Long.numberOfTrailingZeros(word);
                if (n == BLOCK) {
                    checkStopped();
                    scorer.distances(nodes, n, distances);
                    block.accept(n);
                    n = 0;
                }
            }
        }
        scorer.distances(nodes, n, distances);
        block.accept(n);
    }

    /** Makes {@link #rough} what {@code scorer} has measured of it: at least the nearest {@code keep}, and all with a prospect. */
    private void sharpen(Scorer scorer, int keep) {
        better.size = 0;
        kept.clear();
        int width = order(Math.max(ORDERED, 2 * keep));
        double squares = 0;
        int looked = 0;
        while (looked < width && (kept.size() < keep || ordered[looked] <= reach(squares, looked))) {
            int n = Math.min(STEP, width - looked);
            squares += look(scorer, ordered, looked, n, keep);
            looked += n;
        }
        if (looked == width && width < rough.size) {
            lookBeyond(scorer, ordered[width - 1], sample(scorer), keep);
        }
        Pool done = rough;
        rough = better;
        better = done;
    }

    /** The key up to which there is a prospect. */
    private long reach(double squares, int looked) {
        double farthest = Keys.distance(~kept.top()) + SPREADS * Math.sqrt(squares / looked);
        return Keys.of((float) farthest, 0);
    }

    /**
     * Looks at some spread evenly over all; returns the sum of the squares of how far they were off. Those in order are
     * no guide to that: they are where they are because they were off most.
     */
    private double sample(Scorer scorer) {
        for (int i = 0; i < SAMPLE; i++) {
            sampled[i] = rough.keys[(int) ((long) i * rough.size / SAMPLE)];
        }
        int before = better.size;
        double squares = look(scorer, sampled, 0, SAMPLE, 0);
        better.size = before;
        return squares;
    }

    /** Looks at everything with a prospect that is not among those in order. */
    private void lookBeyond(Scorer scorer, long behind, double squares, int keep) {
        long reach = reach(squares, SAMPLE);
        int n = 0;
        for (int i = 0; i < rough.size; i++) {
            long key = rough.keys[i];
            if (key > behind && key <= reach) {
                nodes[n++] = Keys.node(key);
                if (n == BLOCK) {
                    checkStopped();
                    keep(scorer, n, keep);
                    n = 0;
                    reach = reach(squares, SAMPLE); // nearer for each that was kept
                }
            }
        }
        keep(scorer, n, keep);
    }

    /**
     * Brings the nearest {@code most} of {@link #rough} in order; returns how many there are. Of every so many keys the nearest is
     * found first: nothing beyond number {@code most} of these can be wanted. (A heap of those wanted took 30 us for 100
     * of 5,000 keys.)
     */
    private int order(int most) {
        int size = rough.size;
        int every = (size + GROUPS * most - 1) / (GROUPS * most);
        if (every <= 1) {
            System.arraycopy(rough.keys, 0, room(size), 0, size);
            Arrays.sort(ordered, 0, size);
        } else {
            sortUpTo(leastOfGroups((size + every - 1) / every, most));
        }
        return Math.min(size, most);
    }

    /** Number {@code most} of the nearest of each group; key {@code i} is in group {@code i} modulo {@code groups}. */
    private long leastOfGroups(int groups, int most) {
        long[] least = room(groups);
        long[] keys = rough.keys;
        System.arraycopy(keys, 0, least, 0, groups);
        for (int from = groups; from < rough.size; from += groups) {
            int n = Math.min(groups, rough.size - from);
            for (int i = 0; i < n; i++) {
                least[i] = Math.min(least[i], keys[from + i]);
            }
        }
        Arrays.sort(least, 0, groups);
        return least[most - 1];
    }

    private long[] room(int n) {
        if (ordered.length < n) {
            ordered = new long[n];
        }
        return ordered;
    }

    private void sortUpTo(long bound) {
        int n = 0;
        for (int i = 0; i < rough.size; i++) {
            long key = rough.keys[i];
            if (key <= bound) {
                if (n == ordered.length) {
                    ordered = Arrays.copyOf(ordered, Math.min(rough.size, 2 * n));
                }
                ordered[n++] = key;
            }
        }
        Arrays.sort(ordered, 0, n);
    }

    /** Measures {@code n} keys from {@code first} on; returns the sum of the squares of how far they were off. */
    private double look(Scorer scorer, long[] keys, int first, int n, int keep) {
        for (int i = 0; i < n; i++) {
            nodes[i] = Keys.node(keys[first + i]);
        }
        keep(scorer, n, keep);
        double squares = 0;
        for (int i = 0; i < n; i++) {
            double off = (double) distances[i] - Keys.distance(keys[first + i]);
            squares += off * off;
        }
        return squares;
    }

    private void keep(Scorer scorer, int n, int keep) {
        scorer.distances(nodes, n, distances);
        for (int i = 0; i < n; i++) {
            better.add(Keys.of(distances[i], nodes[i]));
        }
        keepNearest(n, keep);
    }

    private void keepNearest(int n, int most) {
        for (int i = 0; i < n; i++) {
            long key = Keys.of(distances[i], nodes[i]);
            if (kept.size() < most) {
                kept.push(~key);
            } else if (most > 0 && key < ~kept.top()) {
                kept.replaceTop(~key);
            }
        }
    }

    private void collect() {
        foundCount = kept.size();
        if (found.length < foundCount) {
            found = new long[foundCount];
        }
        for (int i = foundCount - 1; i >= 0; i--) {
            found[i] = ~kept.pop();
        }
    }

    private void checkStopped() {
        if (stopped != null && stopped.getAsBoolean()) {
            throw new CancellationException("the search is not wanted any more");
        }
    }
}
