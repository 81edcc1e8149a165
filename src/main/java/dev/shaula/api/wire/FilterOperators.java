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

/** The operators on one field, {@code {"$gt": 1, "$lt": 5}}: all of them hold. */
final class FilterOperators extends ObjectFrame {
    static final String KNOWN = "$eq $ne $gt $gte $lt $lte $in $nin $exists $contains $containsAny $containsAll"
            + " $prefix $text $geo $not";

    private final String target;
    private final FilterSize size;
    private final Consumer<Filter> sink;
    private final Runnable whenDone;

    /** @param sink takes one condition after the other */
    FilterOperators(String target, FilterSize size, Consumer<Filter> sink) {
        this(target, size, sink, () -> {});
    }

    private FilterOperators(String target, FilterSize size, Consumer<Filter> sink, Runnable whenDone) {
        this.target = target;
        this.size = size;
        this.sink = sink;
        this.whenDone = whenDone;
    }

    @Override
    void end(JsonPush in) {
        whenDone.run();
    }

    @Override
    @Nullable
    Frame field(String operator, JsonToken token, JsonPush in) throws IOException {
        return switch (operator) {
            // A list matches a scalar that it contains, so that to contain is to be equal.
            case "$eq", "$contains" -> compare(Op.EQ, FilterFrame.scalar(token, in), in);
            case "$ne" -> compare(Op.NE, FilterFrame.scalar(token, in), in);
            case "$gt" -> compare(Op.GT, ordered(token, in), in);
            case "$gte" -> compare(Op.GTE, ordered(token, in), in);
            case "$lt" -> compare(Op.LT, ordered(token, in), in);
            case "$lte" -> compare(Op.LTE, ordered(token, in), in);
            case "$in", "$containsAny" -> values(token, in, found -> new Filter.In(target, found));
            case "$nin" -> values(token, in, found -> new Filter.NotIn(target, found));
            case "$containsAll" -> values(token, in, this::all);
            case "$exists" -> add(exists(in.bool(token)), in);
            case "$prefix" -> add(new Filter.Prefix(target, in.string(token)), in);
            case "$text" -> add(new Filter.Words(target, in.string(token)), in);
            case "$geo" -> in.object(token, new Geo(in), "an object");
            case "$not" -> not(token, in);
            default ->
                throw in.refuse("unknown operator \"" + Text.shortened(operator) + "\"; expected one of " + KNOWN);
        };
    }

    private @Nullable Frame add(Filter condition, JsonPush in) {
        size.countOne(in);
        sink.accept(condition);
        return null;
    }

    private @Nullable Frame compare(Op op, Value value, JsonPush in) {
        return add(new Filter.Compare(target, op, value), in);
    }

    private static Value ordered(JsonToken token, JsonPush in) throws IOException {
        if (token != JsonToken.VALUE_STRING && !token.isNumeric()) {
            throw in.expected("a number or a string", token);
        }
        return FilterFrame.scalar(token, in);
    }

    private Filter exists(boolean wanted) {
        Filter there = new Filter.Exists(target);
        return wanted ? there : new Filter.Not(there);
    }

    private Filter all(List<Value> values) {
        return new Filter.And(values.stream()
                .map(value -> (Filter) new Filter.Compare(target, Op.EQ, value))
                .toList());
    }

    private Frame not(JsonToken token, JsonPush in) throws IOException {
        size.enter(in);
        List<Filter> parts = new ArrayList<>();
        Frame inside = new FilterOperators(target, size, parts::add, () -> {
            size.leave();
            sink.accept(new Filter.Not(new Filter.And(parts)));
        });
        return in.object(token, inside, "operators");
    }

    private Frame values(JsonToken token, JsonPush in, Function<List<Value>, Filter> toFilter) throws IOException {
        return in.array(token, new Values(toFilter), "a list");
    }

    private final class Values extends ArrayFrame {
        private final Function<List<Value>, Filter> toFilter;
        private final List<Value> values = new ArrayList<>();

        Values(Function<List<Value>, Filter> toFilter) {
            this.toFilter = toFilter;
        }

        @Override
        @Nullable
        Frame element(JsonToken token, JsonPush in) throws IOException {
            size.countOne(in);
            values.add(FilterFrame.scalar(token, in));
            return null;
        }

        @Override
        void end(JsonPush in) {
            add(toFilter.apply(values), in);
        }
    }

    /** {@code {"lat", "lon", "radius_m"}} or {@code {"south", "west", "north", "east"}}, in degrees. */
    private final class Geo extends ObjectFrame {
        private static final List<String> FIELDS = List.of("lat", "lon", "radius_m", "south", "west", "north", "east");
        private static final int CIRCLE = 0b0000111;
        private static final int BOX = 0b1111000;

        private final double[] numbers = new double[FIELDS.size()];
        /** Bit set for each field that was given. */
        private int given;

        Geo(JsonPush in) {
            size.countOne(in);
        }

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            int at = FIELDS.indexOf(field);
            if (at < 0) {
                throw in.refuse("expected lat, lon and radius_m, or south, west, north and east");
            }
            numbers[at] = in.number(token);
            given |= 1 << at;
            return null;
        }

        @Override
        void end(JsonPush in) {
            String place = in.placeOfFrame();
            try {
                sink.accept(
                        switch (given) {
                            case CIRCLE -> new Filter.GeoRadius(target, numbers[0], numbers[1], numbers[2]);
                            case BOX -> new Filter.GeoBox(target, numbers[3], numbers[4], numbers[5], numbers[6]);
                            default ->
                                throw VectorDbException.invalid(
                                        "radius_m: expected lat, lon and radius_m, or south, west, north and east,"
                                                + " nothing more and nothing less");
                        });
            } catch (VectorDbException e) {
                throw VectorDbException.invalid(place + "." + e.getMessage());
            }
        }
    }
}
