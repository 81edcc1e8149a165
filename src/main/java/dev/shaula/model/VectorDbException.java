package dev.shaula.model;

/**
 * A refusal that the caller can act on: bad input, absence, conflict or load. Each door maps {@link #kind} to its own
 * status once. It carries no stack trace: it reports on the request, not on the code.
 */
public final class VectorDbException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why the request was refused; the number is the HTTP status. */
    public enum Kind {
        INVALID(400),
        NOT_FOUND(404),
        TIMEOUT(408),
        CONFLICT(409),
        TOO_LARGE(413),
        OVERLOADED(429),
        INTERNAL(500),
        UNAVAILABLE(503),
        DEADLINE_EXCEEDED(504),
        STORAGE_FULL(507);

        private final int httpStatus;

        Kind(int httpStatus) {
            this.httpStatus = httpStatus;
        }

        public int httpStatus() {
            return httpStatus;
        }

        /** Whether the same request may succeed later without a change. */
        public boolean retryable() {
            return this == OVERLOADED || this == UNAVAILABLE || this == STORAGE_FULL;
        }
    }

    private final Kind kind;

    public VectorDbException(Kind kind, String message) {
        super(message, null, false, false);
        this.kind = kind;
    }

    public VectorDbException(Kind kind, String message, Throwable cause) {
        super(message, cause, false, false);
        this.kind = kind;
    }

    /** Bad input: {@code message} names the field, the value and what was expected. */
    public static VectorDbException invalid(String message) {
        return new VectorDbException(Kind.INVALID, message);
    }

    public static VectorDbException notFound(String message) {
        return new VectorDbException(Kind.NOT_FOUND, message);
    }

    public static VectorDbException conflict(String message) {
        return new VectorDbException(Kind.CONFLICT, message);
    }

    public static VectorDbException tooLarge(String message) {
        return new VectorDbException(Kind.TOO_LARGE, message);
    }

    public static VectorDbException overloaded(String message) {
        return new VectorDbException(Kind.OVERLOADED, message);
    }

    public static VectorDbException unavailable(String message) {
        return new VectorDbException(Kind.UNAVAILABLE, message);
    }

    public static VectorDbException storageFull(String message) {
        return new VectorDbException(Kind.STORAGE_FULL, message);
    }

    public Kind kind() {
        return kind;
    }
}
