package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.ScrollRequest.Order;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request to scroll. Beside a cursor only {@code limit} and {@code close} make sense, and nothing else is
 * taken: a filter that is silently ignored would be believed.
 */
public final class ScrollDocument extends JsonDocument<ScrollBody> {

    public ScrollDocument() {
        this(new Top());
    }

    private ScrollDocument(Top top) {
        super(top, top::body);
    }

    private static final class Top extends FilteredFrame {
        private @Nullable String cursor;
        /** A field that describes a new reading, to be named if there is a cursor too. */
        private @Nullable String described;

        private int limit = ScrollRequest.DEFAULT_LIMIT;
        private @Nullable Order order;
        private @Nullable String orderBy;
        private boolean descending;
        private boolean vectors;
        private boolean metadata = true;
        private boolean version;
        private boolean close;

        @Override
        @Nullable
        Frame other(String field, JsonToken token, JsonPush in) throws IOException {
            switch (field) {
                case "cursor" -> cursor = in.string(token);
                case "limit" -> limit = in.integer(token);
                case "close" -> close = in.bool(token);
                case "order",
                        "order_by",
                        "descending",
                        "include_vectors",
                        "include_values",
                        "include_metadata",
                        "include_version" -> {
                    given(field);
                    describe(field, token, in);
                }
                default -> {
                    return in.skip(token);
                }
            }
            return null;
        }

        @Override
        void given(String field) {
            described = field;
        }

        private void describe(String field, JsonToken token, JsonPush in) throws IOException {
            switch (field) {
                case "order" -> order = order(in.string(token));
                case "order_by" -> orderBy = in.string(token);
                case "descending" -> descending = in.bool(token);
                case "include_metadata" -> metadata = in.bool(token);
                case "include_version" -> version = in.bool(token);
                default -> vectors = in.bool(token);
            }
        }

        private static Order order(String name) {
            return switch (name) {
                case "id" -> Order.ID;
                case "insertion" -> Order.INSERTION;
                case "random" -> Order.RANDOM;
                default ->
                    throw VectorDbException.invalid(
                            "order: expected id, insertion or random, got \"" + Text.shortened(name) + "\"");
            };
        }

        ScrollBody body() {
            ScrollRequest.checkLimit(limit);
            if (cursor == null) {
                if (close) {
                    throw VectorDbException.invalid("cursor: expected the one to close, got nothing");
                }
                return new ScrollBody.First(request(), limit);
            }
            if (described != null) {
                throw VectorDbException.invalid(
                        described + ": expected nothing beside a cursor, which stands for it already");
            }
            return close ? new ScrollBody.Close(cursor) : new ScrollBody.Next(cursor, limit);
        }

        private ScrollRequest request() {
            if (orderBy == null && descending) {
                throw VectorDbException.invalid("descending: expected only with order_by");
            }
            if (orderBy != null && order != null) {
                throw VectorDbException.invalid("order: expected nothing beside order_by");
            }
            ScrollRequest.Field by = orderBy == null ? null : new ScrollRequest.Field(orderBy, descending);
            Order wanted = by != null ? Order.FIELD : order != null ? order : Order.ID;
            return new ScrollRequest(wanted, by, filter(), vectors, metadata, version);
        }
    }
}
