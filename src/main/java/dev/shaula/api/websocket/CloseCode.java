package dev.shaula.api.websocket;

/** Why the server closes a socket: a code of the range that RFC 6455 leaves to applications, with the HTTP status in it. */
enum CloseCode {
    /** A message that is not one, and that names neither a request nor a batch which could be refused alone. */
    MALFORMED(4400),
    /** Nothing was received for the idle time-out. */
    IDLE(4408),
    /** A message is longer than any may be. */
    TOO_LONG(4413),
    /** A batch is longer than the credit of its stream. */
    CREDIT_OVERRUN(4429);

    private final short number;

    CloseCode(int number) {
        this.number = (short) number;
    }

    short number() {
        return number;
    }
}
