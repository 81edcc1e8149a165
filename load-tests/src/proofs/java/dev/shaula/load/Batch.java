package dev.shaula.load;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * The rows of one block, with the same vectors whoever writes them. Encoded once for a door; only the version, which is
 * the first element of each vector, is written anew for each batch: a load generator that encodes would be measured with
 * the server. One writer at a time may encode a block.
 */
final class Batch {
    /** A version is stored as {@code 1 + v / 1e6}: eight characters, and exact enough as a float. */
    private static final float STEPS = 1e6f;

    private final int block;
    private final float[][] vectors;
    private byte[] lines = {};
    private int[] lineVersions = {};

    /**
     * @param block its rows are {@code block * rows} and the following of the source
     * @param rows of the block
     */
    Batch(int block, int rows, Rows source) {
        this.block = block;
        this.vectors = new float[rows][];
        Arrays.setAll(vectors, i -> source.vector((long) block * rows + i));
    }

    int block() {
        return block;
    }

    int rows() {
        return vectors.length;
    }

    /** What the first element of a row of this version is. */
    private static float element(int version) {
        return Float.parseFloat(text(version));
    }

    /** The version that a first element says. */
    static int version(float element) {
        return Math.round((element - 1) * STEPS);
    }

    private static String text(int version) {
        return String.format(Locale.ROOT, "1.%06d", version);
    }

    static String id(int block, int row) {
        return String.format(Locale.ROOT, "b%04d-%03d", block, row);
    }

    private byte[] id(int row) {
        return id(block, row).getBytes(StandardCharsets.US_ASCII);
    }

    /** One JSON object a line; the bytes are written anew by the next call. */
    byte[] ndjson(int version) {
        if (lines.length == 0) {
            encodeLines();
        }
        byte[] text = text(version).getBytes(StandardCharsets.US_ASCII);
        for (int at : lineVersions) {
            System.arraycopy(text, 0, lines, at, text.length);
        }
        return lines;
    }

    private void encodeLines() {
        StringBuilder json = new StringBuilder();
        int[] versions = new int[rows()];
        for (int i = 0; i < rows(); i++) {
            json.append("{\"id\":\"").append(id(block, i)).append("\",\"vector\":[");
            versions[i] = json.length();
            json.append(text(0));
            for (int d = 1; d < vectors[i].length; d++) {
                json.append(',').append(Math.round(vectors[i][d] * 1e5f) / 1e5f);
            }
            json.append("]}\n");
        }
        lines = json.toString().getBytes(StandardCharsets.US_ASCII);
        lineVersions = versions;
    }

    /** Vector of a row as little-endian float32. */
    private byte[] packed(int row, int version) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * vectors[row].length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vectors[row]).put(0, element(version));
        return bytes.array();
    }

    /** The batch as a message of {@code UpsertStreamRequest}, after its prefix of five bytes. */
    byte[] grpc(String collection, int version, long number) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        field(message, 1, collection.getBytes(StandardCharsets.UTF_8));
        message.write(3 << 3);
        varint(message, number + 1);
        for (int i = 0; i < rows(); i++) {
            ByteArrayOutputStream point = new ByteArrayOutputStream();
            field(point, 1, id(i));
            field(point, 2, packed(i, version));
            field(message, 4, point.toByteArray());
        }
        return ByteBuffer.allocate(5 + message.size())
                .put((byte) 0)
                .putInt(message.size())
                .put(message.toByteArray())
                .array();
    }

    /** The batch as a binary message of the WebSocket, as docs/websocket.md draws it. */
    byte[] socket(String stream, int version, long number) {
        byte[] streamName = stream.getBytes(StandardCharsets.UTF_8);
        int rowBytes = 8 + id(0).length + 4 * vectors[0].length;
        ByteBuffer out =
                ByteBuffer.allocate(16 + streamName.length + rows() * rowBytes).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) 1).put((byte) 0).putShort((short) streamName.length);
        out.putInt(rows()).putLong(number + 1).put(streamName);
        for (int i = 0; i < rows(); i++) {
            byte[] id = id(i);
            out.putShort((short) id.length).putShort((short) 0).putInt(0);
            out.put(id).put(packed(i, version));
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
            out.write((int) ((rest & 127) | 128));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
