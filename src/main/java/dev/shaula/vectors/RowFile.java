package dev.shaula.vectors;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.memory.NativeMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/**
 * The rows of a shard on disk, byte for byte as they lie in memory, so that whole chunks are mapped and not read. Rows
 * are only ever added; what lies behind the last row of the newest checkpoint is what a crash left and is written
 * again. The checksums of the chunks live in the checkpoint. For one thread.
 */
public final class RowFile {
    private static final int[] NONE = {};

    private final Path path;
    private int rowsWritten;
    private long bytesWritten;
    /** Of the chunks that {@link #rowsWritten} fills wholly: they never change again. */
    private int[] fullChunkCrcs = NONE;

    public RowFile(Path path) {
        this.path = path;
    }

    /**
     * Adds the rows of {@code rows} that are not in the file yet, syncs it, and writes the checksums of all to
     * {@code out}. Blocks.
     */
    public void write(FloatRows.View rows, LittleEndianOutput out) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            append(rows, channel);
            channel.force(true);
        }
        int[] crcs = checksums(rows);
        out.writeInts(crcs, 0, crcs.length);
        rowsWritten = rows.count();
        bytesWritten = (long) rowsWritten * rows.layout().strideBytes();
        fullChunkCrcs = Arrays.copyOf(crcs, rows.count() >>> rows.layout().chunkShift());
    }

    /**
     * Puts the file in the place of the memory behind full chunks of rows, all of which were written to it, so that memory
     * holds what searches walk on: unless that is the rows themselves, for want of codes. Readers go on meanwhile. Blocks
     * for some ms for each GB.
     */
    public void replaceMemoryOf(CodedRows.View rows) throws IOException {
        assert rows.count() <= rowsWritten;
        if (rows.coded()) {
            rows.floats().moveToFile(path);
        }
    }

    /** Rows that are mapped and being compared with their checksums, on other threads; nothing of them is to be believed yet. */
    public final class Reading {
        private final RowLayout layout;
        private final int count;
        private final int[] crcs;
        private final MemorySegment[] chunks;
        private final ForkJoinTask<Integer> verification;

        private Reading(RowLayout layout, int count, int[] crcs, MemorySegment[] chunks) {
            this.layout = layout;
            this.count = count;
            this.crcs = crcs;
            this.chunks = chunks;
            this.verification = ForkJoinPool.commonPool().submit(() -> firstDamaged(chunks, crcs));
        }

        /**
         * The rows, once every byte of them has been compared. Blocks until then.
         *
         * @throws IOException if a chunk is damaged
         */
        public FloatRows rows() throws IOException {
            int damaged = verification.join();
            if (damaged >= 0) {
                throw new IOException(path + ": the checksum of chunk " + damaged + " is wrong");
            }
            int last = chunks.length - 1;
            if (last >= 0 && chunks[last].byteSize() < layout.chunkBytes()) {
                chunks[last] = writableCopy(layout, chunks[last]);
            }
            rowsWritten = count;
            bytesWritten = (long) count * layout.strideBytes();
            fullChunkCrcs = Arrays.copyOf(crcs, count >>> layout.chunkShift());
            return FloatRows.of(layout, chunks, count);
        }
    }

    /**
     * Maps the first {@code count} rows and begins to compare them with the checksums in {@code in}, which costs one
     * reading of every byte: the caller has other things to read meanwhile.
     *
     * @throws IOException if a chunk is missing
     */
    public Reading read(int dimensions, int count, LittleEndianInput in) throws IOException {
        RowLayout layout = RowLayout.of(dimensions);
        int chunkCount = chunkCount(layout, count);
        int[] crcs = new int[0];
        // Grows with what is really there: a count cannot make room for more checksums than the checkpoint holds.
        for (int c = 0; c < chunkCount; c++) {
            crcs = c == crcs.length ? Arrays.copyOf(crcs, Math.max(16, 2 * c)) : crcs;
            crcs[c] = in.readInt();
        }
        MemorySegment[] chunks = new MemorySegment[chunkCount];
        for (int c = 0; c < chunkCount; c++) {
            chunks[c] = NativeMemory.map(path, c * layout.chunkBytes(), usedBytes(layout, count, c));
        }
        return new Reading(layout, count, crcs, chunks);
    }

    public Path path() {
        return path;
    }

    /** Bytes of the rows last written or read; they never change, what follows them may. */
    public long bytes() {
        return bytesWritten;
    }

    private void append(FloatRows.View rows, FileChannel channel) throws IOException {
        RowLayout layout = rows.layout();
        for (int from = rowsWritten; from < rows.count(); ) {
            int to = Math.min(rows.count(), (layout.chunkOf(from) + 1) << layout.chunkShift());
            long bytes = (long) (to - from) * layout.strideBytes();
            ByteBuffer source =
                    rows.chunk(from).asSlice(layout.offsetOf(from), bytes).asByteBuffer();
            long at = (long) from * layout.strideBytes();
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
            from = to;
        }
    }

    private int[] checksums(FloatRows.View rows) {
        RowLayout layout = rows.layout();
        int[] crcs = Arrays.copyOf(fullChunkCrcs, chunkCount(layout, rows.count()));
        for (int c = fullChunkCrcs.length; c < crcs.length; c++) {
            long bytes = usedBytes(layout, rows.count(), c);
            crcs[c] = crc(rows.chunk(c << layout.chunkShift()).asSlice(0, bytes));
        }
        return crcs;
    }

    /** Index of a chunk, -1 if all are whole. */
    private static int firstDamaged(MemorySegment[] chunks, int[] crcs) {
        return IntStream.range(0, chunks.length)
                .parallel()
                .filter(c -> crc(chunks[c]) != crcs[c])
                .findFirst()
                .orElse(-1);
    }

    private static MemorySegment writableCopy(RowLayout layout, MemorySegment mapped) {
        MemorySegment copy = NativeMemory.allocate(layout.chunkBytes(), false);
        copy.copyFrom(mapped);
        return copy;
    }

    private static int chunkCount(RowLayout layout, int rows) {
        return (int) (((long) rows + (1 << layout.chunkShift()) - 1) >>> layout.chunkShift());
    }

    private static long usedBytes(RowLayout layout, int rows, int chunk) {
        long left = (long) rows * layout.strideBytes() - chunk * layout.chunkBytes();
        return Math.min(left, layout.chunkBytes());
    }

    private static int crc(MemorySegment bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.asByteBuffer());
        return (int) crc.getValue();
    }
}
