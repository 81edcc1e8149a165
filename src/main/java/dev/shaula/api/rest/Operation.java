package dev.shaula.api.rest;

import io.vertx.core.http.HttpMethod;
import java.util.function.Consumer;

/**
 * One entry of the table of operations.
 *
 * @param path as in the OpenAPI document; a segment in braces takes everything between what stands before and after it
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
        return path.indexOf('{') >= 0;
    }

    /** How much of a path it prescribes: of several operations that match, the one that prescribes most is meant. */
    int fixedLength() {
        return hasTail() ? prefix().length() + suffix().length() : path.length();
    }

    private String prefix() {
        return path.substring(0, path.indexOf('{'));
    }

    private String suffix() {
        return path.substring(path.indexOf('}') + 1);
    }

    boolean matches(String rawPath) {
        return hasTail()
                ? rawPath.length() > fixedLength() && rawPath.startsWith(prefix()) && rawPath.endsWith(suffix())
                : rawPath.equals(path);
    }

    /** What stands where the braces are, as it was sent. */
    String tail(String rawPath) {
        return hasTail() ? rawPath.substring(prefix().length(), rawPath.length() - suffix().length()) : "";
    }
}
