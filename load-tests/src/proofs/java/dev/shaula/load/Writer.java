package dev.shaula.load;

import java.io.IOException;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One stream of rows into a collection, in one request with a chunked body. The caller's thread sends, and is slowed by
 * the server; a thread of its own reads the acknowledgements as they come. Acknowledgements count rows in the order of
 * sending, so {@link #acknowledged} rows from the first on are stored and can be found.
 */
final class Writer implements AutoCloseable {
    private static final Pattern ACKNOWLEDGED = Pattern.compile("\"acknowledged\":(\\d+)");
    private static final Pattern END = Pattern.compile("\\{\"success\":true,\"count\":(\\d+),.*");

    private final Connection connection;
    private final Rows rows;
    private final long first;
    private final Thread reader;
    private final CountDownLatch begun = new CountDownLatch(1);
    private volatile long acknowledged;
    private volatile long longestWaitNs;
    private volatile String fault = "";
    private volatile boolean complete;
    private long sent;

    /** Opens the request; the rows sent will be those from {@code first} on. */
    Writer(URI url, String collection, Rows rows, long first) throws IOException {
        this.rows = rows;
        this.first = first;
        connection = new Connection(url);
        connection.startChunks("/vectors/upsert?collection=" + collection);
        reader = Thread.ofVirtual().name("acknowledgements of " + first).start(this::read);
    }

    /** Sends the next {@code n} rows as one chunk. @throws IOException if the server has refused or gone */
    void send(int n) throws IOException {
        send(rows.ndjson(first + sent, first + sent + n), n);
    }

    /** The same with the rows written out: {@code lines} must be the next {@code n} of {@link Rows#ndjson}. */
    void send(byte[] lines, int n) throws IOException {
        begun.countDown();
        connection.chunk(lines);
        sent += n;
        if (!fault.isEmpty()) {
            throw new IOException(fault);
        }
    }

    /** Ends the body and waits for the last acknowledgement. @throws IOException if not every row sent was acknowledged */
    void finish() throws IOException, InterruptedException {
        connection.lastChunk();
        reader.join();
        if (!fault.isEmpty() || !complete || acknowledged != sent) {
            throw new IOException("rows from " + first + ": sent " + sent + ", acknowledged " + acknowledged
                    + (fault.isEmpty() ? "" : "; " + fault));
        }
    }

    long first() {
        return first;
    }

    /** Rows that the server said are stored, counted from the first. */
    long acknowledged() {
        return acknowledged;
    }

    /** Longest time between two acknowledgements of rows, from the first row sent on. */
    long longestWaitNs() {
        return longestWaitNs;
    }

    private void read() {
        try {
            begun.await();
            long last = System.nanoTime();
            Connection.Reply head = connection.reply();
            if (head.status() != 200) {
                fault = "refused: HTTP " + head.status() + " " + head.body();
                return;
            }
            for (String chunk = connection.replyChunk(); !chunk.isEmpty(); chunk = connection.replyChunk()) {
                long before = acknowledged;
                chunk.lines().forEach(this::take);
                if (acknowledged > before) {
                    long now = System.nanoTime();
                    longestWaitNs = Math.max(longestWaitNs, now - last);
                    last = now;
                }
            }
        } catch (IOException e) {
            fault = "no answer: " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            fault = "interrupted";
        }
    }

    private void take(String line) {
        Matcher end = END.matcher(line);
        Matcher told = ACKNOWLEDGED.matcher(line);
        if (end.matches()) {
            acknowledged = Long.parseLong(end.group(1));
            complete = true;
        } else if (!line.startsWith("{\"count\":") || !told.find()) {
            fault = "refused: " + line;
        } else {
            acknowledged = Long.parseLong(told.group(1));
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
        reader.interrupt();
    }
}
