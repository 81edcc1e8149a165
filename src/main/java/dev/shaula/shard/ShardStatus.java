package dev.shaula.shard;

/**
 * A shard as it stands now.
 *
 * @param vectorCount live points in the published snapshot
 * @param sequence last log record that the published snapshot holds
 * @param memoryBytes of rows, edges and ids
 * @param queuedBytes of writes accepted and not yet answered
 */
public record ShardStatus(long vectorCount, long sequence, long memoryBytes, long queuedBytes) {}
