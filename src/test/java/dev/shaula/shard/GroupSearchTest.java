package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.Filter.Value;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.SearchRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Groups that the nearest points do not show, since one group is crowded around the query. */
@NullMarked
class GroupSearchTest {
    private static final int CROWD = 4_000;
    private static final int SIZE = 3;

    /** Point {@code i} lies {@code i} away; the first are one group, then {@code others} groups of {@code members} each follow in turn. */
    private static HeapShard shard(boolean indexed, int others, int members) {
        HeapShard shard = new HeapShard(new CollectionConfig("things", 2, Metric.EUCLIDEAN, 1, 8, 40, true));
        if (indexed) {
            shard.index(List.of(new FieldIndex("g", Kind.KEYWORD)));
        }
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < CROWD + others * members; i++) {
            String group = i < CROWD ? "crowd" : "g" + (i - CROWD) % others;
            double angle = i * 2.399;
            float[] vector = {(float) (i * Math.cos(angle)), (float) (i * Math.sin(angle))};
            points.add(new Point("p" + i, vector, Metadata.ofJson("{\"g\":[null,\"" + group + "\"]}")));
        }
        Collections.shuffle(points, new Random(5));
        shard.upsert(points);
        shard.link();
        return shard;
    }

    @ParameterizedTest
    @CsvSource({
        "true, 7, 2, 5", "true, 7, 2, 50", "true, 3, 40, 50", "true, 0, 0, 3",
        "false, 7, 2, 5", "false, 7, 2, 50", "false, 3, 40, 50", "false, 600, 1, 500",
    })
    void shouldFindAsManyGroupsAsExistBehindACrowd(boolean indexed, int others, int members, int wanted) {
        ShardSnapshot snapshot = shard(indexed, others, members).snapshot();
        SearchRequest search = SearchRequest.of(new float[] {0, 0}, 1);
        for (boolean exact : new boolean[] {true, false}) {
            GroupRequest request = new GroupRequest(search.withExact(exact), "g", wanted, SIZE);
            List<SearchGroup> groups = snapshot.group(request, new SearchScratch());
            assertThat(groups).hasSize(Math.min(wanted, others + 1));
            assertGroup(groups.getFirst(), "crowd", IntStream.range(0, SIZE));
            for (int g = 1; g < groups.size(); g++) {
                int first = g - 1;
                assertGroup(
                        groups.get(g),
                        "g" + first,
                        IntStream.range(0, Math.min(SIZE, members)).map(i -> CROWD + first + i * others));
            }
        }
    }

    private static void assertGroup(SearchGroup group, String value, IntStream points) {
        assertThat(group.value()).isEqualTo(new Value.Text(value));
        assertThat(group.points().stream().map(ScoredPoint::id))
                .containsExactlyElementsOf(points.mapToObj(i -> "p" + i).toList());
    }
}
