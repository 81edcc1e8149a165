package dev.shaula.cli;

import org.jspecify.annotations.Nullable;

/** A command failed for a reason that one line explains; exit code 1. */
class CliException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CliException(String message) {
        super(message);
    }

    CliException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
