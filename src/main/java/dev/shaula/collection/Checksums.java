package dev.shaula.collection;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;

/** Checksums of files. Blocks. */
final class Checksums {
    private static final int STEP_BYTES = 1 << 20;

    private Checksums() {}

    /**
     * CRC32C of the first {@code bytes} of a file.
     *
     * @param progress told the bytes of every step
     * @throws EOFException if the file is shorter
     */
    static int of(Path file, long bytes, LongConsumer progress) throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer step = ByteBuffer.allocate((int) Math.min(bytes, STEP_BYTES));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (long left = bytes; left > 0; ) {
                step.clear().limit((int) Math.min(left, step.capacity()));
                int n = channel.read(step);
                if (n < 0) {
                    throw new EOFException(file + ": expected " + bytes + " bytes, found " + (bytes - left));
                }
                crc.update(step.flip());
                progress.accept(n);
                left -= n;
            }
        }
        return (int) crc.getValue();
    }
}
