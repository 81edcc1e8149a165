package dev.shaula.api.wire;

import dev.shaula.model.VectorDbException;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What a caller is told of a failure; the one place where failures become statuses.
 *
 * @param status the HTTP status
 * @param text for the caller, one line
 * @param retryAfterSeconds when the same request may succeed, 0 if a repetition does not help
 */
public record Failure(int status, String text, int retryAfterSeconds) {
    private static final Logger LOG = Logger.getLogger(Failure.class.getName());
    private static final int RETRY_AFTER_SECONDS = 1;

    /**
     * A refusal keeps its text and kind; anything else is a fault of ours, which the caller is told by an id only and
     * the log in full.
     */
    public static Failure of(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (cause instanceof VectorDbException refusal) {
            return of(refusal);
        }
        String id = UUID.randomUUID().toString();
        LOG.log(Level.SEVERE, "unexpected failure, error id " + id, cause);
        return new Failure(500, "internal error, id " + id, 0);
    }

    private static Failure of(VectorDbException refusal) {
        VectorDbException.Kind kind = refusal.kind();
        String message = refusal.getMessage();
        if (kind == VectorDbException.Kind.INTERNAL) {
            LOG.log(Level.SEVERE, message, refusal);
        }
        return new Failure(
                kind.httpStatus(), message == null ? kind.name() : message, kind.retryable() ? RETRY_AFTER_SECONDS : 0);
    }
}
