package dev.shaula.shard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The ids of a shard: from ordinal to id, and from id to the ordinal that a given snapshot knows it by. One thread
 * writes; any thread reads with the row count of its snapshot, which was published after the rows it counts.
 *
 * <p>An id has one slot in an open-addressing table, holding its newest ordinal; an older one with the same id is
 * linked behind it. So a reader of an older snapshot walks back past the ordinals that it must not see, and an update
 * of one id a million times does not make a million probes. About 20 bytes a row besides the id itself.
 */
final class IdTable {
    private static final int BLOCK_SHIFT = 20;
    private static final int BLOCK_BYTES = 1 << BLOCK_SHIFT;
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_ROWS = 1 << PAGE_SHIFT;
    private static final int FREE = -1;
    /** An ordinal is written to its slot after everything it leads to, and read before. */
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(int[].class);

    /** What readers see: arrays that are replaced when they grow, never shrunk. */
    private record State(byte[][] blocks, long[][] positions, int[][] older, int[] slots) {}

    private volatile State state = new State(new byte[0][], new long[0][], new int[0][], emptySlots(64));
    private int rows;
    private int distinct;
    private long end;

    /** Gives the next ordinal to {@code id} and returns it. For the writing thread only. */
    int add(byte[] id) {
        int ordinal = rows;
        store(ordinal, id);
        int slot = slotOf(state.slots, id);
        int previous = state.slots[slot];
        state.older[ordinal >>> PAGE_SHIFT][ordinal & (PAGE_ROWS - 1)] = previous;
        rows++;
        SLOT.setRelease(state.slots, slot, ordinal);
        if (previous == FREE && ++distinct * 2 > state.slots.length) {
            growSlots();
        }
        return ordinal;
    }

    /** The newest ordinal below {@code limit} that was given to {@code id}, live or not; -1 if there is none. */
    int find(byte[] id, int limit) {
        int[] slots = state.slots;
        int ordinal = (int) SLOT.getAcquire(slots, slotOf(slots, id));
        // Read again: the slot may name a row that is newer than the state it was found through, on a page of its own.
        State s = state;
        while (ordinal >= limit) {
            ordinal = s.older[ordinal >>> PAGE_SHIFT][ordinal & (PAGE_ROWS - 1)];
        }
        return ordinal;
    }

    /** The id of a row. */
    String id(int ordinal) {
        return new String(idBytes(ordinal), StandardCharsets.UTF_8);
    }

    /** The id of a row in UTF-8, a copy. */
    byte[] idBytes(int ordinal) {
        State s = state;
        long position = s.positions[ordinal >>> PAGE_SHIFT][ordinal & (PAGE_ROWS - 1)];
        byte[] block = s.blocks[(int) (position >>> BLOCK_SHIFT)];
        int at = (int) position & (BLOCK_BYTES - 1);
        return Arrays.copyOfRange(block, at + 2, at + 2 + length(block, at));
    }

    /** Orders two rows by the UTF-8 bytes of their ids. */
    int compare(int a, int b) {
        State s = state;
        long p = s.positions[a >>> PAGE_SHIFT][a & (PAGE_ROWS - 1)];
        long q = s.positions[b >>> PAGE_SHIFT][b & (PAGE_ROWS - 1)];
        byte[] x = s.blocks[(int) (p >>> BLOCK_SHIFT)];
        byte[] y = s.blocks[(int) (q >>> BLOCK_SHIFT)];
        int i = (int) p & (BLOCK_BYTES - 1);
        int j = (int) q & (BLOCK_BYTES - 1);
        return Arrays.compareUnsigned(x, i + 2, i + 2 + length(x, i), y, j + 2, j + 2 + length(y, j));
    }

    int rows() {
        return rows;
    }

    /** Bytes on the heap. */
    long heapBytes() {
        State s = state;
        return (long) s.blocks.length * BLOCK_BYTES + (long) s.positions.length * PAGE_ROWS * 12 + 4L * s.slots.length;
    }

    private void store(int ordinal, byte[] id) {
        State s = state;
        if ((end & (BLOCK_BYTES - 1)) + 2 + id.length > BLOCK_BYTES) {
            end = (end + BLOCK_BYTES - 1) >>> BLOCK_SHIFT << BLOCK_SHIFT;
        }
        int block = (int) (end >>> BLOCK_SHIFT);
        byte[][] blocks = s.blocks;
        if (block == blocks.length) {
            blocks = Arrays.copyOf(blocks, block + 1);
            // The first block of a small collection grows with it.
            blocks[block] = new byte[block == 0 ? 1 << 12 : BLOCK_BYTES];
        }
        int at = (int) end & (BLOCK_BYTES - 1);
        if (at + 2 + id.length > blocks[block].length) {
            blocks = blocks.clone();
            int size = Math.max(at + 2 + id.length, 2 * blocks[block].length);
            blocks[block] = Arrays.copyOf(blocks[block], Math.min(BLOCK_BYTES, size));
        }
        blocks[block][at] = (byte) (id.length >>> 8);
        blocks[block][at + 1] = (byte) id.length;
        System.arraycopy(id, 0, blocks[block], at + 2, id.length);

        int page = ordinal >>> PAGE_SHIFT;
        long[][] positions = s.positions;
        int[][] older = s.older;
        if (page == positions.length) {
            positions = Arrays.copyOf(positions, page + 1);
            positions[page] = new long[PAGE_ROWS];
            older = Arrays.copyOf(older, page + 1);
            older[page] = new int[PAGE_ROWS];
        }
        positions[page][ordinal & (PAGE_ROWS - 1)] = end;
        end += 2 + id.length;
        state = new State(blocks, positions, older, s.slots);
    }

    /** The slot that holds {@code id}, or the free one where it would go. */
    private int slotOf(int[] slots, byte[] id) {
        int slot = hash(id, id.length, 0) & (slots.length - 1);
        int ordinal = (int) SLOT.getAcquire(slots, slot);
        while (ordinal != FREE && !isId(ordinal, id)) {
            slot = (slot + 1) & (slots.length - 1);
            ordinal = (int) SLOT.getAcquire(slots, slot);
        }
        return slot;
    }

    private boolean isId(int ordinal, byte[] id) {
        State s = state;
        long position = s.positions[ordinal >>> PAGE_SHIFT][ordinal & (PAGE_ROWS - 1)];
        byte[] block = s.blocks[(int) (position >>> BLOCK_SHIFT)];
        int at = (int) position & (BLOCK_BYTES - 1);
        return length(block, at) == id.length && Arrays.equals(block, at + 2, at + 2 + id.length, id, 0, id.length);
    }

    private void growSlots() {
        int[] old = state.slots;
        int[] slots = emptySlots(2 * old.length);
        for (int ordinal : old) {
            if (ordinal != FREE) {
                long position = state.positions[ordinal >>> PAGE_SHIFT][ordinal & (PAGE_ROWS - 1)];
                byte[] block = state.blocks[(int) (position >>> BLOCK_SHIFT)];
                int at = (int) position & (BLOCK_BYTES - 1);
                int slot = hash(block, length(block, at), at + 2) & (slots.length - 1);
                while (slots[slot] != FREE) {
                    slot = (slot + 1) & (slots.length - 1);
                }
                slots[slot] = ordinal;
            }
        }
        state = new State(state.blocks, state.positions, state.older, slots);
    }

    private static int[] emptySlots(int n) {
        int[] slots = new int[n];
        Arrays.fill(slots, FREE);
        return slots;
    }

    private static int length(byte[] block, int at) {
        return (block[at] & 0xff) << 8 | (block[at + 1] & 0xff);
    }

    /** FNV-1a with a finaliser: ids are short, and often differ in their last digits only. */
    private static int hash(byte[] bytes, int length, int from) {
        int h = 0x811c9dc5;
        for (int i = from; i < from + length; i++) {
            h = (h ^ bytes[i]) * 0x01000193;
        }
        h = (h ^ (h >>> 16)) * 0x85ebca6b;
        return h ^ (h >>> 13);
    }
}
