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
    private static final int LINE = 64;

    private final int stride;
    private final int shift;
    private final int mask;
    private final long[] lines;
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
        this.lines = lines(stride);
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

    /**
     * Reads a word of every cache line of {@code n} rows and returns something made of all: reads that do not depend on
     * each other wait for memory together, three to six times cheaper than one after another. Four lines of a row in
     * each turn of a plain loop: an inner loop over the lines took a third of a search of 128 dimensions.
     */
    long touch(long[] addresses, int n) {
        long sum = 0;
        for (int line = 0; line < lines.length; line += 4) {
            sum += touch(addresses, n, lines[line], lines[line + 1], lines[line + 2], lines[line + 3]);
        }
        return sum;
    }

    private static long touch(long[] addresses, int n, long a, long b, long c, long d) {
        long sum = 0;
        for (int i = 0; i < n; i++) {
            long at = addresses[i];
            sum += NativeMemory.ALL.get(LONG, at + a)
                    + NativeMemory.ALL.get(LONG, at + b)
                    + NativeMemory.ALL.get(LONG, at + c)
                    + NativeMemory.ALL.get(LONG, at + d);
        }
        return sum;
    }

    /** Offsets that together lie on every line of a row, wherever it starts; the last repeated to fill up fours. */
    private static long[] lines(int stride) {
        int whole = (stride + LINE - ROUNDING - 1) / LINE;
        long[] lines = new long[(whole + 4) / 4 * 4];
        Arrays.fill(lines, stride - Long.BYTES);
        for (int i = 0; i < whole; i++) {
            lines[i] = (long) i * LINE;
        }
        return lines;
    }
}
