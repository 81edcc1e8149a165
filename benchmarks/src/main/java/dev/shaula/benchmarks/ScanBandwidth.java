package dev.shaula.benchmarks;

import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * How much of the machine's read bandwidth an exact search reaches: a summing read of memory and the product's scan
 * ({@link GraphSearcher#scan} over a {@link FloatScorer}, as an exact query takes it) in turns, by one thread and by two at
 * once, each over rows of its own, in blocks and pages as the rows lie. A program, as JMH does not alternate.
 *
 * <p>The sketch for 1,536 dimensions: a row is 6,208 bytes, 97 cache lines, 180 ns at 34 GB/s; its distance issues 192
 * loads, 52 ns where a core loads 64 bytes a cycle at 3.7 GHz. So memory is the limit, as long as the reads of the next row
 * are begun while this one is summed up. For 128 dimensions it is 576 bytes, 17 ns, against 16 loads and about 8 ns of
 * entry, summing up and keeping.
 *
 * <pre>
 * java --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xmx1g \
 *     -cp benchmarks/target/benchmarks.jar dev.shaula.benchmarks.ScanBandwidth [ROWS DIMENSIONS METRIC REPETITIONS]
 * </pre>
 */
public final class ScanBandwidth {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int STEP = 4 * SPECIES.vectorByteSize();
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final int K = 10;
    private static final int THREADS = 2;
    /** As large as the blocks that rows lie in, about. */
    private static final long BLOCK_BYTES = 6L << 20;

    /** Bytes read in a second, and seconds, and something that the compiler cannot leave out. */
    private interface Pass {
        double run();
    }

    /** What one thread reads. */
    private static final class Reader {
        private final FloatRows.View rows;
        private final FloatScorer scorer;
        private final GraphSearcher searcher = new GraphSearcher();
        private final List<MemorySegment> blocks = new ArrayList<>();
        private final float[] query;

        Reader(int count, int dimensions, Metric metric, long seed) {
            Random random = new Random(seed);
            FloatRows all = new FloatRows(dimensions);
            float[] row = new float[dimensions];
            for (int i = 0; i < count; i++) {
                fill(row, random);
                all.append(row);
            }
            rows = all.view();
            scorer = new FloatScorer(metric, rows);
            query = row.clone();
            fill(query, random);
            for (long left = bytes(); left >= STEP; left -= BLOCK_BYTES) {
                MemorySegment block = NativeMemory.allocate(Math.min(left, BLOCK_BYTES) / STEP * STEP, true);
                block.fill((byte) 1);
                blocks.add(block);
            }
        }

        private static void fill(float[] row, Random random) {
            for (int i = 0; i < row.length; i++) {
                row[i] = random.nextFloat() - 0.5f;
            }
        }

        /** Of rows with their padding and scale: all that lies between the first and the last. */
        long bytes() {
            return (long) rows.count() * ((rows.dimensions() + 15) / 16 * 64 + 64);
        }

        double read() {
            double sum = 0;
            for (MemorySegment block : blocks) {
                sum += sum(block, block.byteSize());
            }
            return sum;
        }

        double scan() {
            scorer.query(query);
            int n = searcher.scan(rows.count(), scorer, K, null);
            return searcher.distance(n - 1);
        }
    }

    private ScanBandwidth() {}

    /** As many reads in flight as a sum allows. */
    private static float sum(MemorySegment block, long bytes) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (long at = 0; at < bytes; at += STEP) {
            s0 = s0.add(FloatVector.fromMemorySegment(SPECIES, block, at, LE));
            s1 = s1.add(FloatVector.fromMemorySegment(SPECIES, block, at + STEP / 4, LE));
            s2 = s2.add(FloatVector.fromMemorySegment(SPECIES, block, at + STEP / 2, LE));
            s3 = s3.add(FloatVector.fromMemorySegment(SPECIES, block, at + 3 * STEP / 4, LE));
        }
        return s0.add(s1).add(s2.add(s3)).reduceLanes(VectorOperators.ADD);
    }

    /** Runs all passes at once, each on its thread; returns the seconds from the first start to the last end. */
    private static double secondsOf(List<Pass> passes) throws InterruptedException {
        CyclicBarrier start = new CyclicBarrier(passes.size());
        long[] began = new long[passes.size()];
        long[] ended = new long[passes.size()];
        double[] sums = new double[passes.size()];
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < passes.size(); t++) {
            int mine = t;
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    start.await();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                began[mine] = System.nanoTime();
                sums[mine] = passes.get(mine).run();
                ended[mine] = System.nanoTime();
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (Double.isNaN(Arrays.stream(sums).sum())) {
            throw new IllegalStateException("not a number");
        }
        return (Arrays.stream(ended).max().orElseThrow()
                        - Arrays.stream(began).min().orElseThrow())
                / 1e9;
    }

    /** Prints one line for each repetition and number of threads, then the medians. */
    public static void main(String[] args) throws InterruptedException {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
        int dimensions = args.length > 1 ? Integer.parseInt(args[1]) : 1_536;
        Metric metric = Metric.valueOf(args.length > 2 ? args[2].toUpperCase(Locale.ROOT) : "COSINE");
        int repetitions = args.length > 3 ? Integer.parseInt(args[3]) : 9;
        List<Reader> readers = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
            readers.add(new Reader(count, dimensions, metric, t + 1));
        }
        System.out.printf(
                "%,d x %,d %s, %.0f MB a thread%n",
                count, dimensions, metric, readers.getFirst().bytes() / 1e6);
        for (int threads = 1; threads <= THREADS; threads++) {
            measure(readers.subList(0, threads), repetitions);
        }
    }

    private static void measure(List<Reader> readers, int repetitions) throws InterruptedException {
        List<Pass> reads = readers.stream().<Pass>map(reader -> reader::read).toList();
        List<Pass> scans = readers.stream().<Pass>map(reader -> reader::scan).toList();
        double bytes = readers.stream().mapToLong(Reader::bytes).sum();
        double[] read = new double[repetitions];
        double[] scan = new double[repetitions];
        double[] ratio = new double[repetitions];
        for (int r = -3; r < repetitions; r++) {
            double reading = bytes / secondsOf(reads) / 1e9;
            double scanning = bytes / secondsOf(scans) / 1e9;
            if (r >= 0) {
                read[r] = reading;
                scan[r] = scanning;
                ratio[r] = scanning / reading;
            }
        }
        System.out.printf(
                "%d thread(s): read %.1f GB/s (%s), scan %.1f GB/s (%s), ratio %.2f (%s)%n",
                readers.size(), median(read), all(read), median(scan), all(scan), median(ratio), all(ratio));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static String all(double[] values) {
        StringBuilder text = new StringBuilder();
        for (double value : values) {
            text.append(text.isEmpty() ? "" : " ").append("%.2f".formatted(value));
        }
        return text.toString();
    }
}
