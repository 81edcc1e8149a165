package dev.shaula.shard;

import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.payload.FilterEvaluator;
import dev.shaula.payload.MetadataIndex;
import dev.shaula.storage.PayloadStore;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.BitSetUtil;
import org.roaringbitmap.RoaringBitmap;

/**
 * The live rows that a filter accepts.
 *
 * @param bits bit set for each, not to be changed; null if every row is live and accepted
 * @param count how many
 * @param rows that there are, live or not
 * @param tested rows whose metadata was read to find out, because no index could tell
 * @param unindexed fields that made it necessary
 */
record Matches(long @Nullable [] bits, int count, int rows, int tested, List<String> unindexed) {
    /** Reading one row by its number costs about as much as passing by so many. */
    private static final int PASSED_BY = 8;

    private static final int BLOCK = 256;

    /** Every live row. */
    static Matches all(LiveRows live) {
        return new Matches(live.bits(), live.count(), live.rows(), 0, List.of());
    }

    /** Exact, with indexes or without. */
    static Matches find(Filter filter, MetadataIndex index, LiveRows live, PayloadStore payloads) {
        MetadataIndex.Selection selection = index.select(filter);
        long[] bits = liveAmong(selection.candidates(), live);
        Filter rest = selection.rest();
        if (rest == null) {
            return of(bits, live, 0, List.of());
        }
        int candidates = cardinality(bits);
        FilterEvaluator evaluator = FilterEvaluator.compile(rest);
        if (candidates < live.rows() / PASSED_BY) {
            testOneByOne(evaluator, bits, payloads);
        } else {
            testInPassing(evaluator, bits, live.rows(), payloads);
        }
        return of(bits, live, candidates, selection.unindexed());
    }

    /** Where every live row matches, searches need not ask. */
    private static Matches of(long[] bits, LiveRows live, int tested, List<String> unindexed) {
        int count = cardinality(bits);
        return new Matches(count == live.count() ? live.bits() : bits, count, live.rows(), tested, unindexed);
    }

    private static long[] liveAmong(@Nullable RoaringBitmap candidates, LiveRows live) {
        if (candidates == null) {
            return live.toBitmap();
        }
        long[] bits = Arrays.copyOf(BitSetUtil.toLongArray(candidates), (live.rows() + 63) >>> 6);
        assert candidates.isEmpty() || candidates.last() < live.rows() : candidates.last();
        long[] living = live.bits();
        for (int w = 0; living != null && w < bits.length; w++) {
            bits[w] &= living[w];
        }
        return bits;
    }

    private static void testOneByOne(FilterEvaluator evaluator, long[] bits, PayloadStore payloads) {
        int[] block = new int[BLOCK];
        int n = 0;
        for (int w = 0; w < bits.length; w++) {
            for (long word = bits[w]; word != 0; word &= word - 1) {
                block[n++] = (w << 6) + Long.numberOfTrailingZeros(word);
                if (n == BLOCK) {
                    test(evaluator, bits, block, n, payloads);
                    n = 0;
                }
            }
        }
        test(evaluator, bits, block, n, payloads);
    }

    private static void test(FilterEvaluator evaluator, long[] bits, int[] rows, int n, PayloadStore payloads) {
        Metadata[] metadata = payloads.getAll(rows, n);
        for (int i = 0; i < n; i++) {
            if (!evaluator.test(metadata[i])) {
                bits[rows[i] >>> 6] &= ~(1L << rows[i]);
            }
        }
    }

    /** Rows without metadata are not passed by: what holds of one of them holds of all. */
    private static void testInPassing(FilterEvaluator evaluator, long[] bits, int rows, PayloadStore payloads) {
        long[] candidates = bits.clone();
        if (!evaluator.test(Metadata.EMPTY)) {
            Arrays.fill(bits, 0);
        }
        payloads.forEach((row, metadata) -> {
            long bit = 1L << row;
            if (row < rows && (candidates[row >>> 6] & bit) != 0) {
                if (evaluator.test(metadata)) {
                    bits[row >>> 6] |= bit;
                } else {
                    bits[row >>> 6] &= ~bit;
                }
            }
        });
    }

    /** Takes a row and its metadata. */
    @FunctionalInterface
    interface MetadataVisitor {
        void visit(int row, Metadata metadata);
    }

    /** Visits each of the rows that has metadata. */
    void forEachMetadata(PayloadStore payloads, MetadataVisitor visitor) {
        if (count >= rows / PASSED_BY) {
            payloads.forEach((row, metadata) -> {
                if (row < rows && (bits == null || (bits[row >>> 6] & (1L << row)) != 0)) {
                    visitor.visit(row, metadata);
                }
            });
        } else {
            forEachMetadata(ordinals(), payloads, visitor);
        }
    }

    /** Visits some rows one by one. */
    static void forEachMetadata(int[] rows, PayloadStore payloads, MetadataVisitor visitor) {
        for (int from = 0; from < rows.length; from += BLOCK) {
            int[] block = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + BLOCK));
            Metadata[] metadata = payloads.getAll(block, block.length);
            for (int i = 0; i < block.length; i++) {
                visitor.visit(block[i], metadata[i]);
            }
        }
    }

    /** Heap of the bitmap. */
    long heapBytes() {
        return 64 + (bits == null ? 0 : 8L * bits.length);
    }

    /** The rows, ascending. */
    int[] ordinals() {
        if (bits == null) {
            return IntStream.range(0, rows).toArray();
        }
        int[] ordinals = new int[count];
        int n = 0;
        for (int w = 0; w < bits.length; w++) {
            for (long word = bits[w]; word != 0; word &= word - 1) {
                ordinals[n++] = (w << 6) + Long.numberOfTrailingZeros(word);
            }
        }
        return ordinals;
    }

    /** {@code n} of the rows, evenly spread over them in their order; all if there are not so many. */
    int[] sample(int n) {
        if (bits == null || count <= n) {
            return Arrays.copyOf(ordinals(), Math.min(n, count));
        }
        int[] chosen = new int[n];
        int taken = 0;
        int before = 0;
        for (int w = 0; taken < n; w++) {
            int inWord = Long.bitCount(bits[w]);
            for (long rank = rank(taken, n); taken < n && rank < before + inWord; rank = rank(taken, n)) {
                chosen[taken++] = (w << 6) + select(bits[w], (int) rank - before);
            }
            before += inWord;
        }
        return chosen;
    }

    /** Which of the matches is number {@code i} of {@code n} evenly spread ones. */
    private long rank(int i, int n) {
        return (long) i * count / n;
    }

    /** The place of the set bit before which there are {@code n} others. */
    private static int select(long word, int n) {
        long left = word;
        for (int i = 0; i < n; i++) {
            left &= left - 1;
        }
        return Long.numberOfTrailingZeros(left);
    }

    private static int cardinality(long[] bits) {
        int n = 0;
        for (long word : bits) {
            n += Long.bitCount(word);
        }
        return n;
    }
}
