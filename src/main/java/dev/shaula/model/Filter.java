package dev.shaula.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A condition on a point's metadata. A field name is tried as a literal key first, then without a leading
 * {@code metadata.}, then with its dots as nesting. A missing field matches only {@link Op#NE} and {@link NotIn}.
 * A list in the metadata matches when one of its elements does.
 */
public sealed interface Filter {

    /** Every condition holds; an empty list accepts every point. */
    record And(List<Filter> conditions) implements Filter {
        public And {
            conditions = List.copyOf(conditions);
        }
    }

    /** The comparison operators. Order is defined between two numbers and between two strings (by code point). */
    enum Op {
        EQ,
        NE,
        GT,
        GTE,
        LT,
        LTE
    }

    /** {@code field op value}. */
    record Compare(String field, Op op, Value value) implements Filter {}

    /** The field equals one of the values. */
    record In(String field, List<Value> values) implements Filter {
        public In {
            values = List.copyOf(values);
        }
    }

    /** The field equals none of the values, or is missing. */
    record NotIn(String field, List<Value> values) implements Filter {
        public NotIn {
            values = List.copyOf(values);
        }
    }

    /** A scalar of a filter. Numbers equal by value ({@code 1 == 1.0}); values of different kinds never equal. */
    sealed interface Value {
        record Text(String text) implements Value {}

        record Num(double number) implements Value {}

        record Bool(boolean bool) implements Value {}

        /** JSON {@code null}: equals a field that is present and null. */
        record Null() implements Value {}

        static Value of(@Nullable Object o) {
            return switch (o) {
                case null -> new Null();
                case String s -> new Text(s);
                case Boolean b -> new Bool(b);
                case Number n -> new Num(n.doubleValue());
                default -> throw new IllegalArgumentException("not a scalar: " + o);
            };
        }
    }
}
