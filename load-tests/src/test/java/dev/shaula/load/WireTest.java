package dev.shaula.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixtures.Closeness;
import dev.shaula.fixtures.VectorSet;
import org.junit.jupiter.api.Test;

class WireTest {
    private static final VectorSet VECTORS = new VectorSet(
            "two rows",
            Closeness.EUCLIDEAN,
            new float[][] {{1, -0.5f}, {1e-7f, 3}},
            new float[][] {{0, 255}},
            new int[][] {{1, 0}});

    @Test
    void shouldStoreRowsUnderTheirNumbers() {
        assertThat(Wire.upsert("c", VECTORS, 1, 2))
                .isEqualTo("{\"collection\":\"c\",\"vectors\":[{\"id\":\"1\",\"vector\":[1.0E-7,3.0]}]}");
    }

    @Test
    void shouldCreateTheCollectionWithTheMetricOfTheSet() {
        assertThat(Wire.createCollection("c", VECTORS)).contains("\"dimensions\":2,", "\"metric\":\"euclidean\"");
    }

    @Test
    void shouldAskForTheGivenNumberOfRows() {
        assertThat(Wire.query("c", VECTORS.queries()[0], 10, 100))
                .isEqualTo("{\"collection\":\"c\",\"vector\":[0.0,255.0],\"top_k\":10,\"ef_search\":100,"
                        + "\"include_metadata\":false}");
    }
}
