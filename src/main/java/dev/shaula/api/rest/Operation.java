package dev.shaula.api.rest;

import io.vertx.core.http.HttpMethod;
import java.util.function.Consumer;

/**
 * One entry of the table of operations.
 *
 * @param path as in the OpenAPI document; a last segment in braces takes the whole rest of the path
 * @param handler called on the event loop of the connection
 */
record Operation(HttpMethod method, String path, Consumer<Exchange> handler) {
    static Operation get(String path, Consumer<Exchange> handler) {
        return new Operation(HttpMethod.GET, path, handler);
    }

    static Operation post(String path, Consumer<Exchange> handler) {
        return new Operation(HttpMethod.POST, path, handler);
    }

    static Operation delete(String path, Consumer<Exchange> handler) {
        return new Operation(HttpMethod.DELETE, path, handler);
    }

    /** The name in metrics: {@code POST /vectors/query}. */
    String name() {
        return method + " " + path;
    }

    boolean hasTail() {
        return path.endsWith("}");
    }

    private int prefixLength() {
        return path.indexOf('{');
    }

    boolean matches(String rawPath) {
        return hasTail()
                ? rawPath.length() > prefixLength() && rawPath.startsWith(path.substring(0, prefixLength()))
                : rawPath.equals(path);
    }

    /** What follows the fixed part, as it was sent. */
    String tail(String rawPath) {
        return hasTail() ? rawPath.substring(prefixLength()) : "";
    }
}
