package dev.shaula.cli;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Lines of bytes, ended by LF or CR LF or the end of the stream; holds one line, of a bounded length. */
final class LineReader implements Closeable {
    private final InputStream in;
    private final int maxLineBytes;
    private final byte[] buffer = new byte[1 << 16];
    private int next;
    private int end;
    private byte[] line = new byte[1 << 12];
    private int length;
    private long number;

    LineReader(InputStream in, int maxLineBytes) {
        this.in = in;
        this.maxLineBytes = maxLineBytes;
    }

    /**
     * The next line without its end, or null at the end of the stream.
     *
     * @throws BadRowException if it is longer than the bound
     */
    byte @Nullable [] next() throws IOException {
        length = 0;
        number++;
        while (true) {
            if (next == end && !fill()) {
                return length == 0 ? null : result();
            }
            int lf = indexOfLf();
            append(next, lf < 0 ? end : lf);
            next = lf < 0 ? end : lf + 1;
            if (lf >= 0) {
                return result();
            }
        }
    }

    private boolean fill() throws IOException {
        next = 0;
        end = Math.max(0, in.read(buffer));
        return end > 0;
    }

    private int indexOfLf() {
        for (int i = next; i < end; i++) {
            if (buffer[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    private void append(int from, int to) throws BadRowException {
        int n = to - from;
        if (n > maxLineBytes - length) {
            throw new BadRowException(
                    "line " + number + ": longer than " + maxLineBytes + " bytes, expected one JSON record a line");
        }
        if (line.length < length + n) {
            line = Arrays.copyOf(line, Math.max(length + n, Math.min(maxLineBytes, 2 * line.length)));
        }
        System.arraycopy(buffer, from, line, length, n);
        length += n;
    }

    private byte[] result() {
        boolean cr = length > 0 && line[length - 1] == '\r';
        return Arrays.copyOf(line, cr ? length - 1 : length);
    }

    /** The number of the line that {@link #next} returned, from 1. */
    long number() {
        return number;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
