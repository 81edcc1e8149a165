package dev.shaula.api.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** What a large upsert costs in heap while it is read. */
class UpsertHeapTest {
    private static final int ROWS = 5_000;
    private static final int DIMENSIONS = 1_536;
    private static final long FLOAT_BYTES = 4L * ROWS * DIMENSIONS;

    @Test
    void shouldHoldNotMuchMoreThanTheFloats() {
        UpsertDocument document = new UpsertDocument(name -> DIMENSIONS);
        long before = heapInUse();
        feed(document, "{\"collection\":\"c\",\"vectors\":[");
        long bodyBytes = 0;
        for (int row = 0; row < ROWS; row++) {
            bodyBytes += feed(document, (row == 0 ? "" : ",") + row(row));
        }
        long held = heapInUse() - before;
        long counted = document.heapBytes();
        feed(document, "]}");

        assertThat(bodyBytes).as("a body of the size that clients send").isGreaterThan(100L << 20);
        assertThat(held).as("live heap before the end of the body").isLessThan(FLOAT_BYTES * 5 / 4);
        assertThat(counted).as("what the budget is told").isBetween(FLOAT_BYTES, FLOAT_BYTES * 5 / 4);
        assertThat(document.finish().points()).hasSize(ROWS);
    }

    private static String row(int row) {
        Random random = new Random(row);
        StringBuilder json = new StringBuilder(DIMENSIONS * 22)
                .append("{\"id\":\"row-")
                .append(row)
                .append("\",\"vector\":[");
        for (int i = 0; i < DIMENSIONS; i++) {
            json.append(i == 0 ? "" : ",").append(random.nextDouble() - 0.5);
        }
        return json.append("],\"metadata\":{\"n\":").append(row).append("}}").toString();
    }

    private static long feed(UpsertDocument document, String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        for (int start = 0; start < bytes.length; ) {
            int end = Math.min(
                    bytes.length, start + 1 + ThreadLocalRandom.current().nextInt(16_384));
            document.feed(bytes, start, end);
            start = end;
        }
        return bytes.length;
    }

    /** Live bytes after a full collection. */
    private static long heapInUse() {
        System.gc();
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
