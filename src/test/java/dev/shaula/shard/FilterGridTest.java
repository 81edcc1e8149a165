package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Metric;
import dev.shaula.model.Quantization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The grid on a small set: what must hold of every cell whatever the machine does. */
@NullMarked
class FilterGridTest {
    private static FilterGrid grid(Quantization quantization, int rows) {
        RandomVectors random = new RandomVectors(24, 20_270);
        float[][] base = Stream.generate(random::next).limit(rows).toArray(float[][]::new);
        float[][] queries = Stream.generate(random::next).limit(8).toArray(float[][]::new);
        return new FilterGrid(base, queries, Metric.EUCLIDEAN, quantization, 1);
    }

    private static List<FilterGrid.Cell> cells(FilterGrid grid, List<String> shapes, double... shares) {
        List<FilterGrid.Cell> cells = new ArrayList<>();
        for (String correlation : FilterGrid.CORRELATIONS) {
            for (String shape : shapes) {
                Arrays.stream(shares).forEach(share -> cells.add(grid.measure(correlation, shape, share)));
            }
        }
        assertThat(cells).allSatisfy(cell -> {
            assertThat(cell.full()).isTrue();
            assertThat(cell.recall()).isGreaterThanOrEqualTo(0.95);
        });
        return cells;
    }

    private static long count(List<FilterGrid.Cell> cells, String plan) {
        return cells.stream().filter(cell -> cell.plan().contains(plan)).count();
    }

    @Test
    void shouldFindTheNearestTenMatchesInEveryCell() {
        List<FilterGrid.Cell> cells = cells(grid(Quantization.AUTO, 13_000), FilterGrid.SHAPES, FilterGrid.SHARES);
        List<FilterGrid.Cell> filtered =
                cells.stream().filter(c -> c.share() < 1).toList();
        assertThat(count(filtered, "[walk]"))
                .as("cells in which results of a plain walk were sifted")
                .isGreaterThanOrEqualTo(3);
        assertThat(count(filtered, "[walk, scan]"))
                .as("cells in which such a walk was given up")
                .isGreaterThanOrEqualTo(3);
    }

    @Test
    void shouldFindThemInWalksAmongTheMatches() {
        List<FilterGrid.Cell> cells = cells(grid(Quantization.NONE, 10_000), List.of("one"), 0.5, 0.45);
        assertThat(count(cells, "filtered_walk"))
                .as("cells in which the filtered walk was tried")
                .isGreaterThanOrEqualTo(2);
    }
}
