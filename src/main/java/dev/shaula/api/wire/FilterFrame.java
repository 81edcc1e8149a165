package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Filter;
import dev.shaula.model.Filter.Op;
import dev.shaula.model.Filter.Value;
import dev.shaula.model.Limits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A filter {@code {field: scalar, field: {"$op": value, ...}}}: all conditions hold. */
final class FilterFrame extends ObjectFrame {
    private final List<Filter> conditions = new ArrayList<>();
    private int count;

    FilterFrame restart() {
        conditions.clear();
        count = 0;
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
        return count;
    }

    @Override
    @Nullable
    Frame field(String field, JsonToken token, JsonPush in) throws IOException {
        if (field.startsWith("$")) {
            throw in.refuse("unknown operator; expected a field name or, inside one, " + Operators.KNOWN);
        }
        if (token == JsonToken.START_OBJECT) {
            return new Operators(field);
        }
        if (token == JsonToken.START_ARRAY) {
            throw in.expected("a string, a number, true, false, null or operators such as {\"$in\": [...]}", token);
        }
        add(new Filter.Compare(field, Op.EQ, scalar(token, in)), in);
        return null;
    }

    private void add(Filter condition, JsonPush in) {
        countOne(in);
        conditions.add(condition);
    }

    private void countOne(JsonPush in) {
        if (++count > Limits.MAX_FILTER_CONDITIONS) {
            throw in.refuse("expected at most " + Limits.MAX_FILTER_CONDITIONS + " conditions in a filter, got more");
        }
    }

    private static Value scalar(JsonToken token, JsonPush in) throws IOException {
        return switch (token) {
            case VALUE_STRING -> new Value.Text(in.rawText());
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Value.Num(in.number(token));
            case VALUE_TRUE -> new Value.Bool(true);
            case VALUE_FALSE -> new Value.Bool(false);
            case VALUE_NULL -> new Value.Null();
            default -> throw in.expected("a string, a number, true, false or null", token);
        };
    }

    private final class Operators extends ObjectFrame {
        private static final String KNOWN = "$eq $ne $gt $gte $lt $lte $in $nin";

        private final String target;

        Operators(String target) {
            this.target = target;
        }

        @Override
        @Nullable
        Frame field(String operator, JsonToken token, JsonPush in) throws IOException {
            switch (operator) {
                case "$eq" -> add(new Filter.Compare(target, Op.EQ, scalar(token, in)), in);
                case "$ne" -> add(new Filter.Compare(target, Op.NE, scalar(token, in)), in);
                case "$gt" -> add(new Filter.Compare(target, Op.GT, ordered(token, in)), in);
                case "$gte" -> add(new Filter.Compare(target, Op.GTE, ordered(token, in)), in);
                case "$lt" -> add(new Filter.Compare(target, Op.LT, ordered(token, in)), in);
                case "$lte" -> add(new Filter.Compare(target, Op.LTE, ordered(token, in)), in);
                case "$in", "$nin" -> {
                    return in.array(token, new Members(target, operator.equals("$nin")), "a list");
                }
                default ->
                    throw in.refuse("unknown operator \"" + Text.shortened(operator) + "\"; expected one of " + KNOWN);
            }
            return null;
        }

        private Value ordered(JsonToken token, JsonPush in) throws IOException {
            if (token != JsonToken.VALUE_STRING && !token.isNumeric()) {
                throw in.expected("a number or a string", token);
            }
            return scalar(token, in);
        }
    }

    private final class Members extends ArrayFrame {
        private final String target;
        private final boolean negated;
        private final List<Value> values = new ArrayList<>();

        Members(String target, boolean negated) {
            this.target = target;
            this.negated = negated;
        }

        @Override
        @Nullable
        Frame element(JsonToken token, JsonPush in) throws IOException {
            countOne(in);
            values.add(scalar(token, in));
            return null;
        }

        @Override
        void end(JsonPush in) {
            add(negated ? new Filter.NotIn(target, values) : new Filter.In(target, values), in);
        }
    }
}
