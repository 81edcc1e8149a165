package dev.shaula.model;

/**
 * Memory that a collection or a shard holds, by what it is for.
 *
 * @param vectorBytes of the float32 rows, native; those that a checkpoint holds are mapped from its file, and resident only as
 *     far as the system keeps them
 * @param codeBytes of what searches walk on instead, native and resident
 * @param graphBytes of the edges
 * @param otherBytes of ids, versions, expiries, metadata indexes and answered filters
 */
public record MemoryUse(long vectorBytes, long codeBytes, long graphBytes, long otherBytes) {
    public static final MemoryUse NONE = new MemoryUse(0, 0, 0, 0);

    public long totalBytes() {
        return vectorBytes + codeBytes + graphBytes + otherBytes;
    }

    public MemoryUse plus(MemoryUse more) {
        return new MemoryUse(
                vectorBytes + more.vectorBytes,
                codeBytes + more.codeBytes,
                graphBytes + more.graphBytes,
                otherBytes + more.otherBytes);
    }
}
