package dev.shaula.storage;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files of blocks with a length and a CRC32C each, which are there whole or not at all. */
final class BlockFile {
    private BlockFile() {}

    /** What is written into one. */
    @FunctionalInterface
    interface Body {
        void writeTo(LittleEndianOutput out) throws IOException;
    }

    /** What is made of one. */
    @FunctionalInterface
    interface Reader<T> {
        T readFrom(LittleEndianInput in) throws IOException;
    }

    /** Writes a draft, syncs it, gives it its name and syncs the directory. Blocks. */
    static void write(Path directory, String draftName, Path path, Body body) throws IOException {
        Path draft = directory.resolve(draftName);
        try (FileChannel channel = FileChannel.open(
                draft, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            BlockOutput out = new BlockOutput(channel);
            body.writeTo(out);
            out.end();
            channel.force(true);
        }
        Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Reads one whole; a damaged file is a {@link StorageCorruptedException} that names it. Blocks. */
    static <T> T read(Path path, Reader<T> reader) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            BlockInput in = new BlockInput(channel);
            T result = reader.readFrom(in);
            in.end();
            return result;
        } catch (IOException e) {
            throw new StorageCorruptedException(path, String.valueOf(e.getMessage()), e);
        }
    }
}
