package dev.shaula.hnsw;

/**
 * A distance and a node in one long, ordered by distance, then newest node first: heaps of longs need no objects, and
 * ties are broken the same way on every machine. Of many copies of one vector the newest is the one that is still
 * wanted when a point is written again and again, and that nothing leads to yet; oldest first made all but the first
 * few copies unreachable.
 */
final class Keys {
    private Keys() {}

    static long of(float distance, int node) {
        return ((long) sortable(distance) << 32) | (~node & 0xffff_ffffL);
    }

    static int node(long key) {
        return ~(int) key;
    }

    static float distance(long key) {
        int s = (int) (key >> 32);
        return Float.intBitsToFloat(s ^ ((s >> 31) & 0x7fff_ffff));
    }

    /** An int that orders as the float does, negative values included; what is not a number comes last. */
    private static int sortable(float f) {
        // Adding zero turns -0.0 into 0.0: equal distances must not be ordered by their sign.
        int bits = Float.floatToIntBits(f + 0f);
        return bits ^ ((bits >> 31) & 0x7fff_ffff);
    }
}
