package dev.shaula.storage;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The indexes on metadata that belong to a checkpoint, in a file {@code indexes-<sequence>} beside it. They follow from
 * what is stored, so that one that is missing, damaged or of another state costs the time to build them and nothing else.
 *
 * @param directory of the checkpoint
 * @param sequence of the checkpoint
 * @param generation of the checkpoint
 * @param rows of the checkpoint
 */
public record IndexFile(Path directory, long sequence, int generation, int rows) {
    private static final Logger LOG = Logger.getLogger(IndexFile.class);
    private static final int MAGIC = 0x58494853; // "SHIX"
    private static final int VERSION = 1;
    private static final String PREFIX = "indexes-";

    /** What a shard writes into one. */
    @FunctionalInterface
    public interface Body {
        void writeTo(LittleEndianOutput out) throws IOException;
    }

    /** What a shard makes of one; an {@link IOException} says that it is damaged. */
    @FunctionalInterface
    public interface Reader<T> {
        T readFrom(LittleEndianInput in) throws IOException;
    }

    /** Where it lies, if it is there. */
    public Path path() {
        return directory.resolve(PREFIX + sequence);
    }

    /** Writes it, in the place of what was there, so that after a crash one of both is there whole. Blocks. */
    public void write(Body body) throws IOException {
        BlockFile.write(directory, "indexes.new", path(), out -> {
            out.writeInt(MAGIC);
            out.writeInt(VERSION);
            out.writeLong(sequence);
            out.writeInt(generation);
            out.writeInt(rows);
            body.writeTo(out);
        });
    }

    /** Reads it; empty, with a word in the log, if it is not whole or of another state, and if there is none. Blocks. */
    public <T> Optional<T> read(Reader<T> reader) {
        if (!Files.exists(path())) {
            return Optional.empty();
        }
        try {
            return Optional.of(BlockFile.read(path(), in -> {
                in.readInt("magic", MAGIC, MAGIC);
                in.readInt("version", VERSION, VERSION);
                long found = in.readLong();
                if (found != sequence) {
                    throw new IOException("sequence: expected " + sequence + ", found " + found);
                }
                in.readInt("generation", generation, generation);
                in.readInt("rows", rows, rows);
                return reader.readFrom(in);
            }));
        } catch (RuntimeException e) {
            // Whatever it is: what can be built anew must not keep a shard from being opened.
            String what = e instanceof StorageCorruptedException ? e.getMessage() : path() + ": " + e;
            LOG.warnf("%s; the indexes are built anew from what is stored", what);
            return Optional.empty();
        }
    }

    /** Deletes it; a power cut may bring it back, which harms nobody. */
    public void delete() throws IOException {
        Files.deleteIfExists(path());
    }

    /** Deletes those in a directory whose checkpoint is not among these. */
    public static void deleteOthers(Path directory, Stream<CheckpointFile> kept) throws IOException {
        Set<String> names =
                kept.map(checkpoint -> PREFIX + checkpoint.sequence()).collect(Collectors.toSet());
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = file.getFileName().toString();
                if (name.startsWith(PREFIX) && !names.contains(name)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
