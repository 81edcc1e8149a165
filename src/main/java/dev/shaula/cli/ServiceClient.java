package dev.shaula.cli;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Calls the service with JSON in both directions, over one connection that it opens when needed and keeps. For one
 * thread; blocks.
 */
final class ServiceClient implements Closeable {
    private static final byte[] NO_BODY = {};

    private final URI base;
    private final Duration patience;
    private @Nullable HttpConnection connection;

    ServiceClient(URI base, Duration patience) {
        this.base = base;
        this.patience = patience;
    }

    URI base() {
        return base;
    }

    /**
     * The object that the service answers.
     *
     * @throws ServiceException on a status of 400 or more
     * @throws CliException if there is no sensible answer
     */
    Map<String, @Nullable Object> get(String target) {
        return call("GET", target, NO_BODY);
    }

    /** As {@link #get}. */
    Map<String, @Nullable Object> post(String target, Map<String, ? extends @Nullable Object> body) {
        return call("POST", target, Json.write(body).getBytes(StandardCharsets.UTF_8));
    }

    /** As {@link #get}. */
    Map<String, @Nullable Object> delete(String target) {
        return call("DELETE", target, NO_BODY);
    }

    /** What {@code GET /collections/NAME} says, or null if there is no such collection. */
    @Nullable
    Map<String, @Nullable Object> describe(String collection) {
        try {
            return get("/collections/" + encode(collection));
        } catch (ServiceException e) {
            if (e.status() == 404) {
                return null;
            }
            throw e;
        }
    }

    /**
     * As {@link #describe}.
     *
     * @throws CliException if there is no such collection
     */
    Map<String, @Nullable Object> require(String collection) {
        Map<String, @Nullable Object> info = describe(collection);
        if (info == null) {
            throw new CliException("collection \"" + collection + "\" does not exist at " + base);
        }
        return info;
    }

    private Map<String, @Nullable Object> call(String method, String target, byte[] body) {
        HttpConnection.Answer answer = exchange(method, target, body);
        try {
            Map<String, @Nullable Object> object = Json.object(answer.body());
            if (answer.status() >= 400) {
                throw new ServiceException(answer.status(), errorOf(answer.status(), object));
            }
            return object;
        } catch (IOException e) {
            throw new CliException(
                    base + " answered " + method + " " + target + " with status " + answer.status()
                            + " and no JSON object; is it a Shaula server?",
                    e);
        }
    }

    /**
     * One exchange, whatever its status.
     *
     * @throws CliException if there is no answer
     */
    HttpConnection.Answer exchange(String method, String target, byte[] body) {
        try {
            HttpConnection kept = connection;
            if (kept != null && kept.reusable()) {
                try {
                    return kept.exchange(method, target, body);
                } catch (EOFException | SocketException e) {
                    // The server closed it while it lay idle, as during an import: nothing was asked yet.
                }
            }
            close();
            connection = HttpConnection.open(base, patience);
            return connection.exchange(method, target, body);
        } catch (IOException e) {
            close();
            throw new CliException(unreachable(base, e), e);
        }
    }

    /** The text of an error answer. */
    static String errorOf(int status, Map<String, ? extends @Nullable Object> body) {
        Object error = body.get("error");
        return "HTTP " + status + " - " + (error == null ? Text.shorten(Json.write(body), 200) : error);
    }

    /** Why a connection to {@code base} failed, and what to do. */
    static String unreachable(URI base, IOException e) {
        return switch (e) {
            case ConnectException refused ->
                "cannot connect to " + base + " (" + refused.getMessage() + "); is the server running? shaula serve"
                        + " starts one, --url names another";
            case UnknownHostException unknown -> "cannot connect to " + base + ": unknown host";
            case SocketTimeoutException slow -> base + " did not answer in time (" + slow.getMessage() + ")";
            default -> "the connection to " + base + " failed: " + e.getMessage();
        };
    }

    /** {@code s} as a part of a path or of a query string. */
    static String encode(String s) {
        StringBuilder text = new StringBuilder();
        for (byte b : s.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || c == '-' || c == '_' || c == '.' || c == '~');
            text.append(plain ? String.valueOf(c) : String.format("%%%02X", (int) c));
        }
        return text.toString();
    }

    @Override
    public void close() {
        if (connection != null) {
            try {
                connection.close();
            } catch (IOException e) {
                // nothing was waiting on it
            }
            connection = null;
        }
    }
}
