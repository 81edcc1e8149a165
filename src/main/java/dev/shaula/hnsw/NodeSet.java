package dev.shaula.hnsw;

import java.util.Arrays;

/** A few hundred nodes out of any number: a table of their own size, where {@link VisitedSet} is as large as the graph. */
final class NodeSet {
    private static final int FREE = -1;
    /** Spreads neighbouring ordinals: 2^32 divided by the golden ratio. */
    private static final int SPREAD = 0x9E3779B9;

    private int[] slots = new int[1 << 10];
    private int[] used = new int[slots.length / 2];
    private int count;

    NodeSet() {
        Arrays.fill(slots, FREE);
    }

    /** Empties the set. */
    void clear() {
        for (int i = 0; i < count; i++) {
            slots[used[i]] = FREE;
        }
        count = 0;
    }

    /** True if the node was not in the set. */
    boolean add(int node) {
        int slot = slotOf(node);
        if (slots[slot] == node) {
            return false;
        }
        if (count == used.length) {
            grow();
            slot = slotOf(node);
        }
        slots[slot] = node;
        used[count++] = slot;
        return true;
    }

    /** Where the node is, or would be. */
    private int slotOf(int node) {
        int mask = slots.length - 1;
        int slot = (node * SPREAD) >>> (32 - Integer.bitCount(mask));
        while (slots[slot] != FREE && slots[slot] != node) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        int[] before = slots;
        int n = count;
        int[] places = used;
        slots = new int[2 * before.length];
        Arrays.fill(slots, FREE);
        used = new int[slots.length / 2];
        for (int i = 0; i < n; i++) {
            used[i] = slotOf(before[places[i]]);
            slots[used[i]] = before[places[i]];
        }
    }
}
