package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import java.util.Arrays;

/**
 * The cache lines of rows of one length, read ahead of what is computed of them: reads that do not depend on each other
 * wait for memory together, three to six times cheaper than one after another.
 */
final class CacheLines {
    private static final int LINE = 64;

    private final long[] lines;

    private CacheLines(long[] lines) {
        this.lines = lines;
    }

    /** Of rows of {@code bytes}, each beginning at a multiple of {@code alignment}, a divisor of 64. */
    static CacheLines of(int bytes, int alignment) {
        int whole = (bytes + LINE - alignment - 1) / LINE;
        // The end of a row may lie on a line of its own; repeated to fill up fours.
        long[] lines = new long[(whole + 4) / 4 * 4];
        Arrays.fill(lines, bytes - Long.BYTES);
        for (int i = 0; i < whole; i++) {
            lines[i] = (long) i * LINE;
        }
        return new CacheLines(lines);
    }

    /**
     * Reads a word of every line of {@code n} rows and returns something made of all, for the caller to keep. Four lines
     * of a row in each turn of a plain loop: an inner loop over the lines took a third of a search of 128 dimensions.
     */
    long touch(long[] addresses, int n) {
        long sum = 0;
        for (int line = 0; line < lines.length; line += 4) {
            sum += touch(addresses, n, lines[line], lines[line + 1], lines[line + 2], lines[line + 3]);
        }
        return sum;
    }

    private static long touch(long[] addresses, int n, long a, long b, long c, long d) {
        long sum = 0;
        for (int i = 0; i < n; i++) {
            long at = addresses[i];
            sum += NativeMemory.ALL.get(CodeRows.LONG, at + a)
                    + NativeMemory.ALL.get(CodeRows.LONG, at + b)
                    + NativeMemory.ALL.get(CodeRows.LONG, at + c)
                    + NativeMemory.ALL.get(CodeRows.LONG, at + d);
        }
        return sum;
    }
}
