package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NullMarked
class SharedSearchTest {
    private static final int DIMENSIONS = 64;
    private static final int POINTS = 3_000;

    private final RandomVectors random = new RandomVectors(DIMENSIONS, 77);
    private final SearchScratch scratch = new SearchScratch();

    /** Some without a link, some deleted. */
    private HeapShard shard(Metric metric, boolean hnsw) {
        HeapShard shard = new HeapShard(new CollectionConfig("c", DIMENSIONS, metric, 1, 8, 60, hnsw));
        List<Point> points = random.points("p", POINTS);
        shard.upsert(points.subList(0, 2_800));
        shard.link();
        shard.upsert(points.subList(2_800, POINTS));
        shard.delete(
                points.stream().map(Point::id).filter(id -> id.endsWith("4")).toList());
        return shard;
    }

    /** Scans, walks, filters frequent and rare and of nothing, thresholds, in no order. */
    private List<SearchRequest> requests() {
        List<SearchRequest> requests = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            SearchRequest plain = SearchRequest.of(random.next(), 1 + i % 23);
            Filter filter = switch (i % 5) {
                case 0 -> below(1_900);
                case 1 -> below(40);
                case 2 -> below(0);
                default -> null;
            };
            requests.add(plain.withExact(i % 3 != 0).withFilter(filter));
        }
        requests.add(new SearchRequest(random.next(), 5_000, 0, true, 0.05f, null, true, true));
        return requests;
    }

    private static Filter below(int n) {
        return new Filter.Compare("n", Filter.Op.LT, new Filter.Value.Num(n));
    }

    @ParameterizedTest
    @EnumSource
    void shouldAnswerEachAsIfItHadComeAlone(Metric metric) {
        for (boolean hnsw : new boolean[] {true, false}) {
            ShardSnapshot snapshot = shard(metric, hnsw).snapshot();
            List<SearchRequest> requests = requests();
            SharedSearch search = new SharedSearch(requests);
            int turns = 0;
            while (!search.isDone()) {
                search.turn(snapshot, scratch);
                assertThat(++turns).isLessThanOrEqualTo(requests.size());
            }
            SearchScratch other = new SearchScratch();
            for (int i = 0; i < requests.size(); i++) {
                List<ScoredPoint> alone = snapshot.search(requests.get(i), other);
                assertThat(search.answers().get(i))
                        .as("request %d", i)
                        .usingRecursiveComparison()
                        .isEqualTo(alone);
            }
        }
    }

    @Test
    void shouldShareOnlyWhatReadsAllMatches() {
        ShardSnapshot snapshot = shard(Metric.COSINE, true).snapshot();
        SearchRequest walk = SearchRequest.of(random.next(), 10);
        assertThat(snapshot.scans(walk, snapshot.matching(null))).isFalse();
        assertThat(snapshot.scans(walk.withExact(true), snapshot.matching(null)))
                .isTrue();
        assertThat(snapshot.scans(walk.withFilter(below(0)), snapshot.matching(below(0))))
                .isFalse();
    }

    @Test
    void shouldHaveTheEarliestDeadlineOfThoseThatHaveOne() {
        SearchRequest none = SearchRequest.of(random.next(), 1);
        assertThat(new SharedSearch(List.of(none, none)).deadlineNs()).isEqualTo(SearchRequest.NO_DEADLINE);
        assertThat(new SharedSearch(List.of(none, none.withDeadlineNs(70), none.withDeadlineNs(50))).deadlineNs())
                .isEqualTo(50);
        long late = Long.MAX_VALUE - 5; // and one beyond the overflow of the clock
        assertThat(new SharedSearch(List.of(none.withDeadlineNs(late + 10), none.withDeadlineNs(late))).deadlineNs())
                .isEqualTo(late);
    }
}
