package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.Failure;

/**
 * A whole answer: built before the status line is sent, so that a failure never cuts it short.
 *
 * @param body JSON; owned by the answer
 * @param gzip whether {@code body} is compressed
 * @param retryAfterSeconds 0 for none
 */
record Answer(int status, byte[] body, boolean gzip, int retryAfterSeconds) {
    static Answer ok(byte[] body) {
        return of(200, body);
    }

    static Answer of(int status, byte[] body) {
        return new Answer(status, body, false, 0);
    }

    static Answer of(Failure failure) {
        return new Answer(failure.status(), Answers.error(failure.text()), false, failure.retryAfterSeconds());
    }

    /** This answer, compressed if that is worth the time. Runs where the answer was built, not on the event loop. */
    Answer compressed() {
        return gzip || body.length < Gzip.MIN_BYTES
                ? this
                : new Answer(status, Gzip.compress(body), true, retryAfterSeconds);
    }
}
