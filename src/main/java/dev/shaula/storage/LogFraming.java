package dev.shaula.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Looks through what RocksDB reads record by record when it opens a store, its manifest and write-ahead logs, for the
 * one kind of damage that it does not survive: where the type of a record says that the log was recycled, although its
 * first record says that it was not, the reader of RocksDB 11.1 goes round for ever ({@code DamagedFilesTest} holds the
 * way there). We recycle no logs, so such a type is damage; all other damage is left to RocksDB.
 *
 * <p>The format: blocks of 32 KiB; in each, records of a masked CRC32C u32, length u16, type u8 and bytes; fewer than
 * seven bytes at the end of a block are padding. After a damaged record the reader goes on with the next block.
 */
final class LogFraming {
    private static final int BLOCK_BYTES = 32 << 10;
    private static final int HEADER_BYTES = 7;
    private static final int CRC_MASK_DELTA = 0xa282ead8;
    /** Of RocksDB's {@code log_format.h}: whole and parted records, sizes of timestamps, the predecessor of a log. */
    private static final Set<Integer> RECYCLED = Set.of(5, 6, 7, 8, 11, 131);

    private LogFraming() {}

    /**
     * Reads the files of the store in {@code dir}; one that is missing is RocksDB's to report. Blocks.
     *
     * @throws StorageCorruptedException if opening the store would not return
     */
    static void check(Path dir) {
        try {
            ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (Path file : filesReadInOpening(dir)) {
                checkFile(file, block);
            }
        } catch (IOException e) {
            throw StorageErrors.of(dir, "opening", e);
        }
    }

    private static List<Path> filesReadInOpening(Path dir) throws IOException {
        List<Path> found = new ArrayList<>();
        Path current = dir.resolve("CURRENT");
        if (!Files.exists(current)) {
            return found;
        }
        String manifest = Files.readString(current, StandardCharsets.ISO_8859_1).strip();
        try (Stream<Path> files = Files.list(dir)) {
            files.filter(f -> f.getFileName().toString().equals(manifest)
                            || f.toString().endsWith(".log"))
                    .sorted()
                    .forEach(found::add);
        }
        return found;
    }

    private static void checkFile(Path file, ByteBuffer block) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (long from = 0; readBlock(channel, from, block); from += BLOCK_BYTES) {
                checkBlock(file, from, block);
            }
        }
    }

    /** False at the end of the file; the last block may be shorter. */
    private static boolean readBlock(FileChannel channel, long from, ByteBuffer block) throws IOException {
        block.clear();
        int read = 0;
        while (block.hasRemaining() && read >= 0) {
            read = channel.read(block, from + block.position());
        }
        block.flip();
        return block.hasRemaining();
    }

    private static void checkBlock(Path file, long from, ByteBuffer block) {
        int at = 0;
        while (at + HEADER_BYTES <= block.limit()) {
            int length = Short.toUnsignedInt(block.getShort(at + 4));
            int type = Byte.toUnsignedInt(block.get(at + 6));
            if (RECYCLED.contains(type)) {
                throw new StorageCorruptedException(
                        file, "byte " + (from + at + 6) + ": expected a record of type 1 to 4, found type " + type);
            }
            if (at + HEADER_BYTES + length > block.limit()
                    || block.getInt(at) != maskedCrc(block, at + 6, 1 + length)) {
                return;
            }
            at += HEADER_BYTES + length;
        }
    }

    private static int maskedCrc(ByteBuffer block, int from, int bytes) {
        CRC32C crc = new CRC32C();
        crc.update(block.slice(from, bytes));
        return Integer.rotateRight((int) crc.getValue(), 15) + CRC_MASK_DELTA;
    }
}
