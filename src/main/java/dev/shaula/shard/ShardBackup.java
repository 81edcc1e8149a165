package dev.shaula.shard;

import java.util.List;

/**
 * What a backup of a shard consists of.
 *
 * @param sequence last log record in it
 * @param parts its files
 */
public record ShardBackup(long sequence, List<Part> parts) {
    public ShardBackup {
        parts = List.copyOf(parts);
    }

    /**
     * A file of it.
     *
     * @param path relative to the backup of the shard, with slashes
     * @param bytes that belong to the backup, from the start; more may follow, which is to be ignored
     */
    public record Part(String path, long bytes) {}
}
