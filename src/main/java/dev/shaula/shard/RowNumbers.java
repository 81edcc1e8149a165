package dev.shaula.shard;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.OrdinalMap;
import java.io.IOException;
import java.util.Arrays;

/**
 * The number of each row: what log and payload store know it by. Numbers count the rows a shard was ever given and are
 * never used again; ordinals are dense and change when dead rows are dropped. Both ascend together. Immutable: rows
 * that are added take the next numbers.
 *
 * @param moved numbers of the first rows, which stayed when others were dropped
 * @param first number of the row behind them
 */
record RowNumbers(int[] moved, int first) {
    /** Of a shard that never dropped a row: each row's ordinal. */
    static final RowNumbers ORDINALS = new RowNumbers(new int[0], 0);

    int numberOf(int ordinal) {
        return ordinal < moved.length ? moved[ordinal] : first + (ordinal - moved.length);
    }

    /** The ordinal of a row, or -1 if it was dropped. */
    int ordinalOf(int number) {
        if (number >= first) {
            return moved.length + (number - first);
        }
        int at = Arrays.binarySearch(moved, number);
        return at < 0 ? -1 : at;
    }

    /** The numbers after rows were dropped, of which {@code rows} there were. */
    RowNumbers after(OrdinalMap map, int rows) {
        int[] stayed = new int[map.staying(rows)];
        for (int ordinal = 0; ordinal < rows; ordinal++) {
            int moved = map.newOrdinal(ordinal);
            if (moved != OrdinalMap.DROPPED) {
                stayed[moved] = numberOf(ordinal);
            }
        }
        return new RowNumbers(stayed, numberOf(rows));
    }

    void writeTo(LittleEndianOutput out) throws IOException {
        out.writeInt(first);
        out.writeInt(moved.length);
        out.writeInts(moved, 0, moved.length);
    }

    /** Reads what {@link #writeTo} wrote of {@code rows} rows. */
    static RowNumbers readFrom(LittleEndianInput in, int rows) throws IOException {
        int first = in.readInt("first number", 0, Integer.MAX_VALUE);
        int count = in.readInt("moved rows", 0, Math.min(rows, first));
        int[] moved = new int[0];
        // Grows with what is really there, as the number of rows has not been confirmed by anything yet.
        for (int i = 0; i < count; i++) {
            moved = i == moved.length ? Arrays.copyOf(moved, Math.max(64, 2 * i)) : moved;
            moved[i] = in.readInt("number of row " + i, i == 0 ? 0 : moved[i - 1] + 1, first - 1);
        }
        return new RowNumbers(Arrays.copyOf(moved, count), first);
    }
}
