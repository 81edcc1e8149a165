package dev.shaula.payload;

import dev.shaula.model.Filter.Op;
import dev.shaula.model.Filter.Value;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A condition on one scalar. A negated one ({@code $ne}, {@code $nin}) is negated by its owner, after all scalars. */
sealed interface Condition {
    boolean accepts(Scalar scalar);

    /** Whether the place at these degrees is accepted. */
    default boolean accepts(double lat, double lon) {
        return false;
    }

    /** Equals one of some values; numbers by value, never across kinds. */
    final class OneOf implements Condition {
        private final Set<String> texts = new HashSet<>();
        private final double[] numbers;
        private final Set<Boolean> bools = new HashSet<>();
        private boolean acceptsNull;

        OneOf(List<Value> values) {
            double[] found = new double[values.size()];
            int count = 0;
            for (Value value : values) {
                switch (value) {
                    case Value.Text t -> texts.add(t.text());
                    case Value.Num n -> found[count++] = withoutSignOfZero(n.number());
                    case Value.Bool b -> bools.add(b.bool());
                    case Value.Null n -> acceptsNull = true;
                }
            }
            numbers = Arrays.copyOf(found, count);
            Arrays.sort(numbers);
        }

        @Override
        public boolean accepts(Scalar scalar) {
            return switch (scalar.kind()) {
                case TEXT -> texts.contains(scalar.text());
                case NUMBER -> Arrays.binarySearch(numbers, withoutSignOfZero(scalar.number())) >= 0;
                case BOOL -> bools.contains(scalar.bool());
                case NULL -> acceptsNull;
            };
        }

        /** The search tells -0.0 from 0.0, which are equal. */
        private static double withoutSignOfZero(double number) {
            return number + 0.0;
        }
    }

    /** Is a number on one side of a bound. */
    record NumberOrder(Op op, double bound) implements Condition {
        @Override
        public boolean accepts(Scalar scalar) {
            return scalar.kind() == Scalar.Kind.NUMBER
                    && inOrder(op, Double.compare(scalar.number() + 0.0, bound + 0.0));
        }
    }

    /** Is a text on one side of a bound, in order of code points. */
    record TextOrder(Op op, String bound) implements Condition {
        @Override
        public boolean accepts(Scalar scalar) {
            return scalar.kind() == Scalar.Kind.TEXT && inOrder(op, compareCodePoints(scalar.text(), bound));
        }
    }

    /** Is a text that means a moment on one side of a bound, in microseconds since 1970. */
    record TimeOrder(Op op, long bound) implements Condition {
        @Override
        public boolean accepts(Scalar scalar) {
            if (scalar.kind() != Scalar.Kind.TEXT) {
                return false;
            }
            long micros = scalar.micros();
            return micros != Times.NONE && inOrder(op, Long.compare(micros, bound));
        }
    }

    /** Is a text that begins so. */
    record StartsWith(String prefix) implements Condition {
        @Override
        public boolean accepts(Scalar scalar) {
            return scalar.kind() == Scalar.Kind.TEXT
                    && scalar.text().startsWith(prefix)
                    && !splitsPair(scalar.text(), prefix.length());
        }

        private static boolean splitsPair(String text, int at) {
            return at > 0 && at < text.length() && Character.isSurrogatePair(text.charAt(at - 1), text.charAt(at));
        }
    }

    /** Is a text with this word. */
    record HasWord(String word) implements Condition {
        @Override
        public boolean accepts(Scalar scalar) {
            return scalar.kind() == Scalar.Kind.TEXT && scalar.words().contains(word);
        }
    }

    /** Is a place in an area; of scalars it accepts none. */
    record In(Area area) implements Condition {
        @Override
        public boolean accepts(Scalar scalar) {
            return false;
        }

        @Override
        public boolean accepts(double lat, double lon) {
            return area.contains(lat, lon);
        }
    }

    /** An order that is not defined, such as that of truth values. */
    record Never() implements Condition {
        @Override
        public boolean accepts(Scalar scalar) {
            return false;
        }
    }

    /** The condition of {@code op value}, without the negation of {@link Op#NE}. */
    static Condition of(Op op, Value value) {
        if (op == Op.EQ || op == Op.NE) {
            return new OneOf(List.of(value));
        }
        return switch (value) {
            case Value.Num n -> new NumberOrder(op, n.number());
            case Value.Text t -> {
                long micros = Times.micros(t.text());
                yield micros == Times.NONE ? new TextOrder(op, t.text()) : new TimeOrder(op, micros);
            }
            case Value.Bool b -> new Never();
            case Value.Null n -> new Never();
        };
    }

    /** Whether a comparison with this outcome satisfies an order. */
    static boolean inOrder(Op op, int comparison) {
        return switch (op) {
            case GT -> comparison > 0;
            case GTE -> comparison >= 0;
            case LT -> comparison < 0;
            case LTE -> comparison <= 0;
            case EQ, NE -> throw new IllegalArgumentException("not an order: " + op);
        };
    }

    /** {@link String#compareTo} puts U+E000 to U+FFFF after what surrogates stand for; code points do not. */
    static int compareCodePoints(String a, String b) {
        int at = 0;
        int shared = Math.min(a.length(), b.length());
        while (at < shared && a.charAt(at) == b.charAt(at)) {
            at++;
        }
        if (at == shared) {
            return a.length() - b.length();
        }
        char x = a.charAt(at);
        char y = b.charAt(at);
        return Character.isSurrogate(x) == Character.isSurrogate(y) ? x - y : Character.isSurrogate(x) ? 1 : -1;
    }
}
