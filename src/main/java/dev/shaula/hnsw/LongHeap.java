package dev.shaula.hnsw;

import java.util.Arrays;

/** A binary min-heap of longs that keeps its array between uses. Store complements for a max-heap. */
final class LongHeap {
    private long[] heap = new long[256];
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    void clear() {
        size = 0;
    }

    /** The least element; the heap must not be empty. */
    long top() {
        return heap[0];
    }

    /** Element {@code i}, in no order. */
    long get(int i) {
        return heap[i];
    }

    void push(long value) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        int i = size++;
        while (i > 0) {
            int parent = (i - 1) >>> 1;
            if (heap[parent] <= value) {
                break;
            }
            heap[i] = heap[parent];
            i = parent;
        }
        heap[i] = value;
    }

    long pop() {
        long least = heap[0];
        long last = heap[--size];
        if (size > 0) {
            siftDown(last);
        }
        return least;
    }

    /** {@link #pop} and {@link #push} in one pass. */
    void replaceTop(long value) {
        siftDown(value);
    }

    private void siftDown(long value) {
        int i = 0;
        for (int child = 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= value) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = value;
    }
}
