package dev.shaula.storage;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A checkpoint: the state of a shard after the log record {@link #sequence}, in one file {@code checkpoint-<sequence>}.
 * The bytes are drawn in {@code docs/format.md}: blocks with a length and a CRC32C each, so that nothing is believed,
 * or made room for, before it is verified.
 *
 * @param path the file
 * @param sequence the last log record that the state holds
 */
public record CheckpointFile(Path path, long sequence) {
    static final int MAGIC = 0x50434853; // "SHCP"
    static final int VERSION = 3;
    private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,19})");

    /** What a shard writes into one. */
    @FunctionalInterface
    public interface Body {
        void writeTo(LittleEndianOutput out) throws IOException;
    }

    /** What a shard makes of one, of version 1 to {@value #VERSION}; an {@link IOException} says that it is damaged. */
    @FunctionalInterface
    public interface Reader<T> {
        T readFrom(LittleEndianInput in, int version) throws IOException;
    }

    /** The checkpoints in a directory, newest first. Drafts that a crash left behind are not among them. */
    public static List<CheckpointFile> list(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<CheckpointFile> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                sequenceOf(file).ifPresent(s -> found.add(new CheckpointFile(file, s)));
            }
        }
        found.sort(Comparator.comparingLong(CheckpointFile::sequence).reversed());
        return found;
    }

    /** Where the checkpoint {@code sequence} lies in {@code directory}, if there is one. */
    public static Path path(Path directory, long sequence) {
        return directory.resolve("checkpoint-" + sequence);
    }

    /**
     * Writes a checkpoint so that after a crash it is there whole or not at all: new file, sync, rename, sync of the
     * directory. Blocks.
     */
    public static CheckpointFile write(Path directory, long sequence, Body body) throws IOException {
        Path path = path(directory, sequence);
        BlockFile.write(directory, "checkpoint.new", path, out -> {
            out.writeInt(MAGIC);
            out.writeInt(VERSION);
            out.writeLong(sequence);
            body.writeTo(out);
        });
        return new CheckpointFile(path, sequence);
    }

    /** Reads it whole; a damaged file is a {@link StorageCorruptedException} that names it. Blocks. */
    public <T> T read(Reader<T> reader) {
        return BlockFile.read(path, in -> {
            in.readInt("magic", MAGIC, MAGIC);
            int version = in.readInt("version", 1, VERSION);
            long found = in.readLong();
            if (found != sequence) {
                throw new IOException("sequence: expected " + sequence + ", found " + found);
            }
            return reader.readFrom(in, version);
        });
    }

    /** Deletes it; a power cut may bring it back, which harms nobody. */
    public void delete() throws IOException {
        Files.deleteIfExists(path);
    }

    private static Optional<Long> sequenceOf(Path file) {
        Matcher matcher = NAME.matcher(file.getFileName().toString());
        try {
            return matcher.matches() ? Optional.of(Long.parseLong(matcher.group(1))) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
