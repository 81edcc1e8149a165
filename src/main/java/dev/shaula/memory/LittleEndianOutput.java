package dev.shaula.memory;

import java.io.IOException;

/** Where a room writes its part of a file: little-endian numbers and bytes, in order. Not thread-safe. */
public interface LittleEndianOutput {
    void writeInt(int value) throws IOException;

    void writeLong(long value) throws IOException;

    /** The {@code n} values from {@code from} on. */
    void writeInts(int[] values, int from, int n) throws IOException;

    void writeBytes(byte[] bytes, int from, int n) throws IOException;
}
