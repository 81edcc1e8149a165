package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Filter;
import dev.shaula.model.Filter.Op;
import dev.shaula.model.Filter.Value;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A filter {@code {field: scalar, field: {"$op": value, ...}, "$or": [filter, ...], ...}}: all of it holds. Reused from
 * query to query; filters inside it are frames of their own.
 */
final class FilterFrame extends ObjectFrame {
    private final FilterSize size;
    private final Consumer<Filter> whenDone;
    private final List<Filter> conditions = new ArrayList<>();

    /** The outermost filter, to be fetched with {@link #take}. */
    FilterFrame() {
        this(new FilterSize(), filter -> {});
    }

    private FilterFrame(FilterSize size, Consumer<Filter> whenDone) {
        this.size = size;
        this.whenDone = whenDone;
    }

    FilterFrame restart() {
        conditions.clear();
        size.restart();
        return this;
    }

    /** The filter read, null if it holds no condition. */
    @Nullable
    Filter take() {
        return switch (conditions.size()) {
            case 0 -> null;
            case 1 -> conditions.getFirst();
            default -> new Filter.And(conditions);
        };
    }

    int count() {
        return size.count();
    }

    @Override
    @Nullable
    Frame field(String field, JsonToken token, JsonPush in) throws IOException {
        return switch (field) {
            case "$and" -> branches(token, in, Filter.And::new);
            case "$or" -> branches(token, in, Filter.Or::new);
            case "$not" -> {
                size.enter(in);
                yield in.object(token, inner(part -> conditions.add(new Filter.Not(part))), "a filter");
            }
            default -> condition(field, token, in);
        };
    }

    private @Nullable Frame condition(String field, JsonToken token, JsonPush in) throws IOException {
        if (field.startsWith("$")) {
            throw in.refuse("unknown operator; expected $and, $or, $not, a field name or, inside one, "
                    + FilterOperators.KNOWN);
        }
        if (token == JsonToken.START_OBJECT) {
            return new FilterOperators(field, size, conditions::add);
        }
        if (token == JsonToken.START_ARRAY) {
            throw in.expected("a string, a number, true, false, null or operators such as {\"$in\": [...]}", token);
        }
        size.countOne(in);
        conditions.add(new Filter.Compare(field, Op.EQ, scalar(token, in)));
        return null;
    }

    private Frame branches(JsonToken token, JsonPush in, Function<List<Filter>, Filter> join) throws IOException {
        size.enter(in);
        return in.array(token, new Branches(join), "a list of filters");
    }

    /** A filter inside this one, which leaves the level it is on when it ends. */
    private FilterFrame inner(Consumer<Filter> sink) {
        return new FilterFrame(size, part -> {
            size.leave();
            sink.accept(part);
        });
    }

    @Override
    void end(JsonPush in) {
        Filter all = take();
        whenDone.accept(all == null ? new Filter.And(List.of()) : all);
    }

    static Value scalar(JsonToken token, JsonPush in) throws IOException {
        return switch (token) {
            case VALUE_STRING -> new Value.Text(in.rawText());
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Value.Num(in.number(token));
            case VALUE_TRUE -> new Value.Bool(true);
            case VALUE_FALSE -> new Value.Bool(false);
            case VALUE_NULL -> new Value.Null();
            default -> throw in.expected("a string, a number, true, false or null", token);
        };
    }

    private final class Branches extends ArrayFrame {
        private final Function<List<Filter>, Filter> join;
        private final List<Filter> parts = new ArrayList<>();

        Branches(Function<List<Filter>, Filter> join) {
            this.join = join;
        }

        @Override
        Frame element(JsonToken token, JsonPush in) throws IOException {
            size.countOne(in);
            return in.object(token, new FilterFrame(size, parts::add), "a filter");
        }

        @Override
        void end(JsonPush in) {
            if (parts.isEmpty()) {
                throw VectorDbException.invalid(in.placeOfFrame() + ": expected at least one filter, got none");
            }
            size.leave();
            conditions.add(join.apply(parts));
        }
    }
}
