package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.WriteResult;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class ConditionalDeleteTest {
    private static final Filter OLD = new Filter.Compare("year", Filter.Op.LT, new Filter.Value.Num(2000));

    private final HeapShard shard = new HeapShard(new CollectionConfig("c", 2, Metric.DOT, 1, 4, 10, false));

    private static Point point(String id, int year) {
        return new Point(id, new float[] {1, 2}, Metadata.ofJson("{\"year\":" + year + "}"));
    }

    /** Whoever asked for the deletion saw an older state; what counts is the state when its turn comes. */
    @Test
    void shouldSpareWhatNoLongerMatchesWhenItsTurnComes() {
        shard.upsert(List.of(point("a", 1990), point("b", 1990), point("c", 1990), point("d", 2010)));
        List<WriteResult> results = shard.apply(List.of(
                HeapShard.upsertOf(List.of(point("b", 2020))),
                HeapShard.deleteOf(List.of("c")),
                HeapShard.upsertOf(List.of(point("e", 1980))),
                HeapShard.deleteIf(List.of("a", "b", "c", "d", "e", "f"), OLD)));
        assertThat(results.getLast().count()).isEqualTo(2);
        assertThat(results.getLast().missing()).containsExactly("b", "c", "d", "f");
        ShardSnapshot snapshot = shard.snapshot();
        assertThat(List.of("a", "b", "c", "d", "e", "f").stream().filter(id -> snapshot.ordinalOf(id) >= 0))
                .containsExactly("b", "d");
    }
}
