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
    private final Top top;

    public ScrollDocument() {
        this(new Top());
    }

    private ScrollDocument(Top top) {
        super(top);
        this.top = top;
    }

    @Override
    public long heapBytes() {
        return 64L * top.filter.count();
    }

    @Override
    ScrollBody result() {
        return top.body();
    }

    private static final class Top extends ObjectFrame {
        private final FilterFrame filter = new FilterFrame();
        private @Nullable String cursor;
        /** A field that describes a new reading, to be named if there is a cursor too. */
        private @Nullable String described;

        private int limit = ScrollRequest.DEFAULT_LIMIT;
        private @Nullable Order order;
        private @Nullable String orderBy;
        private boolean descending;
        private boolean vectors;
        private boolean metadata = true;
        private boolean close;

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            if (token == JsonToken.VALUE_NULL) {
                return null; // a null option is an option not given
            }
            switch (field) {
                case "cursor" -> cursor = in.string(token);
                case "limit" -> limit = in.integer(token);
                case "close" -> close = in.bool(token);
                case "filter",
                        "order",
                        "order_by",
                        "descending",
                        "include_vectors",
                        "include_values",
                        "include_metadata" -> {
                    described = field;
                    return description(field, token, in);
                }
                default -> {
                    return in.skip(token);
                }
            }
            return null;
        }

        private @Nullable Frame description(String field, JsonToken token, JsonPush in) throws IOException {
            switch (field) {
                case "filter" -> {
                    return in.object(token, filter.restart(), "an object");
                }
                case "order" -> order = order(in.string(token));
                case "order_by" -> orderBy = in.string(token);
                case "descending" -> descending = in.bool(token);
                case "include_metadata" -> metadata = in.bool(token);
                default -> vectors = in.bool(token);
            }
            return null;
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
            if (orderBy == null) {
                if (descending) {
                    throw VectorDbException.invalid("descending: expected only with order_by");
                }
                return new ScrollRequest(order == null ? Order.ID : order, filter.take(), vectors, metadata);
            }
            if (order != null) {
                throw VectorDbException.invalid("order: expected nothing beside order_by");
            }
            ScrollRequest.Field by = new ScrollRequest.Field(orderBy, descending);
            return new ScrollRequest(Order.FIELD, by, filter.take(), vectors, metadata);
        }
    }
}
