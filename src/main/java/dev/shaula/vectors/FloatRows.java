package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Metric;
import dev.shaula.simd.EncodingKernels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Append-only float32 rows in native chunks. One thread appends; any thread reads rows that were published to it
 * through a {@link View}. A row never moves and never changes, so that views share the chunks and only know a count.
 */
public final class FloatRows {
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final RowLayout layout;
    private final CacheLines lines;
    private MemorySegment[] chunks = {};
    private int count;

    /** Without rows yet, of {@code dimensions} floats each, at least 1. */
    public FloatRows(int dimensions) {
        this.layout = RowLayout.of(dimensions);
        this.lines = CacheLines.of(layout.strideBytes(), NativeMemory.ALIGNMENT);
    }

    /** Goes on behind {@code count} rows; the last chunk must be writable if it is not full. */
    static FloatRows of(RowLayout layout, MemorySegment[] chunks, int count) {
        FloatRows rows = new FloatRows(layout.dimensions());
        rows.chunks = chunks;
        rows.count = count;
        return rows;
    }

    /**
     * Copies a vector behind the last row. For the writing thread only.
     *
     * @param vector {@code d} finite floats
     * @return the ordinal of the new row
     */
    public int append(float[] vector) {
        assert vector.length == layout.dimensions();
        int ordinal = count;
        int chunk = layout.chunkOf(ordinal);
        if (chunk == chunks.length) {
            grow();
        }
        long offset = layout.offsetOf(ordinal);
        MemorySegment.copy(vector, 0, chunks[chunk], FLOAT, offset, vector.length);
        chunks[chunk].set(FLOAT, offset + layout.scaleOffset(), inverseLength(vector));
        count++;
        return ordinal;
    }

    /** Copies row {@code ordinal} of {@code from}, of the same dimensions, behind the last row. For the writing thread only. */
    public void appendFrom(View from, int ordinal) {
        int chunk = layout.chunkOf(count);
        if (chunk == chunks.length) {
            grow();
        }
        long bytes = layout.strideBytes();
        MemorySegment.copy(from.chunk(ordinal), from.offset(ordinal), chunks[chunk], layout.offsetOf(count), bytes);
        count++;
    }

    /** The rows as they are now; later appends do not show. For the writing thread; the view is for all. */
    public View view() {
        return new View(layout, lines, chunks, count);
    }

    public int count() {
        return count;
    }

    public int dimensions() {
        return layout.dimensions();
    }

    /**
     * Writes a vector as its metric compares it, of length 1 for the cosine, and zeros up to the end of {@code out};
     * returns the scale, 0 for the zero vector under the cosine.
     */
    static float scaled(float[] vector, Metric metric, float[] out) {
        float scale = metric == Metric.COSINE ? inverseLength(vector) : 1f;
        for (int i = 0; i < vector.length; i++) {
            out[i] = vector[i] * scale;
        }
        Arrays.fill(out, vector.length, out.length, 0f);
        return scale;
    }

    private void grow() {
        // Small collections must stay small: their one chunk is committed 4 KiB at a time.
        boolean hugePages = chunks.length > 0;
        MemorySegment[] more = Arrays.copyOf(chunks, chunks.length + 1);
        more[chunks.length] = NativeMemory.allocate(layout.chunkBytes(), hugePages);
        chunks = more;
    }

    /** {@code 1 / |v|}, or 0 for the zero vector, and for one so short (3e-39) that it overflows: cosine 0 to everything. */
    static float inverseLength(float[] vector) {
        float inverse = (float) (1 / Math.sqrt(EncodingKernels.squares(vector)));
        return Float.isInfinite(inverse) ? 0f : inverse;
    }

    /** The first {@code count} rows, immutable; for any thread. */
    public static final class View {
        private final RowLayout layout;
        private final CacheLines lines;
        private final MemorySegment[] chunks;
        private final int count;

        private View(RowLayout layout, CacheLines lines, MemorySegment[] chunks, int count) {
            this.layout = layout;
            this.lines = lines;
            this.chunks = chunks;
            this.count = count;
        }

        public int count() {
            return count;
        }

        public int dimensions() {
            return layout.dimensions();
        }

        /** A copy of the row as it was given, {@code d} floats. */
        public float[] row(int ordinal) {
            float[] vector = new float[layout.dimensions()];
            MemorySegment.copy(chunk(ordinal), FLOAT, offset(ordinal), vector, 0, vector.length);
            return vector;
        }

        /**
         * Gives the memory of all rows back to the system, also of those added after this view. Nobody may read them
         * any more: whoever does finds zeros.
         */
        void discard() {
            for (MemorySegment chunk : chunks) {
                NativeMemory.discard(chunk);
            }
        }

        /** Puts a file that holds the same rows in the place of every full chunk that is memory still. */
        void moveToFile(Path file) throws IOException {
            for (int c = 0; c < count >>> layout.chunkShift(); c++) {
                NativeMemory.moveToFile(chunks[c], file, c * layout.chunkBytes());
            }
        }

        /** Says that rows that lie in files are not about to be read. */
        void release() {
            for (MemorySegment chunk : chunks) {
                NativeMemory.release(chunk);
            }
        }

        /** Copies the row as the metric compares it, see {@link FloatRows#scaled}. */
        float copyScaled(int ordinal, Metric metric, float[] out) {
            int d = layout.dimensions();
            MemorySegment.copy(chunk(ordinal), FLOAT, offset(ordinal), out, 0, d);
            Arrays.fill(out, d, out.length, 0f);
            float scale = metric == Metric.COSINE ? scale(ordinal) : 1f;
            if (scale != 1f) {
                for (int i = 0; i < d; i++) {
                    out[i] *= scale;
                }
            }
            return scale;
        }

        /** Bytes of native memory behind the rows, whole chunks. */
        public long memoryBytes() {
            return chunks.length * layout.chunkBytes();
        }

        RowLayout layout() {
            return layout;
        }

        CacheLines lines() {
            return lines;
        }

        MemorySegment chunk(int ordinal) {
            return chunks[layout.chunkOf(ordinal)];
        }

        long offset(int ordinal) {
            return layout.offsetOf(ordinal);
        }

        /** The address of a row in {@link NativeMemory#ALL}, for as long as the caller keeps this view reachable. */
        long address(int ordinal) {
            return chunk(ordinal).address() + offset(ordinal);
        }

        /** How many of {@code ordinals[from .. to - 1]}, from the first on, lie in a row in one chunk; at least 1. */
        int run(int[] ordinals, int from, int to) {
            int first = ordinals[from];
            int chunk = layout.chunkOf(first);
            int n = 1;
            while (from + n < to && ordinals[from + n] == first + n && layout.chunkOf(first + n) == chunk) {
                n++;
            }
            return n;
        }

        /**
         * Makes distances of the products of a query with rows in one chunk.
         *
         * @param metric cosine or dot product
         * @param queryScale what brings the query to length 1, for the cosine
         */
        void distancesOfProducts(Metric metric, float queryScale, int first, int count, float[] products, int at) {
            if (metric == Metric.DOT) {
                for (int i = at; i < at + count; i++) {
                    products[i] = -products[i];
                }
                return;
            }
            MemorySegment chunk = chunk(first);
            long scaleAt = offset(first) + layout.scaleOffset();
            for (int i = at; i < at + count; i++, scaleAt += layout.strideBytes()) {
                products[i] = 1f - products[i] * queryScale * chunk.get(FLOAT, scaleAt);
            }
        }

        float scale(int ordinal) {
            return chunk(ordinal).get(FLOAT, offset(ordinal) + layout.scaleOffset());
        }
    }
}
