package dev.shaula.payload;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.roaringbitmap.RoaringBitmap;

/**
 * The parts that indexes consist of, as {@code docs/format.md} draws them: arrays behind their length, bitmaps in the
 * portable form of Roaring. Room is made as bytes come in, so that no length takes more of it than there are bytes.
 */
final class IndexFormat {
    private static final int STEP = 1 << 16;

    private IndexFormat() {}

    static void write(LittleEndianOutput out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.writeBytes(bytes, 0, bytes.length);
    }

    static byte[] readBytes(LittleEndianInput in) throws IOException {
        int n = in.readInt("length", 0, Integer.MAX_VALUE - 8);
        byte[] bytes = new byte[Math.min(n, STEP)];
        for (int at = 0; at < n; at = bytes.length) {
            bytes = at == 0 ? bytes : Arrays.copyOf(bytes, grown(at, n));
            in.readBytes(bytes, at, bytes.length - at);
        }
        return bytes;
    }

    private static int grown(int length, int most) {
        return (int) Math.min(most, 2L * length);
    }

    static void write(LittleEndianOutput out, int[] values, int n) throws IOException {
        out.writeInt(n);
        out.writeInts(values, 0, n);
    }

    static int[] readInts(LittleEndianInput in) throws IOException {
        int n = in.readInt("length", 0, Integer.MAX_VALUE - 8);
        int[] values = new int[Math.min(n, STEP)];
        for (int at = 0; at < n; at = values.length) {
            values = at == 0 ? values : Arrays.copyOf(values, grown(at, n));
            in.readInts(values, at, values.length - at);
        }
        return values;
    }

    static void write(LittleEndianOutput out, long[] values) throws IOException {
        out.writeInt(values.length);
        for (long value : values) {
            out.writeLong(value);
        }
    }

    static long[] readLongs(LittleEndianInput in) throws IOException {
        int n = in.readInt("length", 0, Integer.MAX_VALUE - 8);
        long[] values = new long[Math.min(n, STEP)];
        for (int at = 0; at < n; at = values.length) {
            values = at == 0 ? values : Arrays.copyOf(values, grown(at, n));
            for (int i = at; i < values.length; i++) {
                values[i] = in.readLong();
            }
        }
        return values;
    }

    static void write(LittleEndianOutput out, RoaringBitmap rows) throws IOException {
        byte[] bytes = new byte[rows.serializedSizeInBytes()];
        rows.serialize(ByteBuffer.wrap(bytes));
        write(out, bytes);
    }

    static RoaringBitmap readRows(LittleEndianInput in) throws IOException {
        RoaringBitmap rows = new RoaringBitmap();
        try {
            rows.deserialize(ByteBuffer.wrap(readBytes(in)));
        } catch (RuntimeException e) {
            throw new IOException("a bitmap: " + e.getMessage(), e);
        }
        return rows;
    }

    /** What was read and does not fit together. */
    static void check(boolean fits, String what) throws IOException {
        if (!fits) {
            throw new IOException("an index: " + what);
        }
    }
}
