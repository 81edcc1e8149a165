package dev.shaula.collection;

import dev.shaula.model.CollectionInfo;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Copies of collections, kept in the data directory beside them. A backup is taken while searches and writes go on;
 * each of its shards is as it stood after one record of its log: it holds every write acknowledged before the backup
 * began, and none that came after it ended. Tables that do not change are shared with the collection and with other
 * backups by hard links, so a backup costs little until its collection changes, and protects against mistakes, not
 * against the loss of the disk: for that, copy its folder elsewhere.
 *
 * <p>One backup, restore or deletion at a time; another fails with CONFLICT. What has begun goes on if nobody waits for
 * it any more. Every method may be called from any thread and never blocks.
 */
public interface Backups {
    /** How a backup fares. */
    enum Status {
        RUNNING,
        COMPLETE,
        /** Its last attempt failed and left nothing, or its manifest is damaged. */
        FAILED
    }

    /**
     * A backup.
     *
     * @param bytes of its files, shared ones included; while it runs, those read back and checksummed so far
     * @param collections what it holds; empty unless complete
     * @param error why it failed; null otherwise
     */
    record Info(
            String name,
            Status status,
            Instant createdAt,
            long bytes,
            List<Part> collections,
            @Nullable String error) {
        public Info {
            collections = List.copyOf(collections);
        }
    }

    /**
     * A collection in a backup.
     *
     * @param sequences for each shard, the last record of its log that the backup holds, -1 if it was empty
     */
    record Part(String collection, List<Long> sequences) {
        public Part {
            sequences = List.copyOf(sequences);
        }
    }

    /**
     * What to back up.
     *
     * @param collection or an alias of it; null for all collections and the aliases
     * @param name 1 to 100 letters, digits, dots, dashes and underscores, the first a letter or digit; null for a name
     *     made of the time
     */
    record Request(@Nullable String collection, @Nullable String name) {}

    /**
     * What to restore.
     *
     * @param backup its name
     * @param collection which of the backup; null for all of them and the aliases
     * @param as the name that the one collection gets; null for its own
     */
    record Restoration(
            String backup,
            @Nullable String collection,
            @Nullable String as) {}

    /**
     * Takes a backup; the answer comes when it is complete and on disk. On a failure nothing of it is left.
     *
     * @throws VectorDbException (as a failure) NOT_FOUND if there is no such collection, CONFLICT if the name is taken,
     *     STORAGE_FULL if the disk has no room, UNAVAILABLE if a shard is quarantined
     */
    Uni<Info> create(Request request);

    /** Every backup there is, the running one and the last that failed, in name order. */
    Uni<List<Info>> list();

    /** Deletes a backup; what it shared with others stays with them. Fails with NOT_FOUND if there is none. */
    Uni<Void> delete(String name);

    /**
     * Makes collections from a backup, all or none. Every byte is verified before anything is made.
     *
     * @return the new collections, open for reading and writing
     * @throws VectorDbException (as a failure) NOT_FOUND if the backup or the collection in it does not exist,
     *     CONFLICT with "already exists" in its text if a name is taken, INTERNAL naming the file if one is damaged,
     *     STORAGE_FULL if the disk has no room
     */
    Uni<List<CollectionInfo>> restore(Restoration restoration);
}
