package dev.shaula.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A condition on a point's metadata. A field name is tried as a literal key first, then without a leading
 * {@code metadata.}, then with its dots as nesting. A missing field matches only {@link Op#NE}, {@link NotIn} and what
 * {@link Not} turns around. A list in the metadata matches when one of its elements does.
 */
public sealed interface Filter {

    /** Every condition holds; an empty list accepts every point. */
    record And(List<Filter> conditions) implements Filter {
        public And {
            conditions = List.copyOf(conditions);
        }
    }

    /** At least one condition holds; an empty list accepts no point. */
    record Or(List<Filter> conditions) implements Filter {
        public Or {
            conditions = List.copyOf(conditions);
        }
    }

    /** The condition does not hold. */
    record Not(Filter condition) implements Filter {}

    /** The field is there, {@code null} included. */
    record Exists(String field) implements Filter {}

    /** The field is a string that begins so, code point by code point. */
    record Prefix(String field, String prefix) implements Filter {}

    /**
     * Every word of {@code text} is a word of the field's strings. Words are runs of letters, digits and marks,
     * compared without regard to case and compatibility forms (NFKC). A text without words accepts no point.
     */
    record Words(String field, String text) implements Filter {}

    /**
     * The field is a place, an object with numbers {@code lat} and {@code lon} in degrees, at most {@code metres} from
     * the centre on a sphere of the earth's mean radius.
     *
     * @param lat -90 to 90
     * @param lon -180 to 180
     * @param metres 0 or more
     */
    record GeoRadius(String field, double lat, double lon, double metres) implements Filter {
        /** @throws VectorDbException (invalid) naming what is out of range */
        public GeoRadius {
            checkDegrees("lat", lat, 90);
            checkDegrees("lon", lon, 180);
            if (!(metres >= 0 && metres < Double.POSITIVE_INFINITY)) {
                throw VectorDbException.invalid("radius_m: expected 0 or more, got " + metres);
            }
        }
    }

    /**
     * The field is a place between two parallels and two meridians, borders included. A {@code west} east of
     * {@code east} means a box across the 180th meridian.
     *
     * @param south -90 to {@code north}
     * @param west -180 to 180
     * @param north {@code south} to 90
     * @param east -180 to 180
     */
    record GeoBox(String field, double south, double west, double north, double east) implements Filter {
        /** @throws VectorDbException (invalid) naming what is out of range */
        public GeoBox {
            checkDegrees("south", south, 90);
            checkDegrees("west", west, 180);
            checkDegrees("north", north, 90);
            checkDegrees("east", east, 180);
            if (south > north) {
                throw VectorDbException.invalid("south: expected at most north (" + north + "), got " + south);
            }
        }
    }

    private static void checkDegrees(String field, double degrees, int most) {
        if (!(Math.abs(degrees) <= most)) {
            throw VectorDbException.invalid(field + ": expected -" + most + " to " + most + ", got " + degrees);
        }
    }

    /**
     * The comparison operators. Order is defined between two numbers and between two strings: by time where the bound
     * is a date or a date and time of RFC 3339 ({@code 2026-01-31}, midnight UTC, or {@code 2026-01-31T12:00:00Z}, to
     * the microsecond), and then only strings that are one too match; by code point otherwise.
     */
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
