package dev.shaula.memory;

import java.io.IOException;

/**
 * Where a room reads back what it wrote to a {@link LittleEndianOutput}. Bytes have been verified against their
 * checksum before they are handed out; reading past the end is an {@link IOException}. Not thread-safe.
 */
public interface LittleEndianInput {
    int readInt() throws IOException;

    /** An int that must lie within bounds; otherwise the exception names the field. */
    default int readInt(String field, int min, int max) throws IOException {
        int value = readInt();
        if (value < min || value > max) {
            throw new IOException(field + ": expected " + min + " to " + max + ", found " + value);
        }
        return value;
    }

    long readLong() throws IOException;

    void readInts(int[] into, int from, int n) throws IOException;

    void readBytes(byte[] into, int from, int n) throws IOException;
}
