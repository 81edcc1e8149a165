package dev.shaula.oracle;

import dev.shaula.model.Filter;
import dev.shaula.model.Filter.Value;
import dev.shaula.model.Metadata;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Filters by definition, on a parsed tree. */
public final class OracleFilter {
    private static final Object MISSING = new Object();

    private OracleFilter() {}

    public static boolean matches(Filter filter, Metadata metadata) {
        JsonObject json = new JsonObject(metadata.toString());
        return switch (filter) {
            case Filter.And and -> and.conditions().stream().allMatch(f -> matches(f, metadata));
            case Filter.Compare c when c.op() == Filter.Op.NE -> !any(find(json, c.field()), List.of(c.value()));
            case Filter.Compare c when c.op() == Filter.Op.EQ -> any(find(json, c.field()), List.of(c.value()));
            case Filter.Compare c -> ordered(find(json, c.field()), c);
            case Filter.In in -> any(find(json, in.field()), in.values());
            case Filter.NotIn in -> !any(find(json, in.field()), in.values());
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

    private static boolean any(@Nullable Object found, List<Value> values) {
        if (MISSING.equals(found)) {
            return false;
        }
        if (found instanceof JsonArray list) {
            return list.stream().anyMatch(element -> any(element, values));
        }
        return !(found instanceof JsonObject) && values.contains(Value.of(found));
    }

    private static boolean ordered(@Nullable Object found, Filter.Compare c) {
        if (found instanceof JsonArray list) {
            return list.stream().anyMatch(element -> ordered(element, c));
        }
        Integer order = found instanceof Number n && c.value() instanceof Value.Num v
                ? Integer.valueOf(Double.compare(n.doubleValue(), v.number()))
                : found instanceof String s && c.value() instanceof Value.Text t
                        ? Integer.valueOf(s.compareTo(t.text()))
                        : null;
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
