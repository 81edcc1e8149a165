package dev.shaula.cli;

import dev.shaula.model.Limits;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.ZipException;

/**
 * Reads a TEXMEX file ({@code fvecs}, {@code bvecs} or {@code ivecs}) row by row: holds one row at a time, whatever the
 * length of the file. Every row must have the same dimension, 1 to {@link Limits#MAX_DIMENSIONS}. Rows count from 0.
 *
 * <p>For one thread. Closing it closes the stream.
 */
final class VecsReader implements Closeable {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle FLOAT = MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);

    private final InputStream in;
    private final FileFormat format;
    private final byte[] header = new byte[4];
    private byte[] body = {};
    private int dimensions;
    private long row = -1;

    /**
     * A reader before the first row.
     *
     * @param format one of the three TEXMEX formats
     */
    VecsReader(InputStream in, FileFormat format) {
        this.in = in;
        this.format = format;
    }

    /**
     * Moves to the next row.
     *
     * @return false at the end of the file
     * @throws BadRowException if the row is truncated or of a wrong dimension
     */
    boolean next() throws IOException {
        row++;
        try {
            int got = in.readNBytes(header, 0, header.length);
            if (got == 0) {
                return false;
            }
            checkHeader(got);
            readBody();
            return true;
        } catch (EOFException e) {
            throw new BadRowException("row " + row + ": the gzip data end within it, the file is truncated", e);
        } catch (ZipException e) {
            throw new BadRowException("row " + row + ": the gzip data are damaged (" + e.getMessage() + ")", e);
        }
    }

    private void checkHeader(int got) throws BadRowException {
        if (got < header.length) {
            throw new BadRowException("row " + row + ": truncated, expected the 4 bytes of its dimension, got " + got);
        }
        int d = (int) INT.get(header, 0);
        if (d < 1 || d > Limits.MAX_DIMENSIONS) {
            throw new BadRowException("row " + row + ": dimension " + d + ", expected 1 to " + Limits.MAX_DIMENSIONS
                    + " (is this a " + format + " file?)");
        }
        if (row == 0) {
            dimensions = d;
            body = new byte[d * bytesPerComponent()];
        } else if (d != dimensions) {
            throw new BadRowException(
                    "row " + row + ": dimension " + d + ", expected " + dimensions + " as in the rows before");
        }
    }

    private void readBody() throws IOException {
        int got = in.readNBytes(body, 0, body.length);
        if (got < body.length) {
            throw new BadRowException(
                    "row " + row + ": truncated, expected " + body.length + " bytes of components, got " + got);
        }
    }

    private int bytesPerComponent() {
        return format == FileFormat.BVECS ? 1 : 4;
    }

    FileFormat format() {
        return format;
    }

    /** The number of the row that {@link #next} read or failed at, from 0; after the end, the number of rows. */
    long row() {
        return row;
    }

    /** Components per row; 0 before the first row. */
    int dimensions() {
        return dimensions;
    }

    /** Component {@code i} of the current row of an {@code fvecs} or {@code bvecs} file. */
    float component(int i) {
        return format == FileFormat.BVECS ? unsignedByte(i) : (float) FLOAT.get(body, 4 * i);
    }

    /** Component {@code i} of the current row of an {@code ivecs} or {@code bvecs} file. */
    int integer(int i) {
        return format == FileFormat.BVECS ? unsignedByte(i) : (int) INT.get(body, 4 * i);
    }

    private int unsignedByte(int i) {
        return body[i] & 0xff;
    }

    /** A copy of the current row of an {@code fvecs} or {@code bvecs} file. */
    float[] vector() {
        float[] v = new float[dimensions];
        for (int i = 0; i < v.length; i++) {
            v[i] = component(i);
        }
        return v;
    }

    /** A copy of the current row of an {@code ivecs} file. */
    int[] integers() {
        int[] v = new int[dimensions];
        for (int i = 0; i < v.length; i++) {
            v[i] = integer(i);
        }
        return v;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
