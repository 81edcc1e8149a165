package dev.shaula.payload;

import java.util.Arrays;
import java.util.Map;

/**
 * An order of rows some of which were changed in place: those are found in an order of their changes.
 *
 * @param slotOf of each changed row, its place in {@code changed}
 */
record PatchedOrder(RowOrder before, RowOrder changed, Map<Integer, Integer> slotOf) implements RowOrder {

    @Override
    public int compare(int a, int b) {
        Integer slotA = slotOf.get(a);
        Integer slotB = slotOf.get(b);
        if (slotA == null && slotB == null) {
            return before.compare(a, b);
        }
        return slotA != null && slotB != null ? changed.compare(slotA, slotB) : Arrays.compareUnsigned(key(a), key(b));
    }

    @Override
    public byte[] key(int row) {
        Integer slot = slotOf.get(row);
        return slot == null ? before.key(row) : changed.key(slot);
    }

    @Override
    public long heapBytes() {
        return before.heapBytes() + changed.heapBytes() + 64L * slotOf.size();
    }
}
