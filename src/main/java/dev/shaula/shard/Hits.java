package dev.shaula.shard;

/**
 * What a search of one snapshot found, closest first.
 *
 * @param ordinals rows of the snapshot
 * @param scores of the collection's metric, larger is closer
 */
record Hits(int[] ordinals, float[] scores) {
    int count() {
        return ordinals.length;
    }
}
