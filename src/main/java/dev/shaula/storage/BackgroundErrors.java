package dev.shaula.storage;

import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractEventListener;
import org.rocksdb.BackgroundErrorReason;
import org.rocksdb.Status;

/**
 * Hears of errors in RocksDB's own threads and forbids it to mend them by itself. Its way of waiting for disk space
 * makes a write that is stalled behind a failed flush wait as well, for ever and deaf to everything; with this the
 * write fails at once, and the store reopens the database when there is room. RocksDB calls from its own threads.
 */
final class BackgroundErrors extends AbstractEventListener {
    private volatile @Nullable Status error;

    BackgroundErrors() {
        super(EnabledEventCallback.ON_BACKGROUND_ERROR, EnabledEventCallback.ON_ERROR_RECOVERY_BEGIN);
    }

    @Override
    public void onBackgroundError(BackgroundErrorReason reason, Status status) {
        error = status;
    }

    @Override
    public boolean onErrorRecoveryBegin(BackgroundErrorReason reason, Status status) {
        return false;
    }

    /** The last error since the database was opened; null if there was none. */
    @Nullable
    Status error() {
        return error;
    }
}
