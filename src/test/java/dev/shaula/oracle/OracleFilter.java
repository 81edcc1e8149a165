package dev.shaula.oracle;

import dev.shaula.model.Filter;
import dev.shaula.model.Filter.Value;
import dev.shaula.model.Metadata;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.text.Normalizer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Filters by definition, on a parsed tree. */
public final class OracleFilter {
    private static final Object MISSING = new Object();

    private OracleFilter() {}

    /** Whether a filter accepts a row. */
    public static boolean matches(Filter filter, Metadata metadata) {
        JsonObject json = new JsonObject(metadata.toString());
        return switch (filter) {
            case Filter.And and -> and.conditions().stream().allMatch(f -> matches(f, metadata));
            case Filter.Compare c when c.op() == Filter.Op.NE -> !any(find(json, c.field()), List.of(c.value()));
            case Filter.Compare c when c.op() == Filter.Op.EQ -> any(find(json, c.field()), List.of(c.value()));
            case Filter.Compare c -> ordered(find(json, c.field()), c);
            case Filter.In in -> any(find(json, in.field()), in.values());
            case Filter.NotIn in -> !any(find(json, in.field()), in.values());
            case Filter.Or or -> or.conditions().stream().anyMatch(f -> matches(f, metadata));
            case Filter.Not not -> !matches(not.condition(), metadata);
            case Filter.Exists e -> !MISSING.equals(find(json, e.field()));
            case Filter.Prefix p ->
                elements(find(json, p.field())).anyMatch(v -> v instanceof String s && s.startsWith(p.prefix()));
            case Filter.Words w -> hasWords(json, w);
            case Filter.GeoRadius g ->
                elements(find(json, g.field())).anyMatch(v -> at(v, (lat, lon) -> metres(lat, lon, g) <= g.metres()));
            case Filter.GeoBox g ->
                elements(find(json, g.field())).anyMatch(v -> at(v, (lat, lon) -> within(lat, lon, g)));
        };
    }

    private static @Nullable Object find(JsonObject json, String field) {
        String bare = field.startsWith("metadata.") ? field.substring(9) : field;
        for (String name : List.of(field, bare)) {
            if (json.containsKey(name)) {
                return json.getValue(name);
            }
        }
        int dot = bare.indexOf('.');
        return dot > 0 && json.getValue(bare.substring(0, dot)) instanceof JsonObject inner
                ? find(inner, bare.substring(dot + 1))
                : MISSING;
    }

    /** A list's elements, or the one value, but nulls; nothing if it is missing. */
    private static Stream<Object> elements(@Nullable Object found) {
        if (MISSING.equals(found)) {
            return Stream.empty();
        }
        return found instanceof JsonArray list ? list.stream().filter(Objects::nonNull) : Stream.ofNullable(found);
    }

    private static Set<String> words(String text) {
        String plain = Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
        Set<String> words = new HashSet<>(Arrays.asList(plain.split("[^\\p{L}\\p{Nd}\\p{M}]+")));
        words.remove("");
        return words;
    }

    private static boolean hasWords(JsonObject json, Filter.Words filter) {
        Set<String> there = elements(find(json, filter.field()))
                .filter(String.class::isInstance)
                .flatMap(s -> words(String.valueOf(s)).stream())
                .collect(Collectors.toSet());
        Set<String> wanted = words(filter.text());
        return !wanted.isEmpty() && there.containsAll(wanted);
    }

    private interface Place {
        boolean test(double lat, double lon);
    }

    private static boolean at(@Nullable Object value, Place condition) {
        return value instanceof JsonObject place
                && place.getValue("lat") instanceof Number lat
                && place.getValue("lon") instanceof Number lon
                && Math.abs(lat.doubleValue()) <= 90
                && Math.abs(lon.doubleValue()) <= 180
                && condition.test(lat.doubleValue(), lon.doubleValue());
    }

    private static boolean within(double lat, double lon, Filter.GeoBox box) {
        boolean between = box.west() <= box.east()
                ? box.west() <= lon && lon <= box.east()
                : !(box.east() < lon && lon < box.west());
        return between && box.south() <= lat && lat <= box.north();
    }

    /** By the angle between the two directions from the centre of the earth. */
    private static double metres(double lat, double lon, Filter.GeoRadius from) {
        double a = Math.toRadians(lat);
        double b = Math.toRadians(from.lat());
        double d = Math.toRadians(lon - from.lon());
        double x = Math.cos(b) * Math.sin(d);
        double y = Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(d);
        double z = Math.sin(a) * Math.sin(b) + Math.cos(a) * Math.cos(b) * Math.cos(d);
        return 6_371_008.8 * Math.atan2(Math.hypot(x, y), z);
    }

    /** Microseconds since 1970, null if the text is no date and no date and time. */
    private static @Nullable Long micros(String text) {
        try {
            Instant moment = text.length() == 10
                    ? LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC)
                    : OffsetDateTime.parse(text).toInstant();
            return Math.addExact(Math.multiplyExact(moment.getEpochSecond(), 1_000_000L), moment.getNano() / 1_000);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static @Nullable Integer textOrder(String found, String bound) {
        Long wanted = micros(bound);
        if (wanted == null) {
            return Arrays.compare(
                    found.codePoints().toArray(), bound.codePoints().toArray());
        }
        Long moment = micros(found);
        return moment == null ? null : Integer.valueOf(moment.compareTo(wanted));
    }

    /** The moments of a field's texts that mean one, in microseconds since 1970. */
    public static Set<Long> moments(String field, Metadata metadata) {
        return values(field, metadata).stream()
                .map(value -> value instanceof Value.Text text ? micros(text.text()) : null)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }

    /** The different scalars of a field. */
    public static Set<Value> values(String field, Metadata metadata) {
        Object found = find(new JsonObject(metadata.toString()), field);
        Set<Value> values = new HashSet<>();
        if (found instanceof JsonArray list) {
            list.forEach(element -> addScalar(values, element));
        } else if (!MISSING.equals(found)) {
            addScalar(values, found);
        }
        return values;
    }

    private static void addScalar(Set<Value> values, @Nullable Object value) {
        if (value instanceof Number number) {
            values.add(new Value.Num(number.doubleValue() + 0.0));
        } else if (!(value instanceof JsonArray) && !(value instanceof JsonObject)) {
            values.add(Value.of(value));
        }
    }

    private static boolean any(@Nullable Object found, List<Value> values) {
        if (MISSING.equals(found)) {
            return false;
        }
        if (found instanceof JsonArray list) {
            return list.stream().filter(e -> !(e instanceof JsonArray)).anyMatch(element -> any(element, values));
        }
        return !(found instanceof JsonObject) && values.contains(Value.of(found));
    }

    private static boolean ordered(@Nullable Object found, Filter.Compare c) {
        if (found instanceof JsonArray list) {
            return list.stream().filter(e -> !(e instanceof JsonArray)).anyMatch(element -> ordered(element, c));
        }
        Integer order = found instanceof Number n && c.value() instanceof Value.Num v
                ? Integer.valueOf(Double.compare(n.doubleValue(), v.number()))
                : found instanceof String s && c.value() instanceof Value.Text t ? textOrder(s, t.text()) : null;
        if (order == null) {
            return false;
        }
        int sign = Objects.requireNonNull(order);
        return switch (c.op()) {
            case GT -> sign > 0;
            case GTE -> sign >= 0;
            case LT -> sign < 0;
            default -> sign <= 0;
        };
    }
}
