package dev.shaula.load;

import dev.shaula.fixtures.VectorSet;
import java.util.StringJoiner;

/** Request bodies of the service's JSON contract. Base rows have their row number as id. */
final class Wire {
    private Wire() {}

    static String createCollection(String name, VectorSet vectors) {
        return "{\"name\":\"%s\",\"dimensions\":%d,\"metric\":\"%s\",\"m\":16,\"ef_construction\":200}"
                .formatted(name, vectors.dimensions(), vectors.closeness().wireName());
    }

    /** Rows {@code from} (inclusive) to {@code to} (exclusive). */
    static String upsert(String collection, VectorSet vectors, int from, int to) {
        StringJoiner rows = new StringJoiner(",", "{\"collection\":\"" + collection + "\",\"vectors\":[", "]}");
        for (int row = from; row < to; row++) {
            rows.add("{\"id\":\"" + row + "\",\"vector\":" + array(vectors.base()[row]) + "}");
        }
        return rows.toString();
    }

    static String query(String collection, float[] vector, int topK, int efSearch) {
        return "{\"collection\":\"%s\",\"vector\":%s,\"top_k\":%d,\"ef_search\":%d,\"include_metadata\":false}"
                .formatted(collection, array(vector), topK, efSearch);
    }

    private static String array(float[] vector) {
        StringBuilder text = new StringBuilder(vector.length * 12).append('[');
        for (int i = 0; i < vector.length; i++) {
            text.append(i == 0 ? "" : ",").append(vector[i]);
        }
        return text.append(']').toString();
    }
}
