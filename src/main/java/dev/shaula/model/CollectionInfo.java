package dev.shaula.model;

import java.time.Instant;

/**
 * A collection as it stands now.
 *
 * @param config what it was made with
 * @param vectorCount live points in the published snapshots
 * @param createdAt when it was created
 * @param memoryBytes native memory that its vectors hold, in bytes
 */
public record CollectionInfo(CollectionConfig config, long vectorCount, Instant createdAt, long memoryBytes) {}
