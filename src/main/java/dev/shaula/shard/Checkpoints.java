package dev.shaula.shard;

import dev.shaula.model.CollectionConfig;
import dev.shaula.payload.MetadataIndex;
import dev.shaula.storage.CheckpointFile;
import dev.shaula.storage.IndexFile;
import dev.shaula.storage.RocksShardStore;
import dev.shaula.storage.ShardLog;
import dev.shaula.storage.StorageCorruptedException;
import dev.shaula.storage.VersionedPayloads;
import dev.shaula.vectors.RowFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints of one shard. Two are kept: the log is trimmed only up to the older one, so that a damaged newest
 * costs a longer replay and nothing else. Writing works on a snapshot and so beside searches and writes. Blocks; one
 * call at a time.
 */
final class Checkpoints {
    private static final Logger LOG = Logger.getLogger(Checkpoints.class);
    private static final int KEPT = 2;
    private static final String ROWS = "rows";

    private final String shard;
    private final Path directory;
    /** Of the generation that was last written or loaded. */
    private RowFile rowFile;

    private int generation;
    /** What the newest index file was made of or became; null if it is not known. */
    private volatile @Nullable MetadataIndex keptIndex;

    /** Checkpoints of that generation that are kept, as far as is known. */
    private int ofGeneration;

    Checkpoints(String shard, Path directory) throws IOException {
        this.shard = shard;
        this.directory = Files.createDirectories(directory);
        syncEntry(directory);
        this.rowFile = new RowFile(directory.resolve(ROWS));
    }

    /**
     * The state of the newest checkpoint that is whole and from which the log goes on; an empty one if there is none
     * and the log is whole.
     *
     * @throws StorageCorruptedException if neither is there
     */
    ShardState load(CollectionConfig config, VersionedPayloads payloads, ShardLog log) throws IOException {
        List<String> damage = new ArrayList<>();
        for (CheckpointFile checkpoint : CheckpointFile.list(directory)) {
            long sequence = checkpoint.sequence();
            if (sequence > log.lastSequence()) {
                throw new StorageCorruptedException(
                        directory,
                        "expected the log to hold record " + sequence + " of a checkpoint, it ends at "
                                + log.lastSequence());
            }
            if (sequence < log.trimmedSequence()) {
                damage.add(checkpoint.path() + ": the log begins after record " + log.trimmedSequence());
                continue;
            }
            try {
                ShardState state = checkpoint.read(
                        (in, version) -> ShardState.readFrom(in, version, this::use, config, payloads, sequence));
                ofGeneration = 1;
                loadIndexes(state);
                return state;
            } catch (StorageCorruptedException e) {
                LOG.errorf("%s: %s; trying an older checkpoint", shard, e.getMessage());
                damage.add(e.getMessage());
            }
        }
        if (log.trimmedSequence() != ShardLog.BEFORE_FIRST) {
            throw new StorageCorruptedException(
                    directory, "expected a whole checkpoint, found none: " + String.join("; ", damage));
        }
        use(0);
        return ShardState.empty(config, payloads, ShardLog.BEFORE_FIRST);
    }

    private void loadIndexes(ShardState state) {
        long startedNs = System.nanoTime();
        ShardSnapshot snapshot = state.snapshot();
        int rows = snapshot.index().rows();
        indexFile(snapshot).read(in -> MetadataIndex.readFrom(in, rows)).ifPresent(index -> {
            state.index(index);
            keptIndex = index;
            LOG.infof(
                    "%s: took %d indexes over %d rows from disk in %d ms",
                    shard, index.indexes().size(), rows, (System.nanoTime() - startedNs) / 1_000_000);
        });
    }

    private IndexFile indexFile(ShardSnapshot snapshot) {
        return new IndexFile(
                directory,
                snapshot.sequence(),
                snapshot.generation().number(),
                snapshot.index().rows());
    }

    /** Whether the indexes of a snapshot that is checkpointed are on disk too. Any thread. */
    @SuppressWarnings("ReferenceEquality") // these very indexes: a change makes others
    boolean keepsIndexesOf(ShardSnapshot snapshot) {
        return keptIndex == snapshot.index();
    }

    /**
     * Writes the indexes of a snapshot of which there is a checkpoint, unless they are there. If that fails, a start will
     * build them.
     */
    void writeIndexes(ShardSnapshot snapshot) {
        if (keepsIndexesOf(snapshot)) {
            return;
        }
        IndexFile file = indexFile(snapshot);
        try {
            if (snapshot.index().isWorthWriting()) {
                file.write(snapshot.index()::writeTo);
            } else {
                file.delete();
            }
            keptIndex = snapshot.index();
        } catch (IOException e) {
            LOG.warnf("%s: %s: the indexes could not be written: %s", shard, file.path(), e.getMessage());
        }
    }

    /**
     * Copies the shard into {@code target}, which must not exist: the log as it is now, and the checkpoint
     * {@code sequence}, the last that was written or loaded. Nothing is trimmed or deleted meanwhile, for this is one
     * of the calls that come one at a time.
     *
     * @param sequence {@link ShardLog#BEFORE_FIRST} if there is no checkpoint
     */
    ShardBackup backup(long sequence, RocksShardStore store, Path target) throws IOException {
        long last = store.backup(target);
        List<ShardBackup.Part> parts = new ArrayList<>();
        try (Stream<Path> files = Files.list(target)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                parts.add(new ShardBackup.Part(file.getFileName().toString(), Files.size(file)));
            }
        }
        if (sequence != ShardLog.BEFORE_FIRST) {
            Path copies = Files.createDirectory(target.resolve(directory.getFileName()));
            Path checkpoint = CheckpointFile.path(directory, sequence);
            parts.add(link(checkpoint, copies, Files.size(checkpoint)));
            parts.add(link(rowFile.path(), copies, rowFile.bytes()));
            Path indexes = new IndexFile(directory, sequence, generation, 0).path();
            if (Files.exists(indexes)) {
                parts.add(link(indexes, copies, Files.size(indexes)));
            }
        }
        return new ShardBackup(last, parts);
    }

    private static ShardBackup.Part link(Path file, Path copies, long bytes) throws IOException {
        ShardFiles.link(file, copies.resolve(file.getFileName()), bytes);
        return new ShardBackup.Part(copies.getFileName() + "/" + file.getFileName(), bytes);
    }

    /** After a power cut the directory must be there, for the log is trimmed on the strength of what lies in it. */
    private static void syncEntry(Path directory) throws IOException {
        Path parent = directory.toAbsolutePath().getParent();
        if (parent != null) {
            try (FileChannel channel = FileChannel.open(parent, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private Path rowsOf(int generation) {
        return directory.resolve(generation == 0 ? ROWS : ROWS + "-" + generation);
    }

    private RowFile use(int loaded) {
        generation = loaded;
        rowFile = new RowFile(rowsOf(loaded));
        return rowFile;
    }

    /** Rows of generations that no checkpoint speaks of any more. */
    private void deleteOtherRows() throws IOException {
        Path kept = rowFile.path().getFileName();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = file.getFileName().toString();
                if ((name.equals(ROWS) || name.startsWith(ROWS + "-"))
                        && !file.getFileName().equals(kept)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /** Memory that a checkpoint makes superfluous. */
    private void moveToFile(ShardSnapshot snapshot, RowFile file) {
        try {
            file.replaceMemoryOf(snapshot.rows());
        } catch (IOException e) {
            LOG.warnf("%s: %s: rows stay in memory: %s", shard, file.path(), e.getMessage());
        }
    }

    /** Writes a checkpoint of {@code snapshot}, then gives up what it makes superfluous. */
    void write(ShardSnapshot snapshot, ShardLog log) throws IOException {
        long started = System.nanoTime();
        // Where the clock syncs the log, a power cut could take records that a checkpoint already holds; others would
        // get their numbers, and the checkpoint would speak of a past that never was.
        log.sync();
        boolean replaces = Files.exists(CheckpointFile.path(directory, snapshot.sequence()));
        int written = snapshot.generation().number();
        RowFile file = written == generation ? rowFile : new RowFile(rowsOf(written));
        CheckpointFile.write(directory, snapshot.sequence(), out -> snapshot.writeTo(out, file));
        ofGeneration = written != generation ? 1 : replaces ? ofGeneration : ofGeneration + 1;
        generation = written;
        rowFile = file;
        moveToFile(snapshot, file);
        List<CheckpointFile> all = CheckpointFile.list(directory);
        if (all.size() >= KEPT) {
            log.trim(all.get(KEPT - 1).sequence());
        }
        for (CheckpointFile old : all.subList(Math.min(KEPT, all.size()), all.size())) {
            old.delete();
        }
        if (ofGeneration >= KEPT) {
            deleteOtherRows();
        }
        IndexFile.deleteOthers(directory, all.stream().limit(KEPT));
        LOG.debugf(
                "%s: checkpoint %d of %d points in %d ms",
                shard, snapshot.sequence(), snapshot.count(), (System.nanoTime() - started) / 1_000_000);
    }
}
