package dev.shaula.shard;

import java.util.Arrays;

/**
 * Some states of a shard one after the other, and the metadata that was replaced while they were published: it can be
 * dropped when nobody reads any of them, nor of those before. Readers are counted on any thread, all else is the shard's.
 */
final class PayloadEpoch extends Readers {
    private int[] numbers = new int[16];
    private long[] versions = new long[16];
    private int count;

    /** Metadata that no later state has. */
    void replaced(int number, long version) {
        if (count == numbers.length) {
            numbers = Arrays.copyOf(numbers, 2 * count);
            versions = Arrays.copyOf(versions, 2 * count);
        }
        numbers[count] = number;
        versions[count++] = version;
    }

    /** Versions of metadata that were replaced. */
    int replaced() {
        return count;
    }

    int[] numbers() {
        return numbers;
    }

    long[] versions() {
        return versions;
    }

    @Override
    public String toString() {
        return "epoch with " + count + " replaced";
    }
}
