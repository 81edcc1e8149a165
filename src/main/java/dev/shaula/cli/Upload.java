package dev.shaula.cli;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One streaming upsert request. The caller's thread writes rows and is held up by TCP when the server does not take
 * them; a virtual thread reads the acknowledgements that come back meanwhile.
 */
final class Upload implements Closeable {

    /** How a request ended. */
    sealed interface Outcome {
        /** Every row was acknowledged; {@code count} is how many the server says. */
        record Stored(long count) implements Outcome {}

        /** The server said no; what it acknowledged before stays stored. */
        record Refused(int status, String error) implements Outcome {}

        /** The connection broke, or fell silent, before the server's last word. */
        record Lost(IOException cause) implements Outcome {}
    }

    private static final int MAX_ANSWER_LINE_BYTES = 1 << 20;

    /** How long to look for the reason in the answer after the server has cut the connection. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final HttpConnection connection;
    private final OutputStream body;
    private final LongConsumer onAcknowledged;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final Thread answers =
            Thread.ofVirtual().name("shaula-acknowledgements").unstarted(this::readAnswer);

    private Upload(HttpConnection connection, OutputStream body, LongConsumer onAcknowledged) {
        this.connection = connection;
        this.body = body;
        this.onAcknowledged = onAcknowledged;
    }

    /**
     * Begins a request.
     *
     * @param patience longest silence of the server
     * @param onAcknowledged told the rows of this request that are acknowledged so far, on the reading thread
     */
    static Upload open(URI base, String target, Duration patience, LongConsumer onAcknowledged) throws IOException {
        HttpConnection connection = HttpConnection.open(base, patience);
        try {
            OutputStream body = connection.beginChunked("POST", target, "application/x-ndjson");
            Upload upload = new Upload(connection, body, onAcknowledged);
            upload.answers.start();
            return upload;
        } catch (IOException e) {
            connection.close();
            throw e;
        }
    }

    /**
     * Sends rows, waiting while the server does not take them.
     *
     * @return false if the server has already ended the request; {@link #finish} then says how
     */
    boolean send(ByteArrayOutputStream rows) {
        if (outcome.isDone()) {
            return false;
        }
        try {
            rows.writeTo(body);
            return true;
        } catch (IOException e) {
            lost(e);
            return false;
        }
    }

    /** Ends the request, if the server has not, and waits for its last word. */
    Outcome finish() throws InterruptedException {
        if (!outcome.isDone()) {
            try {
                body.close();
            } catch (IOException e) {
                lost(e);
            }
        }
        try {
            return outcome.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause()); // never completed so
        }
    }

    /** A failed write: the reason, if the server gave one, is on its way through the other direction. */
    private void lost(IOException e) {
        outcome.completeOnTimeout(new Outcome.Lost(e), LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void readAnswer() {
        Outcome result;
        try {
            HttpConnection.Head head = connection.readHead();
            result = head.status() >= 400 ? refusal(head) : readLines(connection.body(head));
        } catch (IOException e) {
            result = new Outcome.Lost(e);
        }
        outcome.complete(result);
        abandonBody();
    }

    /** Releases a sender that still waits for the server to take more; after {@link #finish} nobody does. */
    private void abandonBody() {
        try {
            connection.close();
        } catch (IOException e) {
            // the outcome is known, nothing else matters
        }
    }

    private Outcome refusal(HttpConnection.Head head) throws IOException {
        byte[] text = connection.body(head).readNBytes(MAX_ANSWER_LINE_BYTES);
        try {
            Object error = Json.object(text).get("error");
            return new Outcome.Refused(head.status(), String.valueOf(error));
        } catch (IOException notJson) {
            return new Outcome.Refused(head.status(), "an answer without a JSON object");
        }
    }

    private Outcome readLines(InputStream answer) throws IOException {
        LineReader lines = new LineReader(answer, MAX_ANSWER_LINE_BYTES);
        for (byte[] line = lines.next(); line != null; line = lines.next()) {
            Outcome last = line.length == 0 ? null : take(Json.object(line));
            if (last != null) {
                return last;
            }
        }
        throw new EOFException("the server ended its answer without a last line");
    }

    /** Takes note of one line; returns the outcome if it is the last. */
    private @Nullable Outcome take(Map<String, @Nullable Object> line) {
        if (line.get("acknowledged") instanceof Number rows) {
            onAcknowledged.accept(rows.longValue());
        }
        Object success = line.get("success");
        if (success instanceof Boolean ok && ok) {
            long count = line.get("count") instanceof Number n ? n.longValue() : -1;
            return new Outcome.Stored(count);
        }
        if (success != null) {
            int status = line.get("status") instanceof Number n ? n.intValue() : 500;
            return new Outcome.Refused(status, String.valueOf(line.get("error")));
        }
        return null;
    }

    /** Closes the connection; afterwards nothing more is acknowledged. */
    @Override
    public void close() throws IOException {
        connection.close();
        try {
            answers.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
