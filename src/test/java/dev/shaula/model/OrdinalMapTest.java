package dev.shaula.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class OrdinalMapTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 128, 1_000})
    void shouldMoveRowsAsRemovingThemFromAListDoes(int rows) {
        Random random = new Random(rows);
        for (double share : new double[] {0, 0.1, 0.5, 0.95, 1}) {
            BitSet dropped = new BitSet(rows);
            BitSet marked = new BitSet();
            List<Integer> stay = new ArrayList<>();
            for (int row = 0; row < rows + 100; row++) {
                if (row < rows && random.nextDouble() < share) {
                    dropped.set(row);
                } else {
                    stay.add(row);
                }
                marked.set(row, random.nextBoolean());
            }
            OrdinalMap map = new OrdinalMap(Arrays.copyOf(dropped.toLongArray(), (rows + 63) / 64), rows);
            BitSet moved = BitSet.valueOf(map.move(marked.toLongArray(), rows + 100));
            int staying = 0;
            for (int row = 0; row < rows + 100; row++) {
                assertThat(map.staying(row)).isEqualTo(staying);
                int expected = stay.indexOf(row);
                assertThat(map.newOrdinal(row)).isEqualTo(expected);
                if (expected >= 0) {
                    staying++;
                    assertThat(moved.get(expected)).isEqualTo(marked.get(row));
                }
            }
            assertThat(moved.length()).isLessThanOrEqualTo(stay.size());
            assertThat(map.droppedCount()).isEqualTo(dropped.cardinality());
        }
    }
}
