package dev.shaula.storage;

import dev.shaula.model.Metadata;
import dev.shaula.model.VectorDbException;
import dev.shaula.storage.LogRecordCodec.Decoded;
import dev.shaula.storage.LogRecordCodec.MalformedRecordException;
import dev.shaula.storage.Write.Delete;
import dev.shaula.storage.Write.Update;
import dev.shaula.storage.Write.Upsert;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Checkpoint;
import org.rocksdb.FlushOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * Log and payloads of one shard in one directory, in RocksDB: a record and the metadata of its points are one synced
 * batch, so that one sync makes both durable. {@code docs/format.md} draws the bytes. The directory belongs to one
 * store of one process at a time.
 *
 * <p><b>An acknowledged record never vanishes silently.</b> A torn tail is cut, but a log that ends before the
 * {@link Watermark} is reported; each record names its predecessor, so that a hole is reported by {@link #replay}; and
 * each has a checksum of its own. The price: damage to the tail within the last second before a power cut cannot be
 * told from a torn tail.
 *
 * <p><b>Errors of the disk.</b> A failed append, or an error in RocksDB's own threads ({@link BackgroundErrors}), leaves
 * the database in a state that cannot be relied on. The next write reopens it, takes back what the failed append may have left, and goes on; until that works, reads are served.
 * On a full disk the reserve of the {@link StorageRuntime} is released, which lets records without upserts, trims and
 * drops of payloads through, and upserts are refused until it is whole again.
 */
public final class RocksShardStore implements ShardLog, VersionedPayloads {
    private static final int FIRST_FORMAT = 1;
    /** Since the first {@link Write.Update}: metadata lies under keys of 12 bytes too, which the first format knows not. */
    private static final int FORMAT = 2;

    private static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TRIMMED_KEY = "trimmed".getBytes(StandardCharsets.US_ASCII);
    /** Longest time that the watermark lags behind the log on disk. */
    private static final long WATERMARK_LAG_MS = 1_000;

    private final Path dir;
    private final StoreOptions options;
    private final StorageRuntime runtime;
    private final Watermark watermark;
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final WriteOptions unsynced = new WriteOptions();
    private final ReadOptions reading = new ReadOptions();
    private final ReadOptions scanning = new ReadOptions().setFillCache(false).setReadaheadSize(256L << 10);

    /** Held for every change; taken before {@link #life}. */
    private final ReentrantLock writing = new ReentrantLock();

    /** Read side: the native objects are in use. Write side: they are being replaced or released. */
    private final ReentrantReadWriteLock life = new ReentrantReadWriteLock();

    private @Nullable RocksFiles files;
    private volatile long lastSequence = BEFORE_FIRST;
    private volatile long trimmedSequence = BEFORE_FIRST;
    private long format = FIRST_FORMAT;
    private boolean closed;
    private boolean broken;
    private boolean tickPending;

    private RocksShardStore(Path dir, StoreOptions options, StorageRuntime runtime, Watermark watermark) {
        this.dir = dir;
        this.options = options;
        this.runtime = runtime;
        this.watermark = watermark;
    }

    /**
     * Opens the store in {@code dir}, or makes one there.
     *
     * @throws StorageCorruptedException if the directory does not hold every acknowledged record
     * @throws VectorDbException (unavailable) if the store is open elsewhere or the disk fails,
     *     (storage full) if there is no room to open it
     */
    public static RocksShardStore open(Path dir, StoreOptions options, StorageRuntime runtime) {
        RocksShardStore store = new RocksShardStore(dir, options, runtime, openWatermark(dir));
        try {
            store.openFilesOrReadOnly();
            store.checkNothingLost(store.watermark.sequence());
            return store;
        } catch (RuntimeException e) {
            store.release();
            throw e;
        }
    }

    private static Watermark openWatermark(Path dir) {
        try {
            Files.createDirectories(dir);
            if (Watermark.exists(dir)) {
                return Watermark.open(dir);
            }
            if (RocksFiles.exist(dir)) {
                throw new StorageCorruptedException(dir.resolve(Watermark.FILE), "expected beside a log, is missing");
            }
            Watermark created = Watermark.create(dir);
            syncDirectory(dir);
            return created;
        } catch (IOException e) {
            throw StorageErrors.of(dir, "opening", e);
        }
    }

    private static void syncDirectory(Path dir) throws IOException {
        try (FileChannel channel = FileChannel.open(dir, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    // --- opening -----------------------------------------------------------------------------------------------

    /** A shard must be served from a disk without a byte of room, or nothing on it could be found out or given up. */
    private void openFilesOrReadOnly() {
        try {
            openFiles();
        } catch (VectorDbException e) {
            if (e.kind() != VectorDbException.Kind.STORAGE_FULL || !RocksFiles.exist(dir)) {
                throw e;
            }
            noteFailure(true);
            try {
                openFiles(RocksFiles.openReadOnly(dir, runtime));
            } catch (RocksDBException readingToo) {
                e.addSuppressed(readingToo);
                throw e;
            }
        }
    }

    private void openFiles() {
        try {
            openFiles(RocksFiles.open(dir, runtime));
        } catch (RocksDBException e) {
            throw StorageErrors.opening(dir, e);
        }
    }

    private void openFiles(RocksFiles opened) throws RocksDBException {
        files = opened;
        checkFormat(opened);
        trimmedSequence = readTrimmed(opened);
        lastSequence = Math.max(trimmedSequence, readLast(opened));
    }

    private void checkFormat(RocksFiles opened) throws RocksDBException {
        byte[] found = opened.db.get(opened.meta, reading, FORMAT_KEY);
        if (found == null && readLast(opened) == BEFORE_FIRST) {
            opened.db.put(opened.meta, synced, FORMAT_KEY, littleEndian(FIRST_FORMAT));
            format = FIRST_FORMAT;
            return;
        }
        if (found == null || longOf(found) < FIRST_FORMAT || longOf(found) > FORMAT) {
            throw new StorageCorruptedException(
                    dir,
                    "expected format " + FIRST_FORMAT + " to " + FORMAT + ", found "
                            + (found == null ? "none" : longOf(found)));
        }
        format = longOf(found);
    }

    private long readTrimmed(RocksFiles opened) throws RocksDBException {
        byte[] found = opened.db.get(opened.meta, reading, TRIMMED_KEY);
        return found == null ? BEFORE_FIRST : longOf(found);
    }

    private long readLast(RocksFiles opened) throws RocksDBException {
        try (RocksIterator newest = opened.db.newIterator(opened.log, reading)) {
            newest.seekToLast();
            newest.status();
            return newest.isValid() ? sequenceOf(newest.key()) : BEFORE_FIRST;
        }
    }

    private void checkNothingLost(long acknowledged) {
        if (lastSequence < acknowledged) {
            throw new StorageCorruptedException(
                    dir, "expected records up to " + acknowledged + ", found the last one at " + lastSequence);
        }
    }

    // --- log ---------------------------------------------------------------------------------------------------

    @Override
    public void append(LogRecord record) {
        boolean grows = !record.writes().stream().allMatch(Delete.class::isInstance);
        changing(grows ? "an upsert" : "a delete", grows, db -> appendOnce(db, record));
        scheduleTick();
    }

    private void appendOnce(RocksFiles db, LogRecord record) throws RocksDBException {
        if (record.sequence() <= lastSequence) {
            throw new IllegalArgumentException(
                    "sequence: expected more than " + lastSequence + ", got " + record.sequence());
        }
        boolean always = options.syncMode() == SyncMode.ALWAYS;
        try (WriteBatch batch = new WriteBatch()) {
            batch.put(db.log, key(record.sequence()), LogRecordCodec.encode(record, lastSequence));
            for (Write write : record.writes()) {
                putMetadata(db, batch, write, record.sequence());
            }
            db.db.write(always ? synced : unsynced, batch);
        }
        lastSequence = record.sequence();
        if (always) {
            markSynced(false);
        }
    }

    private void putMetadata(RocksFiles db, WriteBatch batch, Write write, long sequence) throws RocksDBException {
        Metadata metadata = switch (write) {
            case Upsert upsert -> upsert.point().metadata();
            case Update update -> update.metadata();
            case Delete ignored -> Metadata.EMPTY;
        };
        if (!metadata.isEmpty()) {
            batch.put(db.payload, keyOf(write, sequence), metadata.json());
        }
        if (write instanceof Update && format < FORMAT) {
            batch.put(db.meta, FORMAT_KEY, littleEndian(FORMAT));
            format = FORMAT;
        }
    }

    /** Where the metadata of a write lies. */
    private static byte[] keyOf(Write write, long sequence) {
        return switch (write) {
            case Upsert upsert -> key(upsert.ordinal(), AS_UPSERTED);
            case Update update -> key(update.ordinal(), sequence);
            case Delete delete -> key(delete.ordinal(), AS_UPSERTED);
        };
    }

    @Override
    public void settle() {
        changing("a delete", false, db -> {});
    }

    /** A watermark that cannot be written claims less than it might, which is no reason to refuse the record. */
    private void markSynced(boolean force) {
        try {
            if (watermark.sequence() != lastSequence) {
                watermark.write(lastSequence);
            }
            if (force) {
                watermark.force();
            }
        } catch (IOException e) {
            System.getLogger(RocksShardStore.class.getName())
                    .log(System.Logger.Level.WARNING, dir + ": cannot write the watermark", e);
        }
    }

    @Override
    public long lastSequence() {
        return lastSequence;
    }

    @Override
    public long trimmedSequence() {
        return trimmedSequence;
    }

    @Override
    public void replay(long afterSequence, Consumer<LogRecord> consumer) {
        reading("replay", db -> {
            long last = lastSequence;
            if (afterSequence < trimmedSequence) {
                throw new IllegalArgumentException(
                        "afterSequence: records up to " + trimmedSequence + " were trimmed, got " + afterSequence);
            }
            if (afterSequence < last) {
                replayUpTo(db, afterSequence, last, consumer);
            }
            return last;
        });
    }

    private void replayUpTo(RocksFiles db, long after, long last, Consumer<LogRecord> consumer)
            throws RocksDBException {
        long reached = after;
        try (RocksIterator records = db.db.newIterator(db.log, scanning)) {
            for (records.seek(key(after + 1)); reached < last && records.isValid(); records.next()) {
                long sequence = sequenceOf(records.key());
                Decoded decoded = decode(sequence, records.value());
                // Only the first may follow a record that the caller did not name, for sequence numbers have gaps.
                if (reached == after ? decoded.previous() > after : decoded.previous() != reached) {
                    throw new StorageCorruptedException(
                            dir, "expected record " + decoded.previous() + " before " + sequence + ", is missing");
                }
                consumer.accept(decoded.record());
                reached = sequence;
            }
            records.status();
        }
        if (reached < last) {
            throw new StorageCorruptedException(dir, "expected records up to " + last + ", found up to " + reached);
        }
    }

    private Decoded decode(long sequence, byte[] bytes) {
        try {
            Decoded decoded = LogRecordCodec.decode(bytes);
            if (decoded.record().sequence() != sequence) {
                throw new StorageCorruptedException(
                        dir,
                        "expected record " + sequence + ", found "
                                + decoded.record().sequence());
            }
            return decoded;
        } catch (MalformedRecordException e) {
            throw new StorageCorruptedException(dir, "record " + sequence + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void trim(long upToSequence) {
        changing("a trim", false, db -> {
            if (upToSequence > lastSequence) {
                throw new IllegalArgumentException(
                        "upToSequence: expected at most " + lastSequence + ", got " + upToSequence);
            }
            if (upToSequence > trimmedSequence) {
                trimOnce(db, upToSequence);
            }
        });
    }

    /** The mark is synced before files go, or a power cut could leave a log that lacks records without knowing it. */
    private void trimOnce(RocksFiles db, long upTo) throws RocksDBException {
        byte[] from = key(0L);
        byte[] end = key(upTo + 1);
        try (WriteBatch batch = new WriteBatch()) {
            batch.deleteRange(db.log, from, end);
            batch.put(db.meta, TRIMMED_KEY, littleEndian(upTo));
            db.db.write(synced, batch);
        }
        trimmedSequence = upTo;
        markSynced(false);
        db.db.deleteFilesInRanges(db.log, List.of(from, end), false);
    }

    @Override
    public void sync() {
        changing("a sync", false, this::syncOnce);
    }

    private void syncOnce(RocksFiles db) throws RocksDBException {
        db.db.syncWal();
        markSynced(true);
    }

    /** In either mode one run per interval at most, and none while nothing is written. */
    private void scheduleTick() {
        writing.lock();
        try {
            if (!tickPending && !closed) {
                tickPending = true;
                long delayMs = options.syncMode() == SyncMode.ALWAYS
                        ? WATERMARK_LAG_MS
                        : options.syncInterval().toMillis();
                runtime.timer().schedule(this::tick, delayMs, TimeUnit.MILLISECONDS);
            }
        } finally {
            writing.unlock();
        }
    }

    private void tick() {
        writing.lock();
        try {
            tickPending = false;
            if (!closed && !broken && files != null) {
                syncOnce(files);
            }
        } catch (RocksDBException e) {
            noteFailure(StorageErrors.isNoSpace(e)); // the next append reports it, or repairs the log
        } finally {
            writing.unlock();
        }
    }

    // --- backup ------------------------------------------------------------------------------------------------

    /**
     * Copies log and payloads into {@code target} while appends go on; tables and blob files, which never change, are
     * shared by hard links where the file system allows it. Blocks for a flush, not for the size of the store. The
     * caller keeps others from trimming meanwhile if it needs records that a trim would take.
     *
     * @param target must not exist, its parent must
     * @return sequence number of the last record in the copy, at least that of the last one appended before the call;
     *     the copy's watermark names it
     * @throws VectorDbException (storage full) if the disk has no room; what was made of {@code target} may be left
     * @throws StorageCorruptedException if the copy lacks records
     */
    public long backup(Path target) {
        if (!runtime.reserve().held()) {
            throw StorageErrors.full(dir, "a backup", null);
        }
        sync(); // what is copied beside the log is never ahead of it
        long atLeast = lastSequence;
        reading("a backup", db -> {
            try (Checkpoint checkpoint = Checkpoint.create(db.db)) {
                checkpoint.createCheckpoint(target.toString());
            }
            return target;
        });
        long last = reading("a backup", db -> lastSequenceOf(target));
        if (last < atLeast) {
            throw new StorageCorruptedException(
                    target, "expected records up to " + atLeast + ", found the last one at " + last);
        }
        createWatermark(target, last);
        return last;
    }

    /** Writes that came after the flush lie in the copy's write-ahead log; only reading it tells how far it goes. */
    private long lastSequenceOf(Path copy) throws RocksDBException {
        try (RocksFiles opened = RocksFiles.openReadOnly(copy, runtime)) {
            return Math.max(readTrimmed(opened), readLast(opened));
        }
    }

    private static void createWatermark(Path directory, long sequence) {
        try (Watermark created = Watermark.create(directory)) {
            created.write(sequence);
            created.write(sequence);
            created.force();
        } catch (IOException e) {
            throw StorageErrors.of(directory, "a backup", e);
        }
    }

    // --- payloads ----------------------------------------------------------------------------------------------

    @Override
    public Metadata get(int number, long version) {
        return reading("reading metadata", db -> metadata(db.db.get(db.payload, reading, key(number, version))));
    }

    @Override
    public Metadata[] getAll(int[] numbers, long[] versions, int n) {
        if (n == 0) { // RocksDB asserts that there is a key
            return new Metadata[0];
        }
        List<byte[]> keys = IntStream.range(0, n)
                .mapToObj(i -> key(numbers[i], versions[i]))
                .toList();
        return reading("reading metadata", db -> {
            List<byte[]> values = db.db.multiGetAsList(reading, Collections.nCopies(n, db.payload), keys);
            Metadata[] rows = new Metadata[n];
            for (int i = 0; i < n; i++) {
                byte @Nullable [] value = values.get(i);
                // A row that cannot be read comes back as one that is not there; asked for alone, it says so.
                rows[i] = metadata(value != null ? value : db.db.get(db.payload, reading, keys.get(i)));
            }
            return rows;
        });
    }

    @Override
    public void forEachVersion(VersionConsumer consumer) {
        reading("reading metadata", db -> {
            try (RocksIterator rows = db.db.newIterator(db.payload, scanning)) {
                for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                    ByteBuffer key = ByteBuffer.wrap(rows.key());
                    int number = key.getInt();
                    consumer.accept(number, key.hasRemaining() ? key.getLong() : AS_UPSERTED, metadata(rows.value()));
                }
                rows.status();
            }
            return dir;
        });
    }

    @Override
    public void drop(int[] numbers, long[] versions, int n) {
        changing("a drop of metadata", false, db -> {
            try (WriteBatch batch = new WriteBatch()) {
                for (int i = 0; i < n; i++) {
                    batch.delete(db.payload, key(numbers[i], versions[i]));
                }
                db.db.write(unsynced, batch);
            }
        });
        scheduleTick();
    }

    private static Metadata metadata(byte @Nullable [] row) {
        return row == null ? Metadata.EMPTY : Metadata.ofJson(row);
    }

    // --- guards ------------------------------------------------------------------------------------------------

    private interface Reading<T> {
        T apply(RocksFiles db) throws RocksDBException;
    }

    private interface Change {
        void apply(RocksFiles db) throws RocksDBException;
    }

    /** The native objects cannot be released while {@code action} runs. */
    private <T> T reading(String doing, Reading<T> action) {
        life.readLock().lock();
        try {
            return action.apply(alive());
        } catch (RocksDBException e) {
            throw StorageErrors.of(dir, doing, e);
        } finally {
            life.readLock().unlock();
        }
    }

    private RocksFiles alive() {
        checkNotClosed();
        if (files == null) {
            throw VectorDbException.unavailable(dir + ": could not be opened again after an error of the disk");
        }
        return files;
    }

    private void checkNotClosed() {
        if (closed) {
            throw new IllegalStateException(dir + ": the store is closed");
        }
    }

    /**
     * Runs a change, repairing the store before it if the last one failed. One that adds nothing to the shard
     * is tried again on a full disk with the reserve released.
     */
    private void changing(String doing, boolean grows, Change change) {
        writing.lock();
        try {
            checkNotClosed();
            noticeBackgroundError();
            if (grows && !runtime.reserve().held()) {
                throw StorageErrors.full(dir, doing, null);
            }
            RocksDBException failure = attempt(change);
            if (failure != null && !grows && StorageErrors.isNoSpace(failure)) {
                failure = attempt(change);
            }
            if (failure != null) {
                throw StorageErrors.of(dir, doing, failure);
            }
        } finally {
            writing.unlock();
        }
    }

    private @Nullable RocksDBException attempt(Change change) {
        if (broken) {
            repair();
        }
        try {
            change.apply(alive());
            return null;
        } catch (RocksDBException e) {
            noteFailure(StorageErrors.isNoSpace(e));
            return e;
        }
    }

    private void noticeBackgroundError() {
        Status error = files == null ? null : files.backgroundError();
        if (!broken && error != null) {
            noteFailure(StorageErrors.isNoSpace(error));
        }
    }

    private void noteFailure(boolean noSpace) {
        broken = true;
        if (noSpace) {
            runtime.reserve().release();
        }
    }

    /** Opens the files anew and removes what a failed append left. If that fails, reads go on from what can be read. */
    private void repair() {
        if (life.getReadHoldCount() > 0) {
            throw new IllegalStateException("a store that failed cannot be written to from within its own reading");
        }
        long acknowledged = lastSequence;
        life.writeLock().lock();
        try {
            closeFiles();
            openFiles();
            checkNothingLost(acknowledged);
            undoAfter(alive(), acknowledged);
            broken = false;
        } catch (RocksDBException e) {
            throw readOnly(StorageErrors.of(dir, "repair", e));
        } catch (RuntimeException e) {
            throw readOnly(e);
        } finally {
            lastSequence = acknowledged;
            life.writeLock().unlock();
        }
    }

    private void undoAfter(RocksFiles db, long acknowledged) throws RocksDBException {
        try (WriteBatch batch = new WriteBatch();
                RocksIterator left = db.db.newIterator(db.log, scanning)) {
            for (left.seek(key(acknowledged + 1)); left.isValid(); left.next()) {
                batch.delete(db.log, left.key());
                LogRecord refused = decode(sequenceOf(left.key()), left.value()).record();
                for (Write write : refused.writes()) {
                    if (!(write instanceof Delete)) {
                        batch.delete(db.payload, keyOf(write, refused.sequence()));
                    }
                }
            }
            left.status();
            db.db.write(synced, batch); // even if empty: it shows that writing works again
        }
        if (options.syncMode() == SyncMode.INTERVAL) {
            flush(db);
        }
    }

    /** After a failed sync the kernel may have forgotten unsynced pages; rewriting them is the only sure way. */
    private static void flush(RocksFiles db) throws RocksDBException {
        try (FlushOptions wait = new FlushOptions().setWaitForFlush(true)) {
            db.db.flush(wait, List.of(db.log, db.payload, db.meta));
        }
    }

    private RuntimeException readOnly(RuntimeException cause) {
        closeFiles();
        try {
            files = RocksFiles.openReadOnly(dir, runtime);
        } catch (RocksDBException e) {
            cause.addSuppressed(e);
        }
        return cause;
    }

    private void closeFiles() {
        if (files != null) {
            files.close();
            files = null;
        }
    }

    @Override
    public void close() {
        if (life.getReadHoldCount() > 0) {
            throw new IllegalStateException("a store cannot be closed from within its own reading");
        }
        writing.lock();
        try {
            if (closed) {
                return;
            }
            takeBackRefused();
            if (!broken && files != null) {
                syncOnce(files);
            }
        } catch (RocksDBException e) {
            throw StorageErrors.of(dir, "closing", e);
        } finally {
            releaseOnceUnused();
            writing.unlock();
        }
    }

    /** What a failed append left would be found by the next start, although it was refused. */
    private void takeBackRefused() {
        if (!broken) {
            return;
        }
        try {
            repair();
        } catch (RuntimeException e) {
            System.getLogger(RocksShardStore.class.getName())
                    .log(System.Logger.Level.WARNING, dir + ": a refused write may be found at the next start", e);
        }
    }

    private void releaseOnceUnused() {
        life.writeLock().lock();
        try {
            release();
        } finally {
            life.writeLock().unlock();
        }
    }

    private void release() {
        if (closed) {
            return;
        }
        closed = true;
        closeFiles();
        List.of(synced, unsynced, reading, scanning).forEach(org.rocksdb.AbstractNativeReference::close);
        try {
            watermark.close();
        } catch (IOException e) {
            throw StorageErrors.of(dir, "closing", e);
        }
    }

    // --- keys --------------------------------------------------------------------------------------------------

    /** Big-endian, so that RocksDB's order of bytes is the order of numbers. */
    private static byte[] key(long sequence) {
        return ByteBuffer.allocate(Long.BYTES).putLong(sequence).array();
    }

    private static byte[] key(int number, long version) {
        return version == AS_UPSERTED
                ? ByteBuffer.allocate(Integer.BYTES).putInt(number).array()
                : ByteBuffer.allocate(Integer.BYTES + Long.BYTES)
                        .putInt(number)
                        .putLong(version)
                        .array();
    }

    private long sequenceOf(byte[] key) {
        if (key.length != Long.BYTES) {
            throw new StorageCorruptedException(dir, "expected a log key of 8 bytes, found " + key.length);
        }
        return ByteBuffer.wrap(key).getLong();
    }

    private static byte[] littleEndian(long value) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    private long longOf(byte[] value) {
        if (value.length != Long.BYTES) {
            throw new StorageCorruptedException(dir, "expected a number of 8 bytes, found " + value.length);
        }
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }
}
