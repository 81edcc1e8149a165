package dev.shaula.cli;

/** The service answered with an error. */
final class ServiceException extends CliException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * An error answer.
     *
     * @param status the HTTP status, 400 or more
     */
    ServiceException(int status, String message) {
        super(message);
        this.status = status;
    }

    int status() {
        return status;
    }
}
