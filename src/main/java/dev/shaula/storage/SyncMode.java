package dev.shaula.storage;

/** When an appended record is safe from a power cut. Both modes survive the death of the process. */
public enum SyncMode {
    /** Before {@link ShardLog#append} returns. The default. */
    ALWAYS,
    /** At the next tick of {@link StoreOptions#syncInterval()}: a power cut may take the records since the last one. */
    INTERVAL
}
