package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomFilters;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.CollectionInfo.AutoIndexes;
import dev.shaula.model.Expiry;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.Filter;
import dev.shaula.model.Filter.Op;
import dev.shaula.model.Filter.Value;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.Precondition;
import dev.shaula.model.SearchExplanation;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.WriteResult;
import dev.shaula.oracle.OracleCollection;
import io.smallrye.mutiny.Uni;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Collections that index fields without having been told to. */
@NullMarked
@Timeout(120)
class AutoIndexingTest {
    private static final CollectionConfig CONFIG =
            new CollectionConfig("things", 2, Metric.EUCLIDEAN, 2, 8, 40, true).withAutoIndexFields(32);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private final RandomVectors vectors = new RandomVectors(2, 20_272);

    private Point point(String id, String json) {
        return new Point(id, vectors.next(), Metadata.ofJson(json.replace('\'', '"')));
    }

    private void upsert(VectorCollection things, String id, String json) {
        get(things.upsert(List.of(point(id, json)), Ack.INDEXED));
    }

    private static List<FieldIndex> indexes(VectorCollection things) {
        return things.indexes().stream().map(IndexStatus::index).toList();
    }

    private List<String> unindexed(VectorCollection things, Filter filter) {
        SearchRequest request = SearchRequest.of(vectors.next(), 1).withFilter(filter);
        return get(things.explain(request)).shards().stream()
                .map(SearchExplanation::unindexed)
                .flatMap(List::stream)
                .distinct()
                .toList();
    }

    @Test
    void shouldHaveTheIndexOfAFieldWhenTheWriteThatBringsItIsAnswered() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            upsert(things, "a", "{'year':1969,'place':{'lat':1,'lon':2}}");
            assertThat(indexes(things))
                    .containsExactly(new FieldIndex("year", Kind.FLOAT), new FieldIndex("place", Kind.GEO));
            get(things.upsertIf(List.of(point("b", "{'tag':'moon'}")), List.of(Precondition.ABSENT), Ack.INDEXED));
            Metadata set = Metadata.ofJson("{\"seen\":true}");
            get(things.update(List.of("a"), new MetadataChange(false, List.of(), set, Expiry.UNCHANGED), Ack.INDEXED));
            get(things.upsert(List.of(point("c", "{'tag':'sun','at':'2026-01-31'}")), Ack.INDEXED));
            assertThat(indexes(things))
                    .containsExactly(
                            new FieldIndex("year", Kind.FLOAT),
                            new FieldIndex("place", Kind.GEO),
                            new FieldIndex("tag", Kind.KEYWORD),
                            new FieldIndex("seen", Kind.BOOLEAN),
                            new FieldIndex("at", Kind.DATETIME));
            assertThat(things.indexes()).allMatch(IndexStatus::automatic);
            assertThat(things.info().autoIndexes()).isEqualTo(new AutoIndexes(5, false));
        }
    }

    @Test
    void shouldFilterExactlyOnValuesOfAnotherTypeAndSayThatNoIndexHelped() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            upsert(things, "a", "{'x':1}");
            upsert(things, "b", "{'x':'one'}");
            Filter number = new Filter.Compare("x", Op.EQ, new Value.Num(1));
            Filter text = new Filter.Compare("x", Op.EQ, new Value.Text("one"));
            assertThat(get(things.count(number))).isEqualTo(1);
            assertThat(get(things.count(text))).isEqualTo(1);
            assertThat(unindexed(things, number)).isEmpty();
            assertThat(unindexed(things, text)).containsExactly("x");
            assertThat(indexes(things)).containsExactly(new FieldIndex("x", Kind.FLOAT));
        }
    }

    @Test
    void shouldIndexUpToTheCapAndNoFurther() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG.withAutoIndexFields(3));
            get(things.createIndex(new FieldIndex("mine", Kind.KEYWORD)));
            upsert(things, "a", "{'mine':'x','a':1,'b':1}");
            assertThat(things.info().autoIndexes()).isEqualTo(new AutoIndexes(2, false));
            upsert(things, "b", "{'c':1,'d':1}");
            upsert(things, "c", "{'e':1}");
            assertThat(things.info().autoIndexes()).isEqualTo(new AutoIndexes(3, true));
            assertThat(indexes(things).stream().map(FieldIndex::field)).containsExactly("mine", "a", "b", "c");
            assertThat(things.indexes().stream().map(IndexStatus::automatic)).containsExactly(false, true, true, true);
            Filter beyond = new Filter.Exists("e");
            assertThat(get(things.count(beyond))).isEqualTo(1);
            assertThat(unindexed(things, beyond)).containsExactly("e");
        }
    }

    @Test
    void shouldRememberAfterARestartWhatItIndexedAndWhatItLeftOut() {
        List<FieldIndex> before;
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            upsert(things, "a", "{'a':1,'b':1,'story':'" + "long ".repeat(100) + "'}");
            get(things.dropIndex(new FieldIndex("b", Kind.FLOAT)));
            upsert(things, "b", "{'b':2,'story':'short'}");
            before = indexes(things);
            assertThat(before).containsExactly(new FieldIndex("a", Kind.FLOAT));
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.collections().require("things");
            assertThat(indexes(things)).isEqualTo(before);
            assertThat(things.info().autoIndexes()).isEqualTo(new AutoIndexes(1, false));
            upsert(things, "c", "{'b':3,'story':'short','c':1}");
            assertThat(indexes(things))
                    .containsExactly(new FieldIndex("a", Kind.FLOAT), new FieldIndex("c", Kind.FLOAT));
            get(things.createIndex(new FieldIndex("b", Kind.FLOAT)));
            assertThat(things.indexes().getLast().automatic()).isFalse();
        }
    }

    @Test
    void shouldLookForNoMoreFieldsWhenItHasLeftOutAsManyAsItMay() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            String text = "x".repeat(Limits.MAX_AUTO_TEXT + 1);
            for (int from = 0; from < Limits.MAX_LEFT_OUT_FIELDS; from += 128) {
                String json = IntStream.range(from, from + 128)
                        .mapToObj(i -> "'f" + i + "':'" + text + "'")
                        .collect(Collectors.joining(",", "{", "}"));
                upsert(things, "p" + from, json);
            }
            assertThat(things.info().autoIndexes()).isEqualTo(new AutoIndexes(0, true));
            upsert(things, "short", "{'a':1}");
            assertThat(things.indexes()).isEmpty();
        }
    }

    @Test
    void shouldRestoreWhatItIndexedFromABackup() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            upsert(things, "a", "{'a':1,'b':1}");
            get(things.dropIndex(new FieldIndex("b", Kind.FLOAT)));
            get(node.collections().backups().create(new Backups.Request("things", "all")));
            get(node.collections().backups().restore(new Backups.Restoration("all", "things", "copy")));
            VectorCollection copy = node.collections().require("copy");
            assertThat(copy.info().config()).isEqualTo(CONFIG.withName("copy"));
            upsert(copy, "b", "{'a':1,'b':1,'c':1}");
            assertThat(indexes(copy)).containsExactly(new FieldIndex("a", Kind.FLOAT), new FieldIndex("c", Kind.FLOAT));
            assertThat(copy.indexes()).allMatch(IndexStatus::automatic);
        }
    }

    @Test
    void shouldDeclareEachFieldOnceWhenManyWritersBringItAtOnce() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            List<Uni<WriteResult>> writes = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String json = "{'f" + i % 7 + "':1,'g" + i % 3 + "':'x'}";
                writes.add(things.upsert(List.of(point("p" + i, json)), Ack.INDEXED));
            }
            get(Uni.join().all(writes).andFailFast());
            assertThat(indexes(things).stream().map(FieldIndex::field))
                    .containsExactlyInAnyOrder("f0", "f1", "f2", "f3", "f4", "f5", "f6", "g0", "g1", "g2");
            assertThat(get(things.count(new Filter.Exists("g1")))).isEqualTo(13);
        }
    }

    @Test
    void shouldFilterAsANaiveEvaluatorOnRowsOfEveryShape() {
        RandomFilters filters = new RandomFilters(20_273);
        OracleCollection oracle = new OracleCollection(CONFIG);
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG.withAutoIndexFields(6));
            for (int round = 0; round < 15; round++) {
                List<Point> points = IntStream.range(0, 1 + 5 * round)
                        .mapToObj(i -> new Point("p" + i, vectors.next(), filters.row()))
                        .toList();
                for (VectorCollection each : List.of(things, oracle)) {
                    get(each.upsert(points, Ack.INDEXED));
                }
                for (int i = 0; i < 10; i++) {
                    Filter filter = filters.filter(2);
                    assertThat(get(things.count(filter))).as("%s", filter).isEqualTo(get(oracle.count(filter)));
                }
            }
            assertThat(things.info().autoIndexes()).isEqualTo(new AutoIndexes(6, true));
        }
    }
}
