package dev.shaula.api.wire;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a query says beside its vector, as parameters of a URL: the fields of {@link QueryDocument} under the same names,
 * the filter as the JSON text it is there. For bodies that are vectors and nothing else.
 *
 * @param vectors how the answer is to write vectors
 */
public record QueryParameters(
        String collection,
        SearchWish wish,
        @Nullable Filter filter,
        VectorForm vectors,
        boolean metadata,
        boolean version,
        boolean explain) {

    /**
     * Reads them.
     *
     * @param parameters the value of a parameter, empty if it was not given
     * @throws VectorDbException (invalid) naming the parameter, its value and what was expected
     */
    public static QueryParameters read(UnaryOperator<String> parameters) {
        Reader in = new Reader(parameters);
        String collection = in.text("collection");
        String filter = in.text("filter");
        return new QueryParameters(
                collection == null ? CollectionConfig.DEFAULT_NAME : collection,
                new SearchWish(
                        in.integer("top_k", SearchRequest.DEFAULT_K),
                        in.integer("ef_search", 0),
                        in.integer("ef", 0),
                        !in.bool("use_ann", true),
                        in.number("threshold")),
                filter == null ? null : Fragments.filter(filter.getBytes(StandardCharsets.UTF_8)),
                in.vectors(),
                in.bool("include_metadata", true),
                in.bool("include_version", false),
                in.bool("explain", false));
    }

    /** The search for one vector. */
    public SearchRequest search(float[] vector, QueryDefaults defaults) {
        return wish.toSearch(vector, filter, vectors != VectorForm.NONE, metadata, defaults)
                .withVersion(version);
    }

    private record Reader(UnaryOperator<String> parameters) {
        @Nullable
        String text(String name) {
            String value = parameters.apply(name);
            return value.isEmpty() ? null : value;
        }

        int integer(String name, int otherwise) {
            String value = text(name);
            try {
                return value == null ? otherwise : Integer.parseInt(value);
            } catch (NumberFormatException e) {
                throw expected(name, "a whole number", value);
            }
        }

        @Nullable
        Double number(String name) {
            String value = text(name);
            try {
                Double number = value == null ? null : Double.valueOf(value);
                if (number == null || Double.isFinite(number)) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // told below
            }
            throw expected(name, "a finite number", value);
        }

        boolean bool(String name, boolean otherwise) {
            String value = text(name);
            if (value == null) {
                return otherwise;
            }
            return switch (value) {
                case "true" -> true;
                case "false" -> false;
                default -> throw expected(name, "true or false", value);
            };
        }

        VectorForm vectors() {
            String name = text("include_values") != null ? "include_values" : "include_vectors";
            return "base64".equals(text(name)) ? VectorForm.BASE64 : VectorForm.of(bool(name, false));
        }

        private static VectorDbException expected(String name, String what, @Nullable String value) {
            return VectorDbException.invalid(
                    name + ": expected " + what + ", got \"" + Text.shortened(String.valueOf(value)) + "\"");
        }
    }
}
