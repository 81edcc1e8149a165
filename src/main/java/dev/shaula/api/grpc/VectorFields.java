package dev.shaula.api.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.shaula.api.wire.Floats;
import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import java.util.List;

/** The vector of a message in its two forms: little-endian float32 bytes, or a list of floats. */
final class VectorFields {
    private VectorFields() {}

    /** The vector of a message that has both fields. @throws VectorDbException (invalid) naming {@code place} */
    static float[] of(ByteString packed, List<Float> values, String place) {
        if (packed.isEmpty() == values.isEmpty()) {
            throw VectorDbException.invalid(
                    place + "vector: expected bytes in \"vector\" or numbers in \"values\", got "
                            + (packed.isEmpty() ? "neither" : "both"));
        }
        int length = packed.isEmpty() ? values.size() : packed.size() / Float.BYTES;
        if (packed.size() % Float.BYTES != 0) {
            throw VectorDbException.invalid(
                    place + "vector: expected 4 bytes for each element, got " + packed.size() + " bytes");
        }
        if (length > Limits.MAX_DIMENSIONS) {
            throw VectorDbException.invalid(
                    place + "vector: expected at most " + Limits.MAX_DIMENSIONS + " elements, got " + length);
        }
        return packed.isEmpty() ? listed(values) : Floats.unpack(packed.asReadOnlyByteBuffer());
    }

    private static float[] listed(List<Float> values) {
        float[] vector = new float[values.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = values.get(i);
        }
        return vector;
    }

    static ByteString packed(float[] vector) {
        return UnsafeByteOperations.unsafeWrap(Floats.pack(vector));
    }
}
