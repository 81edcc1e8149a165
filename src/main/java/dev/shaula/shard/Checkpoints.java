package dev.shaula.shard;

import dev.shaula.model.CollectionConfig;
import dev.shaula.storage.CheckpointFile;
import dev.shaula.storage.PayloadStore;
import dev.shaula.storage.ShardLog;
import dev.shaula.storage.StorageCorruptedException;
import dev.shaula.vectors.RowFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * The checkpoints of one shard. Two are kept: the log is trimmed only up to the older one, so that a damaged newest
 * costs a longer replay and nothing else. Writing works on a snapshot and so beside searches and writes. Blocks; one
 * call at a time.
 */
final class Checkpoints {
    private static final Logger LOG = Logger.getLogger(Checkpoints.class);
    private static final int KEPT = 2;

    private final String shard;
    private final Path directory;
    private final RowFile rowFile;

    Checkpoints(String shard, Path directory) throws IOException {
        this.shard = shard;
        this.directory = Files.createDirectories(directory);
        syncEntry(directory);
        this.rowFile = new RowFile(directory.resolve("rows"));
    }

    /**
     * The state of the newest checkpoint that is whole and from which the log goes on; an empty one if there is none
     * and the log is whole.
     *
     * @throws StorageCorruptedException if neither is there
     */
    ShardState load(CollectionConfig config, PayloadStore payloads, ShardLog log) throws IOException {
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
                return checkpoint.read(in -> ShardState.readFrom(in, rowFile, config, payloads, sequence));
            } catch (StorageCorruptedException e) {
                LOG.errorf("%s: %s; trying an older checkpoint", shard, e.getMessage());
                damage.add(e.getMessage());
            }
        }
        if (log.trimmedSequence() != ShardLog.BEFORE_FIRST) {
            throw new StorageCorruptedException(
                    directory, "expected a whole checkpoint, found none: " + String.join("; ", damage));
        }
        return ShardState.empty(config, payloads, ShardLog.BEFORE_FIRST);
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

    /** Writes a checkpoint of {@code snapshot}, then gives up what it makes superfluous. */
    void write(ShardSnapshot snapshot, ShardLog log) throws IOException {
        long started = System.nanoTime();
        // Where the clock syncs the log, a power cut could take records that a checkpoint already holds; others would
        // get their numbers, and the checkpoint would speak of a past that never was.
        log.sync();
        CheckpointFile.write(directory, snapshot.sequence(), out -> snapshot.writeTo(out, rowFile));
        List<CheckpointFile> all = CheckpointFile.list(directory);
        if (all.size() >= KEPT) {
            log.trim(all.get(KEPT - 1).sequence());
        }
        for (CheckpointFile old : all.subList(Math.min(KEPT, all.size()), all.size())) {
            old.delete();
        }
        LOG.debugf(
                "%s: checkpoint %d of %d points in %d ms",
                shard, snapshot.sequence(), snapshot.count(), (System.nanoTime() - started) / 1_000_000);
    }
}
