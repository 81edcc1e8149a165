package dev.shaula.storage;

import dev.shaula.model.VectorDbException;
import java.util.function.Consumer;

/**
 * The ordered log of one shard, from which everything else of the shard can be computed again. The shard does not
 * know whether it lies on a local disk or is a partition of a broker.
 *
 * <p>{@link #append}, {@link #trim} and {@link #sync} may be called from any thread and exclude each other; the order
 * of appends is the caller's affair (a shard has one writer). After {@link #close} every call but {@code close} throws
 * {@link IllegalStateException}.
 */
public interface ShardLog extends AutoCloseable {
    /** In place of a sequence number: before the first record. */
    long BEFORE_FIRST = -1;

    /**
     * Adds a record and returns once it is as durable as the {@link SyncMode} says. If it throws, the record is not in
     * the log: whatever part of it reached the disk is undone before the next append. Only if the process dies before
     * that may a refused record be found in the log afterwards, whole.
     *
     * @throws IllegalArgumentException if the sequence number is not larger than {@link #lastSequence}, or the record
     *     is too large to be stored
     * @throws VectorDbException (storage full) if the disk has no room; deletes are still accepted for a while. The
     *     log accepts appends again by itself when there is room
     * @throws VectorDbException (unavailable) if the disk fails otherwise; the next append tries to repair the log
     * @throws StorageCorruptedException if that repair finds acknowledged records missing
     */
    void append(LogRecord record);

    /**
     * Returns once nothing is in the log that {@link #append} refused, at once if nothing is. To be called before an
     * answer that relies on the state without appending to it, such as that an id to be deleted is not there: were
     * the process to die, the refused record might be found, and the id with it.
     *
     * @throws VectorDbException as {@link #append} does
     */
    void settle();

    /** Sequence number of the last record ever appended, trimmed or not; {@link #BEFORE_FIRST} if there is none. */
    long lastSequence();

    /** Records up to this sequence number may be gone; {@link #BEFORE_FIRST} if nothing was ever trimmed. */
    long trimmedSequence();

    /**
     * Calls {@code consumer} on this thread with every record after {@code afterSequence}, in sequence order, up to
     * the last one at the time of the call. What the consumer throws ends the replay and is passed on.
     *
     * @throws IllegalArgumentException if records after {@code afterSequence} have been trimmed
     * @throws StorageCorruptedException if a record is damaged or missing; those before it have been delivered
     */
    void replay(long afterSequence, Consumer<LogRecord> consumer);

    /**
     * Gives up the records up to and including {@code upToSequence}, which a checkpoint holds. Works on a full disk.
     *
     * @throws IllegalArgumentException if {@code upToSequence} is larger than {@link #lastSequence}
     */
    void trim(long upToSequence);

    /** Returns once everything appended so far is safe from a power cut, whatever the mode. */
    void sync();

    /** Syncs, then releases files and native memory; a second call does nothing. Waits for running calls to end. */
    @Override
    void close();
}
