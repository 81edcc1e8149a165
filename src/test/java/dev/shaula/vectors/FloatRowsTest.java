package dev.shaula.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FloatRowsTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 13, 16, 17, 63, 64, 65, 207, 702, 784, 1536, 65_535})
    void shouldLayRowsOutForKernelsAndCacheLines(int dimensions) {
        RowLayout layout = RowLayout.of(dimensions);
        assertThat(layout.paddedDimensions()).isBetween(dimensions, dimensions + 15);
        assertThat(layout.paddedDimensions() % 16).isZero();
        assertThat(layout.strideBytes() % 64).isZero();
        assertThat(layout.scaleOffset() + 4).isLessThanOrEqualTo(layout.strideBytes());
        assertThat(layout.chunkBytes()).isBetween(4L << 20, 8L << 20);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 13, 1536, 65_535})
    void shouldGiveEveryOrdinalAPlaceOfItsOwnUpToTheLast(int dimensions) {
        RowLayout layout = RowLayout.of(dimensions);
        int perChunk = 1 << layout.chunkShift();
        for (int ordinal : new int[] {0, 1, perChunk - 1, perChunk, perChunk + 1, Integer.MAX_VALUE}) {
            assertThat(layout.chunkOf(ordinal)).isEqualTo(ordinal / perChunk).isNotNegative();
            assertThat(layout.offsetOf(ordinal)).isEqualTo((long) (ordinal % perChunk) * layout.strideBytes());
            assertThat(layout.offsetOf(ordinal) + layout.strideBytes()).isLessThanOrEqualTo(layout.chunkBytes());
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 70000", "13, 40000", "1536, 2500", "65535, 50"})
    void shouldGiveBackRowsToTheBitAcrossChunks(int dimensions, int count) {
        FloatRows rows = new FloatRows(dimensions);
        List<FloatRows.View> views = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if (i % (count / 10) == 3) {
                views.add(rows.view());
            }
            assertThat(rows.append(anyBits(dimensions, i))).isEqualTo(i);
        }
        views.add(rows.view());
        FloatRows.View last = views.getLast();
        assertThat(last.memoryBytes()).isGreaterThanOrEqualTo(8L << 20).isEqualTo(wholeChunks(dimensions, count));
        for (FloatRows.View view : views) {
            for (int i = 0; i < view.count(); i += 1 + view.count() / 200) {
                assertSameBits(view.row(i), anyBits(dimensions, i));
            }
        }
        for (int i = 0; i < count; i++) {
            assertSameBits(last.row(i), anyBits(dimensions, i));
        }
    }

    @Test
    void shouldNotShowLaterRowsInAnOlderView() {
        FloatRows rows = new FloatRows(65_535);
        FloatRows.View empty = rows.view();
        for (int i = 0; i < 40; i++) {
            FloatRows.View before = rows.view();
            rows.append(anyBits(65_535, i));
            assertThat(before.count()).isEqualTo(i);
            assertThat(rows.view().count()).isEqualTo(i + 1);
        }
        assertThat(empty.count()).isZero();
        assertThat(empty.memoryBytes()).isZero();
    }

    @Test
    void shouldLetOthersReadPublishedRowsWhileOneThreadAppends() throws Exception {
        int dimensions = 4_096;
        int count = 6_000;
        FloatRows rows = new FloatRows(dimensions);
        AtomicReference<FloatRows.View> published = new AtomicReference<>(rows.view());
        try (ExecutorService readers = Executors.newFixedThreadPool(2)) {
            Callable<Integer> reader = () -> {
                Random random = new Random(7);
                int read = 0;
                while (published.get().count() < count || read == 0) {
                    FloatRows.View view = published.get();
                    if (view.count() > 0) {
                        int last = view.count() - 1;
                        assertFilledWith(view, last);
                        assertFilledWith(view, random.nextInt(view.count()));
                        read++;
                    }
                }
                return read;
            };
            List<Future<Integer>> reads = List.of(readers.submit(reader), readers.submit(reader));
            float[] row = new float[dimensions];
            for (int i = 0; i < count; i++) {
                java.util.Arrays.fill(row, i + 1);
                rows.append(row);
                published.set(rows.view());
            }
            for (Future<Integer> read : reads) {
                assertThat(read.get(60, TimeUnit.SECONDS)).isPositive();
            }
        }
    }

    @Test
    void shouldScaleByTheInverseLengthAndGiveZeroToWhatHasNone() {
        FloatRows rows = new FloatRows(3);
        rows.append(new float[] {0, 3, 4});
        rows.append(new float[] {0, -0f, 0});
        rows.append(new float[] {3e38f, 3e38f, 3e38f});
        rows.append(new float[] {Float.MIN_VALUE, 0, 0});
        FloatRows.View view = rows.view();
        assertThat(view.scale(0)).isEqualTo(0.2f);
        assertThat(view.scale(1)).isZero();
        assertThat((double) view.scale(2)).isCloseTo(1 / (3e38 * Math.sqrt(3)), withinPercent(1));
        // 1 / 1.4e-45 is no float; a vector this short counts as the zero vector instead of poisoning distances.
        assertThat(view.scale(3)).isZero();
    }

    private static org.assertj.core.data.Percentage withinPercent(double percent) {
        return org.assertj.core.data.Percentage.withPercentage(percent);
    }

    private static void assertFilledWith(FloatRows.View view, int ordinal) {
        float[] row = view.row(ordinal);
        assertThat(row[0]).isEqualTo(ordinal + 1);
        assertThat(row[row.length - 1]).isEqualTo(ordinal + 1);
        assertThat(view.scale(ordinal)).isPositive();
    }

    private static long wholeChunks(int dimensions, int count) {
        RowLayout layout = RowLayout.of(dimensions);
        return (layout.chunkOf(count - 1) + 1) * layout.chunkBytes();
    }

    /** Finite floats of any bit pattern, denormals and negative zero among them. */
    private static float[] anyBits(int dimensions, int seed) {
        Random random = new Random(seed);
        float[] row = new float[dimensions];
        for (int i = 0; i < dimensions; i++) {
            float value = Float.intBitsToFloat(random.nextInt());
            row[i] = Float.isFinite(value) ? value : -0f;
        }
        return row;
    }

    private static void assertSameBits(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            if (Float.floatToRawIntBits(actual[i]) != Float.floatToRawIntBits(expected[i])) {
                throw new AssertionError("element " + i + ": " + actual[i] + ", expected " + expected[i]);
            }
        }
    }
}
