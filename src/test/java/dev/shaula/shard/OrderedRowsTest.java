package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class OrderedRowsTest {
    private static final long SEED = 20_263;
    private final Random random = new Random(SEED);

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 13, 16, 17, 207, 702, 5_000})
    void shouldGiveEveryRangeAsAFullSortWould(int n) {
        System.out.println("seed " + SEED);
        int[] shuffled = random.ints().distinct().limit(n).toArray();
        int[] expected = shuffled.clone();
        Arrays.sort(expected);
        OrderedRows rows = OrderedRows.sorted(shuffled, Integer::compare);
        for (int i = 0; i < 50; i++) {
            int from = random.nextInt(n + 1);
            int to = from + random.nextInt(Math.min(100, n - from) + 1);
            assertThat(rows.range(from, to)).containsExactly(Arrays.copyOfRange(expected, from, to));
        }
        assertThat(rows.range(0, n)).containsExactly(expected);
    }

    @Test
    void shouldNotSortWhatNobodyReads() {
        int n = 100_000;
        AtomicLong comparisons = new AtomicLong();
        OrderedRows rows = OrderedRows.sorted(random.ints().distinct().limit(n).toArray(), (a, b) -> {
            comparisons.incrementAndGet();
            return Integer.compare(a, b);
        });
        rows.range(0, 100);
        // A sort takes 1.4 n log2 n = 2.3 million on average; finding the first few about 2 n, twice as many at worst.
        assertThat(comparisons.get()).isLessThan(600_000);
        long first = comparisons.get();
        rows.range(0, 100);
        assertThat(comparisons.get()).isEqualTo(first);
    }
}
