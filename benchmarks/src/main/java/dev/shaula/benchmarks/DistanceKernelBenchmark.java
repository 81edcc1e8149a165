package dev.shaula.benchmarks;

import dev.shaula.memory.NativeMemory;
import dev.shaula.simd.FloatKernels;
import dev.shaula.simd.ScalarKernels;
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
 * One float32 distance: from the first-level cache, where the kernel is the limit, and of rows at random addresses, where
 * memory is.
 *
 * <p>The sketch, for n = 1,536 on a machine with 512-bit vectors, two loads a cycle and about 3.7 GHz:
 *
 * <table>
 * <caption>expected nanoseconds per distance</caption>
 * <tr><th>benchmark</th><th>bytes read</th><th>instructions</th><th>limit</th><th>expected</th></tr>
 * <tr><td>{@link #dot}</td><td>12 KiB, in L1</td><td>192 loads, 96 FMA</td><td>96 cycles of loads</td>
 *     <td>26, and 36 as the loop and the reduction are not free</td></tr>
 * <tr><td>{@link #squaredEuclidean}</td><td>the same</td><td>192 loads, 96 subtractions, 96 FMA</td>
 *     <td>96 cycles of loads, 96 of arithmetic beside them</td><td>as {@code dot}, at most a fifth more</td></tr>
 * <tr><td>{@link #scalarDot}</td><td>the same</td><td>3,072 loads, 1,536 dependent FMA of 4 cycles</td>
 *     <td>6,144 cycles of waiting</td><td>1,600</td></tr>
 * <tr><td>{@link #dotOfRandomRows}</td><td>6 KiB from memory</td><td>as {@code dot}</td>
 *     <td>one core's bandwidth between rows that no prefetcher foresees</td><td>350 to 480</td></tr>
 * </table>
 *
 * <p>With n = 128 and 784 the first three scale with n but for about 8 ns of entry and reduction. Random rows do not scale
 * down: the first line of each costs its wait.
 *
 * <p>Three forks, because one JVM may compile a kernel well and the next badly (two modes in one result are the sign of
 * it); a warm-up of two seconds is ten times what C2 takes for methods of this size. Run with {@code -prof gc}: a kernel
 * that allocates has hit C2's inlining limits.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class DistanceKernelBenchmark {
    /** Rows of one hop: the neighbours of a node at level 0 with m = 16. */
    private static final int HOP = 32;
    /** Well beyond the last-level cache of any machine this runs on, in bytes. */
    private static final long TABLE_BYTES = 256L << 20;

    private static final long SEED = 1_536;

    /** Floats in a row; multiples of {@link FloatKernels#ROW_MULTIPLE}. */
    @Param({"128", "784", "1536"})
    public int n;

    private final Random random = new Random(SEED);
    private MemorySegment table = MemorySegment.NULL;
    private long rowBytes;
    private int rows;
    private final long[] hop = new long[HOP];

    /** Fills the table with values from -0.5 to 0.5. */
    @Setup
    public void fill() {
        rowBytes = 4L * n;
        rows = (int) (TABLE_BYTES / rowBytes);
        table = NativeMemory.allocate(rows * rowBytes, true);
        for (long i = 0; i < (long) rows * n; i++) {
            table.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
        }
    }

    /** Rows 0 and 1, in L1 after the first call. */
    @Benchmark
    public float dot() {
        return FloatKernels.dot(table, 0, table, rowBytes, n);
    }

    /** Rows 0 and 1, in L1 after the first call. */
    @Benchmark
    public float squaredEuclidean() {
        return FloatKernels.squaredEuclidean(table, 0, table, rowBytes, n);
    }

    /** The twin of {@link #dot}, for the ratio. */
    @Benchmark
    public float scalarDot() {
        return ScalarKernels.dot(table, 0, table, rowBytes, n);
    }

    /** Row 0 against the rows of a hop, as a search meets them: addresses known in advance, contents nowhere near. */
    @Benchmark
    @OperationsPerInvocation(HOP)
    public float dotOfRandomRows() {
        for (int i = 0; i < HOP; i++) {
            hop[i] = random.nextInt(rows) * rowBytes;
        }
        float sum = 0;
        for (long row : hop) {
            sum += FloatKernels.dot(table, 0, table, row, n);
        }
        return sum;
    }
}
