package dev.shaula.shard;

import java.util.Arrays;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * Rows in an order that is worked out only as far as somebody reads: the first page of a million costs a few passes
 * over them, not a sort of all (incremental quicksort, Paredes and Navarro, ALENEX 2006). Thread-safe.
 */
final class OrderedRows {
    /** Below this many rows an insertion sort needs fewer comparisons. */
    private static final int SMALL = 16;

    /** Orders two rows. */
    @FunctionalInterface
    interface Order {
        int compare(int a, int b);
    }

    private final int[] rows;
    private final Order order;
    /** Ends of the segments that are still to be sorted, nearest on top; a segment is less than all behind it. */
    private int[] ends = new int[64];

    private int depth;
    /** Rows before this one are where they belong. */
    private int sorted;

    private OrderedRows(int[] rows, Order order, int sorted) {
        this.rows = rows;
        this.order = order;
        this.sorted = sorted;
        ends[depth++] = rows.length;
    }

    /** In the order they have; the array belongs to the result. */
    static OrderedRows asGiven(int[] rows) {
        return new OrderedRows(rows, Integer::compare, rows.length);
    }

    /** Sorted; no two may be equal. The array belongs to the result. */
    static OrderedRows sorted(int[] rows, Order order) {
        return new OrderedRows(rows, order, 0);
    }

    /** In an order of chance; the array belongs to the result. */
    static OrderedRows shuffled(int[] rows, RandomGenerator random) {
        for (int i = rows.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int row = rows[i];
            rows[i] = rows[j];
            rows[j] = row;
        }
        return asGiven(rows);
    }

    /** The rows at the positions {@code from .. to - 1}. */
    synchronized int[] range(int from, int to) {
        // The choice of pivots changes the time only, never the order.
        Random random = new Random(sorted);
        while (sorted < to) {
            sortNext(random);
        }
        return Arrays.copyOfRange(rows, from, to);
    }

    /** Brings the front segment to its place, or splits it. */
    private void sortNext(Random random) {
        int end = ends[depth - 1];
        if (end - sorted <= SMALL) {
            insertionSort(sorted, end);
            sorted = end;
            depth--;
        } else {
            int pivot = partition(sorted, end, sorted + random.nextInt(end - sorted));
            if (depth + 2 > ends.length) {
                ends = Arrays.copyOf(ends, 2 * ends.length);
            }
            ends[depth++] = pivot + 1;
            ends[depth++] = pivot;
        }
    }

    /** Puts what is less than {@code rows[chosen]} before it; returns where it ends up. */
    private int partition(int from, int to, int chosen) {
        int pivot = rows[chosen];
        rows[chosen] = rows[to - 1];
        int less = from;
        for (int i = from; i < to - 1; i++) {
            int row = rows[i];
            if (order.compare(row, pivot) < 0) {
                rows[i] = rows[less];
                rows[less++] = row;
            }
        }
        rows[to - 1] = rows[less];
        rows[less] = pivot;
        return less;
    }

    private void insertionSort(int from, int to) {
        for (int i = from + 1; i < to; i++) {
            int row = rows[i];
            int at = i;
            while (at > from && order.compare(rows[at - 1], row) > 0) {
                rows[at] = rows[at - 1];
                at--;
            }
            rows[at] = row;
        }
    }
}
