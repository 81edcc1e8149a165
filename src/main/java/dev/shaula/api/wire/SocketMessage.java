package dev.shaula.api.wire;

import dev.shaula.model.Ack;
import dev.shaula.model.Point;
import dev.shaula.model.SearchRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a client says in one message of a WebSocket; {@code docs/websocket.md} describes it. */
public sealed interface SocketMessage {

    /** Begins an upsert stream, or goes on with the one of this name. */
    record Open(String stream, String collection, Ack ack) implements SocketMessage {}

    /** One batch of a stream: at least one point, all complete and finite, their lengths not compared with anything. */
    record Upsert(String stream, long batch, List<Point> points) implements SocketMessage {}

    /** No batch follows on this stream. */
    record Close(String stream) implements SocketMessage {}

    record Query(String id, String collection, SearchRequest search, VectorForm vectors) implements SocketMessage {}

    /** The answer to this query is not wanted any more. */
    record Cancel(String id) implements SocketMessage {}

    record Subscribe(String id, String collection, SearchRequest search, VectorForm vectors) implements SocketMessage {}

    record Unsubscribe(String id) implements SocketMessage {}

    record Ping() implements SocketMessage {}

    /**
     * What is known of a message, also if it turned out to be broken.
     *
     * @param id of the request, if it was read
     * @param stream the name of the stream, if it was read
     * @param batch 0 if it was not read
     */
    record About(@Nullable String id, @Nullable String stream, long batch) {
        public static final About NOTHING = new About(null, null, 0);
    }
}
