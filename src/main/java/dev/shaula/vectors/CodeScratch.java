package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.simd.CodeKernels;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The arrays and native memory that preparing a query or a row takes; kept from query to query. Not thread-safe. */
public final class CodeScratch {
    /** Rows that are read together at most: more than the new neighbours of some nodes that a search expands at once. */
    static final int BATCH = 128;

    final float[] floats;
    final float[] rotated;
    final byte[] bytes;
    final long[] planes;
    /** Of rows that are read together. */
    final long[] addresses = new long[BATCH];
    /** Products of these rows with the query. */
    final int[] dots = new int[BATCH];

    /** A packed query of 8-bit or 4-bit codes, then the bit planes of a 1-bit query. */
    final MemorySegment query;

    private final MemorySegment floatQuery;
    private @Nullable MemorySegment floatQueries;

    final int byteBlocks;
    final int bitBlocks;
    final int dimensions;

    /** For vectors of {@code dimensions} floats. */
    public CodeScratch(int dimensions) {
        this.dimensions = dimensions;
        this.byteBlocks = CodeKernels.byteBlocks(dimensions);
        this.bitBlocks = CodeKernels.bitBlocks(dimensions);
        this.floats = new float[2 * CodeKernels.nibbleBlocks(dimensions)];
        this.rotated = new float[byteBlocks];
        this.bytes = new byte[byteBlocks + CodeKernels.BLOCK];
        this.planes = new long[CodeKernels.PLANES * bitBlocks / 8];
        this.query = NativeMemory.allocate(planesAt() + (long) CodeKernels.PLANES * bitBlocks, false);
        this.floatQuery = NativeMemory.allocate(FloatScorer.scratchBytes(dimensions), false);
    }

    /** Dimensions of the vectors it is for. */
    public int dimensions() {
        return dimensions;
    }

    /** Native room for an exact query. */
    MemorySegment floatQuery() {
        return floatQuery;
    }

    /** Native room for a {@link FloatBatch}, made when one is first wanted. */
    MemorySegment floatQueries() {
        MemorySegment queries = floatQueries;
        if (queries == null) {
            queries = NativeMemory.allocate(FloatBatch.scratchBytes(dimensions), false);
            floatQueries = queries;
        }
        return queries;
    }

    long planesAt() {
        return 4L * CodeKernels.nibbleBlocks(dimensions);
    }
}
