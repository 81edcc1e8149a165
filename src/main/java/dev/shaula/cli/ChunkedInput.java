package dev.shaula.cli;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** An answer body in the chunked coding of HTTP/1.1. A read returns what has arrived and does not wait for more. */
final class ChunkedInput extends InputStream {
    private final InputStream in;
    private long left;
    private boolean first = true;
    private boolean ended;

    ChunkedInput(InputStream in) {
        this.in = in;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        if (left == 0 && !ended) {
            beginChunk();
        }
        if (ended) {
            return -1;
        }
        int n = in.read(b, off, (int) Math.min(len, left));
        if (n < 0) {
            throw new EOFException("the server closed the connection within its answer");
        }
        left -= n;
        return n;
    }

    private void beginChunk() throws IOException {
        if (!first) {
            HttpConnection.readLine(in); // the end of the chunk before
        }
        first = false;
        String size = HttpConnection.readLine(in).split(";", 2)[0].strip();
        if (!size.matches("[0-9a-fA-F]{1,15}")) {
            throw new IOException("bad chunk size in the answer: \"" + Text.shorten(size, 40) + "\"");
        }
        left = Long.parseLong(size, 16);
        if (left == 0) {
            ended = true;
            skipTrailers();
        }
    }

    private void skipTrailers() throws IOException {
        while (!HttpConnection.readLine(in).isEmpty()) {
            // trailers say nothing that is needed here
        }
    }
}
