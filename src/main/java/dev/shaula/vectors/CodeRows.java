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

    private final int stride;
    private final int shift;
    private MemorySegment[] chunks = {};

    /** Rows of at least {@code bytes} each. */
    CodeRows(int bytes) {
        this.stride = (bytes + ROUNDING - 1) / ROUNDING * ROUNDING;
        int s = 0;
        while (((long) stride << s) < CHUNK_BYTES) {
            s++;
        }
        this.shift = s;
    }

    /** The rows of a published view: the table of chunks is the caller's own from here on. */
    private CodeRows(CodeRows rows) {
        this.stride = rows.stride;
        this.shift = rows.shift;
        this.chunks = rows.chunks;
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
        for (int c = chunks.length; c < wanted; c++) {
            // Small collections must stay small: their one chunk is committed 4 KiB at a time.
            more[c] = NativeMemory.allocate(((long) stride << shift) + CodeKernels.BLOCK, c > 0);
        }
        chunks = more;
    }

    MemorySegment chunk(int ordinal) {
        return chunks[ordinal >>> shift];
    }

    long offset(int ordinal) {
        return (long) (ordinal & ((1 << shift) - 1)) * stride;
    }

    int stride() {
        return stride;
    }

    /** Bytes of native memory, whole chunks. */
    long memoryBytes() {
        return chunks.length * ((long) stride << shift);
    }

    /**
     * Reads a word of every cache line of {@code n} rows and returns something made of all: reads that do not depend on
     * each other wait for memory together, three to six times cheaper than one after another.
     */
    long touch(int[] ordinals, int n) {
        long sum = 0;
        for (int i = 0; i < n; i++) {
            MemorySegment chunk = chunk(ordinals[i]);
            long at = offset(ordinals[i]);
            for (long end = at + stride - 8; at < end; at += 64) {
                sum += chunk.get(LONG, at);
            }
            sum += chunk.get(LONG, offset(ordinals[i]) + stride - 8);
        }
        return sum;
    }
}
