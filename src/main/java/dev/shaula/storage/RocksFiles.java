package dev.shaula.storage;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.Env;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WALRecoveryMode;

/**
 * One opened RocksDB of a shard with everything native that belongs to it. The options are chosen for thousands of
 * instances in one process: small arenas, no statistics threads, no preallocated files, everything large is shared.
 *
 * <p><b>Recovery mode.</b> Seen with a write-ahead log of 20 records of which one bit was flipped, or whose end was
 * cut off ({@code WalRecoveryModeTest} holds it):
 *
 * <table border="1">
 * <caption>What opening does</caption>
 * <tr><th>mode</th><th>flip in the middle</th><th>flip in the last record</th><th>end cut off</th></tr>
 * <tr><td>TolerateCorruptedTailRecords</td><td>refused</td><td>refused</td><td>last record gone</td></tr>
 * <tr><td>AbsoluteConsistency</td><td>refused</td><td>refused</td><td>refused</td></tr>
 * <tr><td>PointInTimeRecovery</td><td>all from there on gone</td><td>last record gone</td><td>last record gone</td></tr>
 * <tr><td>SkipAnyCorruptedRecords</td><td>all to the end of its block gone</td><td>gone</td><td>gone</td></tr>
 * </table>
 *
 * A power cut may leave the pages of the one unsynced record written out of order, which the first two modes would
 * refuse for ever although nothing acknowledged is lost. So the third is used, and the {@link Watermark} tells a torn
 * tail from lost records.
 */
final class RocksFiles implements AutoCloseable {
    private static final byte[] LOG = "log".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PAYLOAD = "payload".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] META = "meta".getBytes(StandardCharsets.US_ASCII);
    /** Unflushed log of one shard; a full batch of 1,024 rows of 1,536 floats is 6 MB. */
    private static final long LOG_BUFFER_BYTES = 16L << 20;

    private static final long PAYLOAD_BUFFER_BYTES = 4L << 20;
    private static final long META_BUFFER_BYTES = 64L << 10;
    /** Arenas grow by this; RocksDB's own choice would be 1 MB a column family, 128 GB for 2,000 collections of 16. */
    private static final long ARENA_BLOCK_BYTES = 16L << 10;
    /** Each of the files being written has one; a fragment of the write-ahead log is larger and goes past it. */
    private static final long FILE_BUFFER_BYTES = 16L << 10;

    /** A value of one vector or more goes to a blob file, which compaction never copies. */
    private static final long MIN_BLOB_BYTES = 512;

    private static final long BLOB_FILE_BYTES = 16L << 20;

    private final List<AutoCloseable> natives;
    private final BackgroundErrors errors;
    final RocksDB db;
    final ColumnFamilyHandle log;
    final ColumnFamilyHandle payload;
    final ColumnFamilyHandle meta;

    private RocksFiles(
            List<AutoCloseable> natives, BackgroundErrors errors, RocksDB db, List<ColumnFamilyHandle> handles) {
        this.natives = natives;
        this.errors = errors;
        this.db = db;
        this.log = handles.get(1);
        this.payload = handles.get(2);
        this.meta = handles.get(3);
    }

    /** Whether a RocksDB was ever completely made in {@code dir}. */
    static boolean exist(Path dir) {
        return Files.exists(dir.resolve("CURRENT"));
    }

    static RocksFiles open(Path dir, StorageRuntime runtime) throws RocksDBException {
        return open(dir, runtime, WALRecoveryMode.PointInTimeRecovery, false);
    }

    /** Opens without writing to the disk; the write-ahead log is replayed in memory. */
    static RocksFiles openReadOnly(Path dir, StorageRuntime runtime) throws RocksDBException {
        return open(dir, runtime, WALRecoveryMode.PointInTimeRecovery, true);
    }

    static RocksFiles open(Path dir, StorageRuntime runtime, WALRecoveryMode mode, boolean readOnly)
            throws RocksDBException {
        LogFraming.check(dir);
        List<AutoCloseable> natives = new ArrayList<>();
        try {
            BackgroundErrors errors = new BackgroundErrors();
            natives.add(errors);
            DBOptions options = dbOptions(runtime, mode, !exist(dir)).setListeners(List.of(errors));
            natives.add(options);
            List<ColumnFamilyDescriptor> families = families(runtime, natives);
            List<ColumnFamilyHandle> handles = new ArrayList<>();
            RocksDB db = readOnly
                    ? RocksDB.openReadOnly(options, dir.toString(), families, handles)
                    : RocksDB.open(options, dir.toString(), families, handles);
            natives.add(db);
            natives.addAll(handles);
            return new RocksFiles(natives, errors, db, handles);
        } catch (RocksDBException | RuntimeException e) {
            closeAll(natives);
            throw e;
        }
    }

    private static DBOptions dbOptions(StorageRuntime runtime, WALRecoveryMode mode, boolean create) {
        return new DBOptions()
                .setCreateIfMissing(create)
                .setCreateMissingColumnFamilies(create)
                .setEnv(Env.getDefault())
                .setWriteBufferManager(runtime.writeBuffers())
                .setParanoidChecks(true)
                .setWalRecoveryMode(mode)
                // A batch spans log and payload; flushed together, they can never be from different times.
                .setAtomicFlush(true)
                // A store must open on a disk that is full.
                .setAvoidFlushDuringRecovery(true)
                .setMaxOpenFiles(64)
                .setTableCacheNumshardbits(1)
                .setWritableFileMaxBufferSize(FILE_BUFFER_BYTES)
                .setMaxFileOpeningThreads(1)
                .setAllowFAllocate(false)
                .setManifestPreallocationSize(4L << 10)
                .setMaxManifestFileSize(1L << 20)
                .setStatsDumpPeriodSec(0)
                .setStatsPersistPeriodSec(0)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setKeepLogFileNum(2)
                .setMaxLogFileSize(1L << 20)
                .setSkipStatsUpdateOnDbOpen(true);
    }

    private static List<ColumnFamilyDescriptor> families(StorageRuntime runtime, List<AutoCloseable> natives) {
        BloomFilter bloom = new BloomFilter(10);
        natives.add(bloom);
        BlockBasedTableConfig table = new BlockBasedTableConfig()
                .setBlockCache(runtime.blockCache())
                .setCacheIndexAndFilterBlocks(true)
                .setFilterPolicy(bloom)
                .setFormatVersion(5);
        return List.of(
                new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, family(table, META_BUFFER_BYTES, natives)),
                new ColumnFamilyDescriptor(LOG, logFamily(table, natives)),
                new ColumnFamilyDescriptor(
                        PAYLOAD,
                        family(table, PAYLOAD_BUFFER_BYTES, natives)
                                .setCompressionType(CompressionType.LZ4_COMPRESSION)),
                new ColumnFamilyDescriptor(META, family(table, META_BUFFER_BYTES, natives)));
    }

    /** Vectors do not compress, and ascending keys move down the levels without being rewritten. */
    private static ColumnFamilyOptions logFamily(BlockBasedTableConfig table, List<AutoCloseable> natives) {
        return family(table, LOG_BUFFER_BYTES, natives)
                .setLevel0FileNumCompactionTrigger(2)
                .setEnableBlobFiles(true)
                .setMinBlobSize(MIN_BLOB_BYTES)
                .setBlobFileSize(BLOB_FILE_BYTES);
    }

    private static ColumnFamilyOptions family(
            BlockBasedTableConfig table, long bufferBytes, List<AutoCloseable> natives) {
        ColumnFamilyOptions options = new ColumnFamilyOptions()
                .setTableFormatConfig(table)
                .setWriteBufferSize(bufferBytes)
                .setMaxWriteBufferNumber(2)
                .setArenaBlockSize(Math.min(ARENA_BLOCK_BYTES, bufferBytes / 8))
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setForceConsistencyChecks(true);
        natives.add(options);
        return options;
    }

    /** The last error of RocksDB's own threads; nothing is flushed or compacted after one until the files are reopened. */
    @Nullable
    Status backgroundError() {
        return errors.error();
    }

    /** Releases handles, database and options, in this order. */
    @Override
    public void close() {
        closeAll(natives);
    }

    private static void closeAll(List<AutoCloseable> natives) {
        for (AutoCloseable each : natives.reversed()) {
            try {
                each.close();
            } catch (Exception e) {
                throw new IllegalStateException("cannot release " + each, e); // none of them throws
            }
        }
        natives.clear();
    }
}
