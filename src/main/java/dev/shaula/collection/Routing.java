package dev.shaula.collection;

/** Which shard an id belongs to; part of the format on disk, so it never changes. */
final class Routing {
    private Routing() {}

    /** A number from 0 to {@code shards - 1}: {@link String#hashCode}, whose value is specified, mixed. */
    static int shardOf(String id, int shards) {
        int h = id.hashCode();
        h = (h ^ (h >>> 16)) * 0x85ebca6b;
        h = (h ^ (h >>> 13)) * 0xc2b2ae35;
        return Integer.remainderUnsigned(h ^ (h >>> 16), shards);
    }
}
