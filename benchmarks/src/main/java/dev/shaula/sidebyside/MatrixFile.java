package dev.shaula.sidebyside;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A mapped matrix of 4-byte numbers that programs of every language read alike: int32 rows and columns, then the numbers
 * row by row, all little-endian. Any thread may read it; the mapping lasts as long as the process.
 */
public final class MatrixFile {
    private static final int HEAD_BYTES = 8;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment bytes;
    private final int rows;
    private final int columns;

    private MatrixFile(MemorySegment bytes) {
        this.bytes = bytes;
        this.rows = bytes.get(INT, 0);
        this.columns = bytes.get(INT, 4);
    }

    /** Fills one row of a matrix that is being written. */
    @FunctionalInterface
    public interface RowWriter {
        void write(int row, ByteBuffer out);
    }

    /** @throws IOException also if the length is not what the head says */
    public static MatrixFile open(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MatrixFile matrix =
                    new MatrixFile(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.global()));
            long expected = HEAD_BYTES + 4L * matrix.rows * matrix.columns;
            if (matrix.bytes.byteSize() != expected) {
                throw new IOException(file + ": expected " + expected + " bytes, got " + matrix.bytes.byteSize());
            }
            return matrix;
        }
    }

    /** Writes a whole matrix; the file appears only when it is complete. */
    public static void write(Path file, int rows, int columns, RowWriter writer) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".part");
        ByteBuffer row = ByteBuffer.allocate(4 * columns).order(ByteOrder.LITTLE_ENDIAN);
        try (var out = new BufferedOutputStream(Files.newOutputStream(unfinished), 1 << 20)) {
            out.write(ByteBuffer.allocate(HEAD_BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(rows)
                    .putInt(columns)
                    .array());
            for (int i = 0; i < rows; i++) {
                writer.write(i, row.clear());
                out.write(row.array());
            }
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }

    public int rows() {
        return rows;
    }

    public int columns() {
        return columns;
    }

    /** Row {@code i} as a new array. */
    public float[] floats(int i) {
        float[] row = new float[columns];
        MemorySegment.copy(bytes, FLOAT, offset(i), row, 0, columns);
        return row;
    }

    /** Row {@code i} as a new array. */
    public int[] ints(int i) {
        int[] row = new int[columns];
        MemorySegment.copy(bytes, INT, offset(i), row, 0, columns);
        return row;
    }

    private long offset(int row) {
        return HEAD_BYTES + 4L * row * columns;
    }
}
