package dev.shaula.api.doors;

import dev.shaula.api.grpc.GrpcClient;
import dev.shaula.model.Metric;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What every door can do, in terms that none of them owns. A door that is added joins by implementing this. */
interface Door extends AutoCloseable {

    /** A point; metadata is a JSON object. */
    record Row(String id, float[] vector, String metadata) {}

    /** A query; nothing is left to a default that a door could have of its own. */
    record Query(
            float[] vector,
            int topK,
            int ef,
            boolean exact,
            @Nullable Double threshold,
            @Nullable String filter,
            boolean withVectors) {}

    /** A result; the vector is that of the query's wish, else empty. */
    record Hit(String id, float score, String metadata, List<Float> vector) {}

    /** A refusal: the kind by its HTTP status, and the text. */
    final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        final int status;

        Refused(int status, String text) {
            super(text);
            this.status = status;
        }
    }

    void create(String collection, int dimensions, Metric metric);

    void upsert(String collection, List<Row> records);

    List<Hit> search(String collection, Query query);

    Row get(String collection, String id);

    /** Deletes; returns the ids that were not there. */
    List<String> delete(String collection, List<String> ids);

    @Override
    void close();

    /** The doors there are. */
    enum Kind {
        HTTP_NUMBERS,
        HTTP_BASE64,
        HTTP_PACKED,
        WEBSOCKET_TEXT,
        WEBSOCKET_BINARY,
        GRPC_BYTES;

        Door open() {
            return switch (this) {
                case HTTP_NUMBERS -> new HttpDoor(HttpDoor.Form.NUMBERS);
                case HTTP_BASE64 -> new HttpDoor(HttpDoor.Form.BASE64);
                case HTTP_PACKED -> new HttpDoor(HttpDoor.Form.PACKED);
                case WEBSOCKET_TEXT -> new SocketDoor(false);
                case WEBSOCKET_BINARY -> new SocketDoor(true);
                case GRPC_BYTES -> new GrpcBytesDoor(new GrpcClient());
            };
        }
    }
}
