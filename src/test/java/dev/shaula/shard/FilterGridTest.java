package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Metric;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The grid on a small set: what must hold of every cell whatever the machine does. */
@NullMarked
class FilterGridTest {
    @Test
    void shouldFindTheNearestTenMatchesInEveryCell() {
        RandomVectors random = new RandomVectors(24, 20_270);
        float[][] base = Stream.generate(random::next).limit(13_000).toArray(float[][]::new);
        float[][] queries = Stream.generate(random::next).limit(8).toArray(float[][]::new);
        FilterGrid grid = new FilterGrid(base, queries, Metric.EUCLIDEAN, 1);
        int walked = 0;
        int sifted = 0;
        for (String correlation : FilterGrid.CORRELATIONS) {
            for (String shape : FilterGrid.SHAPES) {
                for (double share : FilterGrid.SHARES) {
                    FilterGrid.Cell cell = grid.measure(correlation, shape, share);
                    assertThat(cell.full()).as("%s", cell).isTrue();
                    assertThat(cell.recall()).as("%s", cell).isGreaterThanOrEqualTo(0.95);
                    walked += cell.plan().contains("filtered_walk") ? 1 : 0;
                    sifted += share < 1 && cell.plan().contains("[walk]") ? 1 : 0;
                }
            }
        }
        assertThat(walked).as("cells in which the filtered walk was tried").isGreaterThanOrEqualTo(2);
        assertThat(sifted)
                .as("cells in which results of a plain walk were sifted")
                .isGreaterThanOrEqualTo(3);
    }
}
