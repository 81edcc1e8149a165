package dev.shaula.load;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Rows of one writer, encoded once for a door; only the block that the ids are of, and the version, which is the first
 * element of each vector, are written anew for each batch: a load generator that encodes would be measured with the server.
 *
 * @param name of the writer
 * @param rows of a batch
 * @param vectors of these rows
 */
record Batch(String name, int rows, float[][] vectors) {
    /** A version is stored as {@code 1 + v / 1e6}: eight characters, and exact enough as a float. */
    private static final float STEPS = 1e6f;

    static Batch of(String name, int rows, Rows source, long first) {
        float[][] vectors = new float[rows][];
        for (int i = 0; i < rows; i++) {
            vectors[i] = source.vector(first + i);
        }
        return new Batch(name, rows, vectors);
    }

    /** What the first element of a row of this version is. */
    static float element(int version) {
        return Float.parseFloat(text(version));
    }

    /** The version that a first element says. */
    static int version(float element) {
        return Math.round((element - 1) * STEPS);
    }

    static String text(int version) {
        return String.format(Locale.ROOT, "1.%06d", version);
    }

    static String id(int block, int row) {
        return String.format(Locale.ROOT, "b%s-%03d", block(block), row);
    }

    /** A block as its ids write it. */
    static String block(int block) {
        return String.format(Locale.ROOT, "%04d", block);
    }

    byte[] ndjson() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < rows; i++) {
            lines.append("{\"id\":\"")
                    .append(id(0, i))
                    .append("\",\"vector\":[")
                    .append(text(0));
            for (int d = 1; d < vectors[i].length; d++) {
                lines.append(',').append(Math.round(vectors[i][d] * 1e5f) / 1e5f);
            }
            lines.append("]}\n");
        }
        return lines.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Vector of a row as little-endian float32. */
    private byte[] packed(int row) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * vectors[row].length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putFloat(element(0));
        for (int d = 1; d < vectors[row].length; d++) {
            bytes.putFloat(vectors[row][d]);
        }
        return bytes.array();
    }

    /** The batch as a message of {@code UpsertStreamRequest}, after its prefix of five bytes. */
    byte[] grpc(String collection, int block, int version, long number) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        field(message, 1, collection.getBytes(StandardCharsets.UTF_8));
        message.write(3 << 3);
        varint(message, number + 1);
        for (int i = 0; i < rows; i++) {
            ByteArrayOutputStream point = new ByteArrayOutputStream();
            byte[] packed = packed(i);
            ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN).putFloat(element(version));
            field(point, 1, id(block, i).getBytes(StandardCharsets.UTF_8));
            field(point, 2, packed);
            field(message, 4, point.toByteArray());
        }
        return ByteBuffer.allocate(5 + message.size())
                .put((byte) 0)
                .putInt(message.size())
                .put(message.toByteArray())
                .array();
    }

    /** The batch as a binary message of the WebSocket, as docs/websocket.md draws it. */
    byte[] socket(String stream) {
        byte[] streamName = stream.getBytes(StandardCharsets.UTF_8);
        int dimensions = vectors[0].length;
        int idBytes = id(0, 0).length();
        ByteBuffer out = ByteBuffer.allocate(16 + streamName.length + rows * (8 + idBytes + 4 * dimensions))
                .order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) 1)
                .put((byte) 0)
                .putShort((short) streamName.length)
                .putInt(rows)
                .putLong(1);
        out.put(streamName);
        for (int i = 0; i < rows; i++) {
            out.putShort((short) idBytes).putShort((short) 0).putInt(0);
            out.put(id(0, i).getBytes(StandardCharsets.UTF_8)).put(packed(i));
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
