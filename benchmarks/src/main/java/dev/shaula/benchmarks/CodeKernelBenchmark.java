package dev.shaula.benchmarks;

import dev.shaula.memory.NativeMemory;
import dev.shaula.simd.CodeKernels;
import dev.shaula.simd.CodeRowKernels;
import dev.shaula.simd.RowKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The kernels on codes, and those of many float32 rows, from the first-level cache: one distance each.
 *
 * <p>The sketch, for n = 1,536 on 512-bit vectors that are computed in two halves (one vector instruction a cycle where it
 * multiplies, loads of 64 bytes a cycle) at about 3.7 GHz; 8 ns for the call and the sum over the lanes are in all:
 *
 * <table>
 * <caption>expected nanoseconds per distance</caption>
 * <tr><th>benchmark</th><th>bytes read: row, query</th><th>vector instructions but loads</th><th>expected</th></tr>
 * <tr><td>{@link #byteDot}</td><td>1,536, 3,072</td><td>24 x 9, 48 of them multiply ints (two cycles)</td><td>50</td></tr>
 * <tr><td>{@link #byteRowsDot}</td><td>1,536, 1,536</td><td>24 x 14</td><td>65</td></tr>
 * <tr><td>{@link #nibbleDot}</td><td>768, 3,072</td><td>12 x 14</td><td>35</td></tr>
 * <tr><td>{@link #nibbleRowsDot}</td><td>768, 768</td><td>12 x 20</td><td>45</td></tr>
 * <tr><td>{@link #bitDot}</td><td>192, 768</td><td>3 x 12</td><td>13</td></tr>
 * <tr><td>{@link #byteDots}</td><td>as byteDot; one row of 128 in registers</td><td>2 x 9</td><td>50; 128: 8</td></tr>
 * <tr><td>{@link #nibbleDots}</td><td>as nibbleDot; one row of 128 in registers</td><td>14</td><td>35; 128: 7</td></tr>
 * <tr><td>{@link #bitDots}</td><td>192, the query in registers</td><td>3 x 12</td><td>10</td></tr>
 * <tr><td>{@link #dotRows}</td><td>6,144, 6,144</td><td>96 multiply-adds, 192 loads</td><td>60</td></tr>
 * <tr><td>{@link #dotPairs}</td><td>3,072, 3,072 a distance</td><td>96 multiply-adds, 96 loads</td><td>35</td></tr>
 * </table>
 *
 * <p>Forks and warm-up as {@link DistanceKernelBenchmark}; run with {@code -prof gc}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class CodeKernelBenchmark {
    private static final long SEED = 1_537;
    /** Two rows of floats and two queries of {@link #n} stay in 32 KiB. */
    private static final int ROWS = 2;
    /** Rows of codes measured in one call, about as many as a node has neighbours that were not visited. */
    private static final int NEIGHBOURS = 16;

    /** Dimensions; multiples of 16. */
    @Param({"128", "784", "1536"})
    public int n;

    private MemorySegment codes = MemorySegment.NULL;
    private MemorySegment query = MemorySegment.NULL;
    private MemorySegment floats = MemorySegment.NULL;
    private int bytes;
    private int nibbles;
    private int bits;
    private long stride;
    private final float[] out = new float[2 * ROWS];
    private final long[] at = new long[NEIGHBOURS];
    private final int[] dots = new int[NEIGHBOURS];

    /** Random codes; queries are whatever bytes come, as no kernel looks at them. */
    @Setup
    public void fill() {
        Random random = new Random(SEED);
        bytes = CodeKernels.byteBlocks(n);
        nibbles = CodeKernels.nibbleBlocks(n);
        bits = CodeKernels.bitBlocks(n);
        codes = random(random, 2L * bytes);
        for (int i = 0; i < NEIGHBOURS; i++) {
            at[i] = i % 2 * (long) bytes;
        }
        query = random(random, 4L * bytes);
        stride = 4L * n;
        floats = NativeMemory.allocate(2 * ROWS * stride, false);
        for (int i = 0; i < 2 * ROWS * n; i++) {
            floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
        }
    }

    private static MemorySegment random(Random random, long size) {
        MemorySegment segment = NativeMemory.allocate(size, false);
        for (long i = 0; i < size; i++) {
            segment.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt(128));
        }
        return segment;
    }

    /** 8-bit codes and a query. */
    @Benchmark
    public int byteDot() {
        return CodeKernels.byteDot(codes, 0, query, 0, bytes);
    }

    /** Two rows of 8-bit codes. */
    @Benchmark
    public int byteRowsDot() {
        return CodeKernels.byteRowsDot(codes, 0, codes, bytes, bytes);
    }

    /** 4-bit codes and a query. */
    @Benchmark
    public int nibbleDot() {
        return CodeKernels.nibbleDot(codes, 0, query, 0, nibbles);
    }

    /** Two rows of 4-bit codes. */
    @Benchmark
    public int nibbleRowsDot() {
        return CodeKernels.nibbleRowsDot(codes, 0, codes, nibbles, nibbles);
    }

    /** 1-bit codes and a query of four planes. */
    @Benchmark
    public int bitDot() {
        return CodeKernels.bitDot(codes, 0, query, 0, bits);
    }

    /** As {@link #byteDot}, sixteen rows in one call. */
    @Benchmark
    @OperationsPerInvocation(NEIGHBOURS)
    public int byteDots() {
        CodeRowKernels.byteDots(codes, at, NEIGHBOURS, query, 0, bytes, dots);
        return dots[0];
    }

    /** As {@link #nibbleDot}, sixteen rows in one call. */
    @Benchmark
    @OperationsPerInvocation(NEIGHBOURS)
    public int nibbleDots() {
        CodeRowKernels.nibbleDots(codes, at, NEIGHBOURS, query, 0, nibbles, dots);
        return dots[0];
    }

    /** As {@link #bitDot}, sixteen rows in one call. */
    @Benchmark
    @OperationsPerInvocation(NEIGHBOURS)
    public int bitDots() {
        CodeRowKernels.bitDots(codes, at, NEIGHBOURS, query, 0, bits, dots);
        return dots[0];
    }

    /** One query and two rows that follow each other. */
    @Benchmark
    @OperationsPerInvocation(ROWS)
    public float dotRows() {
        RowKernels.dot(floats, ROWS * stride, floats, 0, stride, ROWS, n, out, 0);
        return out[0];
    }

    /** Two queries and the same rows. */
    @Benchmark
    @OperationsPerInvocation(2 * ROWS)
    public float dotPairs() {
        RowKernels.dotPair(floats, ROWS * stride, (ROWS + 1) * stride, floats, 0, stride, ROWS, n, out, 0, ROWS);
        return out[0];
    }
}
