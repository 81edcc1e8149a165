package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.simd.CodeKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Codes of a fixed number of bytes per row in native chunks, on huge pages where the system grants them: codes are what
 * searches read at random. One thread makes room; then different threads may write different rows. A row that a
 * published view holds never changes. Behind each chunk there is room for a kernel to read on.
 */
final class CodeRows {
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final long CHUNK_BYTES = 4L << 20;
    private static final int ROUNDING = 16;
    /** Bytes of rows that are read ahead together: more would drive each other out of the nearest cache. */
    private static final int TOGETHER_BYTES = 24 << 10;
    /** Rows that are, however long. */
    private static final int LEAST_TOGETHER = 8;

    private final int stride;
    private final int shift;
    private final int mask;
    private final CacheLines lines;
    private MemorySegment[] chunks = {};
    /** Where each chunk starts. */
    private long[] starts = {};

    /** Rows of at least {@code bytes} each. */
    CodeRows(int bytes) {
        this.stride = (bytes + ROUNDING - 1) / ROUNDING * ROUNDING;
        int s = 0;
        while (((long) stride << s) < CHUNK_BYTES) {
            s++;
        }
        this.shift = s;
        this.mask = (1 << s) - 1;
        this.lines = CacheLines.of(stride, ROUNDING);
    }

    /** The rows of a published view: the table of chunks is the caller's own from here on. */
    private CodeRows(CodeRows rows) {
        this.stride = rows.stride;
        this.shift = rows.shift;
        this.mask = rows.mask;
        this.lines = rows.lines;
        this.chunks = rows.chunks;
        this.starts = rows.starts;
    }

    /** The rows there is room for now, as readers see them; later growth does not show. */
    CodeRows view() {
        return new CodeRows(this);
    }

    /** Makes room for the rows below {@code count}. */
    void reach(int count) {
        int wanted = (int) (((long) count + (1 << shift) - 1) >>> shift);
        if (wanted <= chunks.length) {
            return;
        }
        MemorySegment[] more = Arrays.copyOf(chunks, wanted);
        long[] moreStarts = Arrays.copyOf(starts, wanted);
        for (int c = chunks.length; c < wanted; c++) {
            // Small collections must stay small: their one chunk is committed 4 KiB at a time.
            more[c] = NativeMemory.allocate(((long) stride << shift) + CodeKernels.BLOCK, c > 0);
            moreStarts[c] = more[c].address();
        }
        chunks = more;
        starts = moreStarts;
    }

    /** Rows to be read ahead together, up to {@link CodeScratch#BATCH}. */
    int together() {
        return Math.clamp(TOGETHER_BYTES / stride, LEAST_TOGETHER, CodeScratch.BATCH);
    }

    int stride() {
        return stride;
    }

    void discard() {
        for (MemorySegment chunk : chunks) {
            NativeMemory.discard(chunk);
        }
    }

    /** Bytes of native memory, whole chunks. */
    long memoryBytes() {
        return chunks.length * ((long) stride << shift);
    }

    /**
     * The address of a row, to be read and written in {@link NativeMemory#ALL}. Whoever does ends with a {@link
     * java.lang.ref.Reference#reachabilityFence} on what holds these rows.
     *
     * @throws IndexOutOfBoundsException if there is no chunk with that row
     */
    long address(int ordinal) {
        return starts[ordinal >>> shift] + (long) (ordinal & mask) * stride;
    }

    /** The addresses of {@code n} rows from {@code from} on. */
    void addresses(int[] ordinals, int from, int n, long[] out) {
        for (int i = 0; i < n; i++) {
            out[i] = address(ordinals[from + i]);
        }
    }

    /** Reads all lines of {@code n} rows, see {@link CacheLines#touch}. */
    long touch(long[] addresses, int n) {
        return lines.touch(addresses, n);
    }
}
