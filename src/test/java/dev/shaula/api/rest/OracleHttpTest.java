package dev.shaula.api.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.shaula.api.wire.QueryDefaults;
import dev.shaula.api.wire.QueryDocument;
import dev.shaula.api.wire.UpsertDocument;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.ScoredPoint;
import dev.shaula.oracle.OracleCollection;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same bodies to the server and to brute force over a map: exact answers are equal, filters included. */
@QuarkusTest
class OracleHttpTest {
    private static final int POINTS = 300;
    private static final int DIMENSIONS = 13;
    private static final List<String> FILTERS = List.of(
            "{}",
            "{\"cat\":\"c1\"}",
            "{\"metadata.n\":{\"$gte\":50,\"$lt\":70}}",
            "{\"cat\":{\"$nin\":[\"c0\",\"c2\"]},\"n\":{\"$ne\":7}}",
            "{\"tags\":\"t3\"}",
            "{\"deep.k\":{\"$in\":[1,2.0]}}",
            "{\"$or\":[{\"cat\":\"c1\"},{\"$not\":{\"n\":{\"$lt\":250}}}]}",
            "{\"cat\":{\"$prefix\":\"c\"},\"deep\":{\"$exists\":false}}",
            "{\"cat\":\"none\"}");

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @ParameterizedTest
    @EnumSource(Metric.class)
    void shouldFindWhatBruteForceFinds(Metric metric) {
        String name = "oracle-" + metric.wireName();
        Http.post("/collections", "{'name':'%s','dimensions':13,'metric':'%s'}".formatted(name, metric.wireName()))
                .statusCode(201);
        String upsert = "{\"collection\":\"" + name + "\",\"vectors\":["
                + IntStream.range(0, POINTS).mapToObj(this::record).collect(Collectors.joining(",")) + "]}";
        Http.post("/vectors/upsert", upsert).statusCode(200);
        OracleCollection oracle =
                new OracleCollection(new CollectionConfig(name, DIMENSIONS, metric, 1, 16, 200, true));
        UpsertDocument points = new UpsertDocument(any -> 0);
        byte[] bytes = upsert.getBytes(StandardCharsets.UTF_8);
        points.feed(bytes, 0, bytes.length);
        oracle.upsert(points.finish().points(), Ack.INDEXED).await().indefinitely();

        for (String filter : FILTERS) {
            compare(oracle, name, filter);
        }
    }

    private void compare(OracleCollection oracle, String name, String filter) {
        String query = "{\"collection\":\"%s\",\"vector\":%s,\"top_k\":20,\"use_ann\":false,\"filter\":%s}"
                .formatted(name, vector(), filter);
        QueryDocument document = new QueryDocument(QueryDefaults.NONE);
        byte[] bytes = query.getBytes(StandardCharsets.UTF_8);
        document.feed(bytes, 0, bytes.length);
        List<ScoredPoint> expected = oracle.nearest(document.finish().search());

        List<String> ids =
                Http.post("/vectors/query", query).statusCode(200).extract().path("results.id");
        List<Number> scores = Http.post("/vectors/query", query).extract().path("results.score");
        assertThat(ids)
                .as("seed %d, %s", seed, filter)
                .containsExactlyElementsOf(
                        expected.stream().map(ScoredPoint::id).toList());
        for (int i = 0; i < scores.size(); i++) {
            assertThat(scores.get(i).floatValue()).isCloseTo(expected.get(i).score(), within(1e-4f));
        }
    }

    private String record(int i) {
        return "{\"id\":\"p%d\",\"vector\":%s,\"metadata\":{\"cat\":\"c%d\",\"n\":%d,\"tags\":[\"t%d\",\"t9\"],\"deep\":{\"k\":%d}}}"
                .formatted(i, vector(), i % 3, i, i % 5, i % 11);
    }

    private String vector() {
        return random.doubles(DIMENSIONS, -1, 1)
                .mapToObj(x -> Float.toString((float) x))
                .collect(Collectors.joining(",", "[", "]"));
    }
}
