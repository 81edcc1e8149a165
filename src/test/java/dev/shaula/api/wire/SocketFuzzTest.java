package dev.shaula.api.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.VectorDbException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Messages of a socket that are cut, changed or made up: each is read or refused with a text, and nothing else. */
class SocketFuzzTest {
    private static final int ROUNDS = 20_000;
    private static final int DIMENSIONS = 3;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private int refused;
    private int read;

    private static byte[] batch() {
        byte[] name = "s".getBytes(StandardCharsets.UTF_8);
        byte[] metadata = "{\"a\":[1,{\"b\":null}]}".getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(200).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) 1).put((byte) 0).putShort((short) 1).putInt(2).putLong(7).put(name);
        for (String id : new String[] {"a", "b\u00e9"}) {
            byte[] utf8 = id.getBytes(StandardCharsets.UTF_8);
            out.putShort((short) utf8.length).putShort((short) 0).putInt(metadata.length);
            out.put(utf8).put(metadata).putFloat(1).putFloat(2).putFloat(3);
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    private static byte[] query() {
        ByteBuffer out = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) 2)
                .put((byte) 1)
                .putShort((short) 1)
                .putInt(5)
                .putLong(9)
                .putInt(DIMENSIONS)
                .putFloat(Float.NaN);
        out.put((byte) 'c').putFloat(1).putFloat(2).putFloat(3);
        return Arrays.copyOf(out.array(), out.position());
    }

    private static final byte[] TEXT =
            ("{\"op\":\"upsert\",\"stream\":\"s\",\"batch\":3,\"vectors\":[{\"id\":\"a\",\"vector\":[1,2,3],"
                            + "\"metadata\":{\"b\":[true]}}],\"filter\":{\"a\":{\"$lt\":3}},\"top_k\":4}")
                    .getBytes(StandardCharsets.UTF_8);

    private byte[] damaged(byte[] message) {
        byte[] bytes =
                random.nextInt(4) == 0 ? Arrays.copyOf(message, random.nextInt(message.length)) : message.clone();
        for (int n = random.nextInt(4); n > 0 && bytes.length > 0; n--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    private void attempt(Runnable reading) {
        try {
            reading.run();
            read++;
        } catch (VectorDbException e) {
            assertThat(e.getMessage()).as("seed " + seed).isNotBlank();
            refused++;
        }
    }

    @Test
    void shouldReadOrRefuseAnyBinaryMessage() {
        byte[][] samples = {batch(), query()};
        for (int round = 0; round < ROUNDS; round++) {
            byte[] message = damaged(samples[round % samples.length]);
            SocketBinary binary = new SocketBinary(message, QueryDefaults.NONE);
            attempt(() -> binary.read(stream -> DIMENSIONS));
            assertThat(binary.about()).isNotNull();
        }
        assertThat(read).isPositive();
        assertThat(refused).isPositive();
    }

    @Test
    void shouldReadOrRefuseAnyTextMessage() {
        for (int round = 0; round < ROUNDS; round++) {
            byte[] message = damaged(TEXT);
            SocketDocument document = new SocketDocument(QueryDefaults.NONE);
            int cut = message.length == 0 ? 0 : random.nextInt(message.length);
            attempt(() -> {
                document.feed(message, 0, cut);
                document.feed(message, cut, message.length);
                document.finish();
            });
            document.close();
            assertThat(document.about()).isNotNull();
        }
        assertThat(read).isPositive();
        assertThat(refused).isPositive();
    }
}
