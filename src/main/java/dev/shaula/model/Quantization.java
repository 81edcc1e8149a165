package dev.shaula.model;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * What searches walk the graph on instead of float32 rows. Whatever it is, the best of what is found is measured again
 * on the float32 rows, so that scores are exact.
 */
public enum Quantization {
    /**
     * Left to the server: {@link #BITS} from {@value #AUTO_BITS_DIMENSIONS} dimensions on, {@link #INT4} from {@value
     * #AUTO_INT4_DIMENSIONS} on, {@link #INT8} for shorter vectors.
     */
    AUTO("auto"),
    /** The float32 rows themselves. */
    NONE("none"),
    /** 8 bits a dimension, with a scale and an offset for each vector. */
    INT8("int8"),
    /** 4 bits a dimension, with a scale and an offset for each vector: half the memory of {@link #INT8}. */
    INT4("int4"),
    /** 1 bit a dimension after a rotation, then 8 bits for the best of what is found. */
    BITS("bits");

    /** From this many dimensions on {@link #AUTO} is {@link #BITS}: between 128, where bits lose, and 784, where they win. */
    public static final int AUTO_BITS_DIMENSIONS = 384;

    /** Of fewer dimensions 4 bits tell too few neighbours apart. */
    public static final int AUTO_INT4_DIMENSIONS = 128;

    private final String wireName;

    Quantization(String wireName) {
        this.wireName = wireName;
    }

    /** As requests and manifests spell it. */
    public String wireName() {
        return wireName;
    }

    /** What {@link #AUTO} stands for; all others stand for themselves. */
    public Quantization resolve(int dimensions) {
        if (this != AUTO) {
            return this;
        }
        if (dimensions >= AUTO_BITS_DIMENSIONS) {
            return BITS;
        }
        return dimensions >= AUTO_INT4_DIMENSIONS ? INT4 : INT8;
    }

    /** Reads {@link #wireName}; throws INVALID naming {@code field} and what was expected. */
    public static Quantization parse(String field, String name) {
        return Arrays.stream(values())
                .filter(q -> q.wireName.equals(name))
                .findFirst()
                .orElseThrow(() -> VectorDbException.invalid(field + ": expected one of "
                        + Arrays.stream(values()).map(Quantization::wireName).collect(Collectors.joining(", "))
                        + ", got \"" + name + "\""));
    }
}
