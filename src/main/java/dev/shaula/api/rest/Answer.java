package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.Failure;

/**
 * A whole answer: built before the status line is sent, so that a failure never cuts it short.
 *
 * @param type media type of the body
 * @param body owned by the answer
 * @param gzip whether {@code body} is compressed
 * @param retryAfterSeconds 0 for none
 */
record Answer(int status, String type, byte[] body, boolean gzip, int retryAfterSeconds) {
    static final String JSON = "application/json";
    static final String BYTES = "application/octet-stream";

    static Answer ok(byte[] body) {
        return of(200, body);
    }

    static Answer of(int status, byte[] body) {
        return new Answer(status, JSON, body, false, 0);
    }

    /** Status 200 with bytes that are no JSON. */
    static Answer bytes(byte[] body) {
        return new Answer(200, BYTES, body, false, 0);
    }

    static Answer of(Failure failure) {
        return new Answer(failure.status(), JSON, Answers.error(failure.text()), false, failure.retryAfterSeconds());
    }

    /** This answer, compressed if that is worth the time. Runs where the answer was built, not on the event loop. */
    Answer compressed() {
        return gzip || body.length < Gzip.MIN_BYTES
                ? this
                : new Answer(status, type, Gzip.compress(body), true, retryAfterSeconds);
    }
}
