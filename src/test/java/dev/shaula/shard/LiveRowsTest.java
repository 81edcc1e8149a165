package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class LiveRowsTest {

    private static void assertSame(LiveRows live, BitSet model, int rows) {
        assertThat(live.rows()).isEqualTo(rows);
        assertThat(live.count()).isEqualTo(model.cardinality());
        assertThat(BitSet.valueOf(live.toBitmap())).isEqualTo(model);
        assertThat(live.toBitmap()).hasSize((rows + 63) / 64);
        for (int row = 0; row < rows; row++) {
            assertThat(live.isLive(row)).isEqualTo(model.get(row));
        }
    }

    @Property(tries = 300)
    void shouldAnswerLikeASetAfterAnyBatches(
            @ForAll @Size(max = 12) int[] growth, @ForAll @IntRange(max = 4) int deathsPerBatch, @ForAll long seed) {
        Random random = new Random(seed);
        LiveRows live = LiveRows.NONE;
        BitSet model = new BitSet();
        int rows = 0;
        for (int g : growth) {
            BitSet alive = (BitSet) model.clone();
            int[] dead = new int[deathsPerBatch + 1];
            int deadCount = 0;
            while (deadCount < deathsPerBatch && !alive.isEmpty()) {
                int victim = alive.nextSetBit(random.nextInt(alive.length()));
                alive.clear(victim);
                dead[deadCount++] = victim;
            }
            int before = rows;
            rows += Math.floorMod(g, 130);
            LiveRows next = live.next(rows, dead, deadCount);
            assertSame(live, model, before);
            model = alive;
            model.set(before, rows);
            live = next;
            assertSame(live, model, rows);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 127, 128, 129})
    void shouldHoldAtTheEdgesOfWords(int rows) {
        BitSet model = new BitSet();
        model.set(0, rows);
        LiveRows all = LiveRows.NONE.next(rows, new int[0], 0);
        assertSame(all, model, rows);
        LiveRows without = all.next(rows, new int[] {rows - 1}, 1);
        model.clear(rows - 1);
        assertSame(without, model, rows);
        model.set(rows);
        assertSame(without.next(rows + 1, new int[0], 0), model, rows + 1);
        assertThat(all.count()).isEqualTo(rows);
    }
}
