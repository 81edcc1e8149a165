package dev.shaula.load;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Rows of one writer, encoded once for a door; only the version, which is the first element of each vector, is written
 * anew for each batch: a load generator that encodes would be measured with the server.
 *
 * @param name of the writer, the beginning of its ids
 * @param rows of a batch
 * @param vectors of these rows
 */
record Batch(String name, int rows, float[][] vectors) {
    /** Whole floats with seven digits, for every version that a run comes to. */
    private static final long FIRST_VERSION = 1_000_000;

    static Batch of(String name, int rows, Rows source, long first) {
        float[][] vectors = new float[rows][];
        for (int i = 0; i < rows; i++) {
            vectors[i] = source.vector(first + i);
        }
        return new Batch(name, rows, vectors);
    }

    static long version(long number) {
        return FIRST_VERSION + number;
    }

    String id(int row) {
        return String.format(Locale.ROOT, "%s-%03d", name, row);
    }

    byte[] ndjson(long number) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < rows; i++) {
            lines.append("{\"id\":\"").append(id(i)).append("\",\"vector\":[").append(version(number));
            for (int d = 1; d < vectors[i].length; d++) {
                lines.append(',').append(Math.round(vectors[i][d] * 1e5f) / 1e5f);
            }
            lines.append("]}\n");
        }
        return lines.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Vector of a row as little-endian float32. */
    byte[] packed(int row, long number) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * vectors[row].length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putFloat(version(number));
        for (int d = 1; d < vectors[row].length; d++) {
            bytes.putFloat(vectors[row][d]);
        }
        return bytes.array();
    }

    /** The batch as a message of {@code UpsertStreamRequest}, after its prefix of five bytes. */
    byte[] grpc(String collection, long number) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        field(message, 1, collection.getBytes(StandardCharsets.UTF_8));
        message.write(3 << 3);
        varint(message, number + 1);
        for (int i = 0; i < rows; i++) {
            ByteArrayOutputStream point = new ByteArrayOutputStream();
            field(point, 1, id(i).getBytes(StandardCharsets.UTF_8));
            field(point, 2, packed(i, number));
            field(message, 4, point.toByteArray());
        }
        return ByteBuffer.allocate(5 + message.size())
                .put((byte) 0)
                .putInt(message.size())
                .put(message.toByteArray())
                .array();
    }

    /** The batch as a binary message of the WebSocket, as docs/websocket.md draws it. */
    byte[] socket(String stream, long number) {
        byte[] streamName = stream.getBytes(StandardCharsets.UTF_8);
        int dimensions = vectors[0].length;
        int idBytes = id(0).length();
        ByteBuffer out = ByteBuffer.allocate(16 + streamName.length + rows * (8 + idBytes + 4 * dimensions))
                .order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) 1)
                .put((byte) 0)
                .putShort((short) streamName.length)
                .putInt(rows)
                .putLong(number + 1);
        out.put(streamName);
        for (int i = 0; i < rows; i++) {
            out.putShort((short) idBytes).putShort((short) 0).putInt(0);
            out.put(id(i).getBytes(StandardCharsets.UTF_8)).put(packed(i, number));
        }
        return out.array();
    }

    private static void field(ByteArrayOutputStream out, int number, byte[] bytes) {
        out.write(number << 3 | 2);
        varint(out, bytes.length);
        out.writeBytes(bytes);
    }

    static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while (rest > 127) {
            out.write((int) (rest & 127 | 128));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
