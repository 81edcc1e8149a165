package dev.shaula.storage;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The sequence number of the last synced record, kept outside RocksDB: a log that ends before it has lost acknowledged
 * records, however sound it looks. Written after each sync and synced itself within a second, so that it may be behind
 * after a power cut but is never ahead: it claims too little at worst.
 *
 * <p>The file has two slots, a page apart and written in turn, so that a torn write leaves the other one:
 *
 * <pre>
 * slot   magic u32 = "SHWM" · version u32 = 1 · sequence i64 · crc32c u32 over what comes before   20 bytes, little-endian
 * </pre>
 *
 * Not thread-safe. Uses {@link RandomAccessFile} because a channel is closed when its thread is interrupted.
 */
final class Watermark implements AutoCloseable {
    static final String FILE = "watermark";

    private static final int MAGIC = 0x4d57_4853;
    private static final int VERSION = 1;
    private static final int SLOT_BYTES = 20;
    private static final int SLOT_DISTANCE = 4_096;

    private final RandomAccessFile file;
    private long sequence;
    private int nextSlot;

    private Watermark(RandomAccessFile file, long sequence) {
        this.file = file;
        this.sequence = sequence;
    }

    static boolean exists(Path directory) {
        return Files.exists(directory.resolve(FILE));
    }

    static Watermark create(Path directory) throws IOException {
        Watermark watermark =
                new Watermark(new RandomAccessFile(directory.resolve(FILE).toFile(), "rw"), ShardLog.BEFORE_FIRST);
        watermark.write(ShardLog.BEFORE_FIRST);
        watermark.write(ShardLog.BEFORE_FIRST);
        watermark.force();
        return watermark;
    }

    /** @throws StorageCorruptedException if neither slot is whole */
    static Watermark open(Path directory) throws IOException {
        Path path = directory.resolve(FILE);
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
        long first = read(file, 0);
        long second = read(file, 1);
        if (first == INVALID && second == INVALID) {
            file.close();
            throw new StorageCorruptedException(path, "expected a sequence number in one of two slots, found none");
        }
        Watermark watermark = new Watermark(file, Math.max(first, second));
        watermark.nextSlot = first > second ? 1 : 0;
        return watermark;
    }

    private static final long INVALID = Long.MIN_VALUE;

    private static long read(RandomAccessFile file, int slot) throws IOException {
        byte[] bytes = new byte[SLOT_BYTES];
        file.seek((long) slot * SLOT_DISTANCE);
        if (file.read(bytes) != SLOT_BYTES) {
            return INVALID;
        }
        long found = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(8);
        return found >= ShardLog.BEFORE_FIRST && Arrays.equals(bytes, slot(found)) ? found : INVALID;
    }

    private static byte[] slot(long sequence) {
        ByteBuffer slot = ByteBuffer.allocate(SLOT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        slot.putInt(MAGIC).putInt(VERSION).putLong(sequence);
        CRC32C crc = new CRC32C();
        crc.update(slot.array(), 0, slot.position());
        return slot.putInt((int) crc.getValue()).array();
    }

    /** Everything up to here was synced at some time. */
    long sequence() {
        return sequence;
    }

    void write(long newSequence) throws IOException {
        file.seek((long) nextSlot * SLOT_DISTANCE);
        file.write(slot(newSequence));
        sequence = newSequence;
        nextSlot = 1 - nextSlot;
    }

    void force() throws IOException {
        file.getFD().sync();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
