package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class MatchesTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 702, 20_000})
    void shouldSampleEvenly(int rows) {
        Random random = new Random(rows);
        int[] expected = IntStream.range(0, rows)
                .filter(i -> i == 0 || random.nextInt(3) == 0)
                .toArray();
        long[] bits = new long[(rows + 63) >>> 6];
        for (int row : expected) {
            bits[row >>> 6] |= 1L << row;
        }
        Matches matches = new Matches(bits, expected.length, rows, 0, List.of());
        assertThat(matches.ordinals()).containsExactly(expected);
        for (int n : new int[] {1, 2, 16, 100}) {
            int[] wanted = IntStream.range(0, Math.min(n, expected.length))
                    .map(i -> expected[(int) ((long) i * expected.length / Math.min(n, expected.length))])
                    .toArray();
            assertThat(matches.sample(n)).containsExactly(wanted);
        }
    }
}
