package dev.shaula.api.rest;

import io.vertx.core.Context;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/**
 * The part of a request body that is still to come when the answer is known. Closing a connection with unread bytes
 * makes the kernel reset it, and a reset can destroy an answer that the client has not read yet. So a short rest is read
 * to its end, and after a long one's answer the connection is kept open for a moment, reading a bounded amount.
 */
final class Leftover {
    /** A rest up to this length is read before the answer, which keeps the connection usable. */
    private static final long SHORT_BYTES = 1 << 20;

    private static final long SHORT_MS = 500;
    /** What is read and thrown away after the answer; a client that only writes fills its socket buffer and looks up. */
    private static final long LINGER_BYTES = 16 << 20;

    private static final long LINGER_MS = 3_000;

    private final HttpServerRequest request;
    private final Context context;
    private long seen;
    private boolean decided;

    private Leftover(HttpServerRequest request, Context context) {
        this.request = request;
        this.context = context;
    }

    static Leftover of(HttpServerRequest request, Context context) {
        return new Leftover(request, context);
    }

    /** Reads a short rest; calls {@code ended} at its end, or {@code tooLong} as soon as it proves too long or slow. */
    void read(Runnable ended, Runnable tooLong) {
        if (announced() - request.bytesRead() > SHORT_BYTES) {
            tooLong.run();
            return;
        }
        long timer = context.owner().setTimer(SHORT_MS, late -> decide(tooLong));
        request.handler(chunk -> {
            seen += chunk.length();
            if (seen > SHORT_BYTES) {
                request.pause();
                context.owner().cancelTimer(timer);
                decide(tooLong);
            }
        });
        request.endHandler(end -> {
            context.owner().cancelTimer(timer);
            decide(ended);
        });
        request.resume();
    }

    private void decide(Runnable outcome) {
        if (!decided) {
            decided = true;
            outcome.run();
        }
    }

    private long announced() {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        return length == null ? 0 : parsed(length);
    }

    private static long parsed(@Nullable String length) {
        try {
            return length == null ? 0 : Long.parseLong(length.strip());
        } catch (NumberFormatException e) {
            return 0; // the decoder of the connection refuses it
        }
    }

    /** Keeps the connection open for a moment after the answer, then closes it. */
    void linger() {
        long timer =
                context.owner().setTimer(LINGER_MS, late -> request.connection().close());
        request.exceptionHandler(gone -> context.owner().cancelTimer(timer));
        request.handler(chunk -> {
            seen += chunk.length();
            if (seen > LINGER_BYTES) {
                request.pause();
            }
        });
        request.endHandler(end -> {
            context.owner().cancelTimer(timer);
            request.connection().close();
        });
        request.resume();
    }
}
