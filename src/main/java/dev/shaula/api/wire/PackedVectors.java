package dev.shaula.api.wire;

import dev.shaula.model.VectorDbException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A body of one or several vectors of known dimensions, one behind the other: little-endian float32, 4 bytes an element,
 * nothing else. What is kept between two pieces is the vector that is not complete.
 */
public final class PackedVectors implements Document<List<float[]>> {
    private final int dimensions;
    private final int most;
    private final List<float[]> vectors = new ArrayList<>();
    private final byte[] part;
    private int partBytes;

    /**
     * @param dimensions elements of each vector
     * @param most vectors that are taken, at least 1
     */
    public PackedVectors(int dimensions, int most) {
        this.dimensions = dimensions;
        this.most = most;
        part = new byte[Float.BYTES * dimensions];
    }

    @Override
    public void feed(byte[] bytes, int start, int end) {
        int at = start;
        while (at < end) {
            if (vectors.size() == most) {
                throw VectorDbException.tooLarge("body: expected at most " + most + " x " + dimensions
                        + " little-endian float32, " + (long) most * part.length + " bytes, got more");
            }
            if (partBytes == 0 && end - at >= part.length) {
                add(bytes, at);
                at += part.length;
            } else {
                int taken = Math.min(end - at, part.length - partBytes);
                System.arraycopy(bytes, at, part, partBytes, taken);
                partBytes += taken;
                at += taken;
                if (partBytes == part.length) {
                    partBytes = 0;
                    add(part, 0);
                }
            }
        }
    }

    private void add(byte[] bytes, int start) {
        float[] vector = Floats.unpack(ByteBuffer.wrap(bytes, start, part.length));
        for (int i = 0; i < vector.length; i++) {
            if (!Float.isFinite(vector[i])) {
                throw VectorDbException.invalid("body: expected finite numbers, got " + vector[i] + " at position " + i
                        + " of vector " + vectors.size());
            }
        }
        vectors.add(vector);
    }

    @Override
    public List<float[]> finish() {
        if (partBytes > 0 || vectors.isEmpty()) {
            throw VectorDbException.invalid("body: expected " + (most == 1 ? "" : "a multiple of ") + part.length
                    + " bytes, " + dimensions + " little-endian float32" + (most == 1 ? "" : " a vector") + ", got "
                    + ((long) vectors.size() * part.length + partBytes));
        }
        return vectors;
    }

    @Override
    public void close() {}

    @Override
    public long heapBytes() {
        return (vectors.size() + 1L) * (part.length + 24L);
    }
}
