package dev.shaula.api.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Bytes come in any pieces and of any kind; seeds are printed when something fails. */
class JsonFuzzTest {
    private static final byte[] UPSERT = ("{\"collection\":\"c\u00fc\ud83d\ude00\",\"x\":[{\"y\":[]}],\"vectors\":["
                    + "{\"id\":\"\\u00e9\ud83e\udd80\",\"vector\":[1,-2.5e-3,0.1,-0.0],\"metadata\":{\"t\":[\"\\n\",{\"u\":1e5}],\"b\":true}},"
                    + "{\"metadata\":{},\"values\":[1e-07,3,4.25,16777217],\"id\":12345678901234567890},"
                    + "{\"id\":\"z\",\"vector\":[0,0,0,0]}],\"ack\":\"durable\"}")
            .getBytes(StandardCharsets.UTF_8);
    private static final byte[] BATCH =
            ("{\"queries\":[{\"vector\":[1,2],\"top_k\":3,\"filter\":{\"a\":{\"$in\":[1,\"x\",null]},"
                            + "\"b\":{\"$gte\":1,\"$lt\":2}},\"query_id\":\"q\"},{\"values\":[3,4],\"use_ann\":false}],\"include_vectors\":true}")
                    .getBytes(StandardCharsets.UTF_8);
    private static final byte[] CREATE =
            "{\"name\":\"n\",\"dimensions\":3,\"metric\":\"dot\",\"m\":8}".getBytes(StandardCharsets.UTF_8);

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @Test
    void shouldReadTheSameFromAnyPieces() {
        String whole = read(this::upsert, UPSERT, UPSERT.length);
        assertThat(whole)
                .contains("1.6777216E7")
                .contains("12345678901234567890")
                .doesNotContain("refused");
        for (int longest = 1; longest < 40; longest++) {
            for (int round = 0; round < 20; round++) {
                assertThat(read(this::upsert, UPSERT, longest))
                        .as("seed " + seed)
                        .isEqualTo(whole);
            }
        }
        String batch = read(() -> new BatchQueryDocument(QueryDefaults.NONE), BATCH, BATCH.length);
        assertThat(batch).doesNotContain("refused");
        for (int longest = 1; longest < 20; longest++) {
            assertThat(read(() -> new BatchQueryDocument(QueryDefaults.NONE), BATCH, longest))
                    .hasSameSizeAs(batch);
        }
    }

    @Test
    void shouldReadTheSameRecordsFromAnyPieces() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            lines.append("{\"id\":\"r")
                    .append(i)
                    .append("\",\"vector\":[")
                    .append(i)
                    .append(",0.5]}");
            lines.append(i % 7 == 0 ? "\r\n\r\n" : "\n");
        }
        byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
        List<String> whole = rows(bytes, bytes.length);
        assertThat(whole).hasSize(50).startsWith("r0 at 1", "r1 at 3", "r2 at 4");
        for (int longest = 1; longest < 60; longest++) {
            assertThat(rows(bytes, longest)).as("seed " + seed).isEqualTo(whole);
        }
    }

    @Test
    void shouldAnswerAnyMutationWithAResultOrARefusal() {
        for (int round = 0; round < 5_000; round++) {
            read(this::upsert, mutated(UPSERT), 1 + random.nextInt(64));
            read(() -> new BatchQueryDocument(QueryDefaults.NONE), mutated(BATCH), 1 + random.nextInt(64));
            read(CreateDocument::new, mutated(CREATE), 1 + random.nextInt(64));
        }
    }

    @Test
    void shouldAnswerAnyBytesWithARefusal() {
        byte[] noise = new byte[200];
        for (int round = 0; round < 5_000; round++) {
            random.nextBytes(noise);
            assertThat(read(this::upsert, noise, 50)).as("seed " + seed).startsWith("refused");
        }
    }

    private UpsertDocument upsert() {
        return new UpsertDocument(name -> 0);
    }

    private byte[] mutated(byte[] original) {
        byte[] bytes = original.clone();
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(bytes.length);
            bytes[at] = random.nextBoolean() ? (byte) random.nextInt(256) : bytes[random.nextInt(bytes.length)];
        }
        return random.nextInt(4) == 0 ? java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }

    /** The result as text, or "refused" and why; anything but a refusal is a bug. */
    private String read(Supplier<JsonDocument<?>> documents, byte[] bytes, int longest) {
        try {
            JsonDocument<?> document = documents.get();
            feed(bytes, longest, document::feed);
            return show(document.finish());
        } catch (VectorDbException e) {
            assertThat(e.kind().httpStatus()).isBetween(400, 499);
            assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(1_000);
            return "refused: " + e.getMessage();
        } catch (RuntimeException e) {
            return fail("seed " + seed + ", bytes " + new String(bytes, StandardCharsets.UTF_8), e);
        }
    }

    private static String show(Object result) {
        if (result instanceof UpsertRequest upsert) {
            StringBuilder text = new StringBuilder(upsert.collection()).append(upsert.ack());
            for (Point p : upsert.points()) {
                text.append(p.id())
                        .append(java.util.Arrays.toString(p.vector()))
                        .append(p.metadata());
            }
            return text.toString();
        }
        return result instanceof BatchQueryRequest batch
                ? batch.items().get(0).search().filter() + "" + batch.items().size()
                : result.toString();
    }

    private List<String> rows(byte[] bytes, int longest) {
        List<String> rows = new ArrayList<>();
        RecordStream stream = new RecordStream(row -> rows.add(row.point().id() + " at " + row.line()));
        feed(bytes, longest, stream::feed);
        stream.finish();
        return rows;
    }

    private interface Feed {
        void feed(byte[] bytes, int start, int end);
    }

    /** Each piece lies in an array of its own that is overwritten afterwards, as network buffers are. */
    private void feed(byte[] bytes, int longest, Feed feed) {
        for (int start = 0; start < bytes.length; ) {
            int end = Math.min(bytes.length, start + 1 + random.nextInt(longest));
            byte[] piece = java.util.Arrays.copyOfRange(bytes, start, end);
            feed.feed(piece, 0, piece.length);
            java.util.Arrays.fill(piece, (byte) '!');
            start = end;
        }
    }
}
