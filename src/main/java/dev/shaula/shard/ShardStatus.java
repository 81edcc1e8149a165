package dev.shaula.shard;

import dev.shaula.model.MemoryUse;
import org.jspecify.annotations.Nullable;

/**
 * A shard as it stands now.
 *
 * @param vectorCount live points in the published snapshot
 * @param sequence last log record that the published snapshot holds
 * @param memory that the published snapshot holds
 * @param queuedBytes of writes accepted and not yet answered, the batch that is being written among them
 * @param failure why the shard does not serve, or takes no more writes, beginning with its name; null if it does
 */
public record ShardStatus(
        long vectorCount,
        long sequence,
        MemoryUse memory,
        long queuedBytes,
        @Nullable String failure) {}
