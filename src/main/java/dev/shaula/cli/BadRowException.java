package dev.shaula.cli;

import java.io.IOException;

/** A row of a file is not what its format demands; the message says which row, what was found and what was expected. */
final class BadRowException extends IOException {
    private static final long serialVersionUID = 1L;

    BadRowException(String message) {
        super(message);
    }

    BadRowException(String message, Throwable cause) {
        super(message, cause);
    }
}
