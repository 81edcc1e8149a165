package dev.shaula.payload;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.FoundFields;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds fields that nobody has declared an index on, and what kind of index their first value asks for: numbers, truth
 * values, strings that are moments, other strings as keywords, objects with {@code lat} and {@code lon} as places, other
 * objects by the fields in them, and lists by their first element that is not null. A null says nothing, and a text of
 * more than {@link Limits#MAX_AUTO_TEXT} characters that the field is no keyword.
 *
 * <p>What is known is skipped, so that a row without a new field costs one pass over its bytes. Immutable; any thread.
 */
public final class FieldSurvey {
    private static final String PREFIX = "metadata.";

    /** As many fields are found at once; what follows is found again with a later row. */
    private static final int MOST_FOUND = Limits.MAX_INDEXES + Limits.MAX_LEFT_OUT_FIELDS;

    private final Node root = new Node();

    /** A key that is on the way to a known field, or is one. */
    private static final class Node {
        private final Map<String, Node> children = new HashMap<>();
        private boolean known;
        private boolean place;
    }

    /**
     * Begins with what is known.
     *
     * @param indexes fields that are indexed
     * @param leftOut fields that are not to be
     */
    public FieldSurvey(List<FieldIndex> indexes, List<String> leftOut) {
        for (FieldIndex index : indexes) {
            add(index.field(), index.kind() == Kind.GEO);
        }
        leftOut.forEach(field -> add(field, false));
    }

    /** A dot may be part of a key, or lie between two: a field is known in both forms. */
    private void add(String field, boolean place) {
        mark(root.children.computeIfAbsent(field, k -> new Node()), place);
        Node node = root;
        for (String key : field.split("\\.", -1)) {
            node = node.children.computeIfAbsent(key, k -> new Node());
        }
        mark(node, place);
    }

    private static void mark(Node node, boolean place) {
        node.known = true;
        node.place |= place;
    }

    /** What some rows have that was not known. */
    public FoundFields of(Iterable<Metadata> rows) {
        Walk walk = new Walk();
        for (Metadata row : rows) {
            if (!row.isEmpty() && walk.found.size() < MOST_FOUND) {
                walk.row(row);
            }
        }
        return walk.result();
    }

    /** @param kind null for a field that is to be left out */
    private record Found(String field, @Nullable Kind kind) {}

    /** One pass over some rows. */
    private final class Walk {
        private final List<Found> found = new ArrayList<>();
        private final Set<String> names = new HashSet<>();
        private final Scalar scalar = new Scalar();

        void row(Metadata metadata) {
            try (JsonParser parser = MetadataWalk.JSON.createParser(metadata.json())) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw new IllegalArgumentException("metadata: expected a JSON object");
                }
                object(parser, root, "");
            } catch (IOException e) {
                throw new IllegalArgumentException("metadata: expected a JSON object", e);
            }
        }

        FoundFields result() {
            List<FieldIndex> indexable = new ArrayList<>();
            List<String> leftOut = new ArrayList<>();
            for (Found each : found) {
                if (each.kind == null) {
                    leftOut.add(each.field);
                } else {
                    indexable.add(new FieldIndex(each.field, each.kind));
                }
            }
            return new FoundFields(indexable, leftOut);
        }

        /** @param prefix of the names of its fields: empty, or ending in a dot */
        private void object(JsonParser parser, @Nullable Node node, String prefix) throws IOException {
            int before = found.size();
            double lat = Double.NaN;
            double lon = Double.NaN;
            for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
                JsonToken token = parser.nextToken();
                if (key.equals("lat")) {
                    lat = degrees(parser, token);
                } else if (key.equals("lon")) {
                    lon = degrees(parser, token);
                }
                value(parser, token, node == null ? null : node.children.get(key), prefix, key);
            }
            if (!prefix.isEmpty() && isPlace(lat, lon)) {
                forget(before);
                if (node == null || !node.known) {
                    add(prefix.substring(0, prefix.length() - 1), Kind.GEO);
                }
            }
        }

        private void value(JsonParser parser, JsonToken token, @Nullable Node node, String prefix, String key)
                throws IOException {
            boolean known = node != null && node.known;
            switch (token) {
                case START_OBJECT -> {
                    if (node != null && node.place) {
                        parser.skipChildren();
                    } else {
                        object(parser, node, prefix + key + ".");
                    }
                }
                case START_ARRAY -> {
                    if (known) {
                        parser.skipChildren();
                    } else {
                        list(parser, prefix + key);
                    }
                }
                default -> {
                    if (!known) {
                        scalar(parser, token, prefix + key);
                    }
                }
            }
        }

        /** The first element that says something decides. */
        private void list(JsonParser parser, String field) throws IOException {
            boolean open = true;
            for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
                if (open && token.isScalarValue()) {
                    open = !scalar(parser, token, field);
                } else if (open && token == JsonToken.START_OBJECT) {
                    open = !place(parser, field);
                } else {
                    parser.skipChildren();
                }
            }
        }

        /** False for a null, which says nothing. */
        private boolean scalar(JsonParser parser, JsonToken token, String field) throws IOException {
            scalar.read(parser, token);
            switch (scalar.kind()) {
                case NULL -> {
                    return false;
                }
                case NUMBER -> add(field, Kind.FLOAT);
                case BOOL -> add(field, Kind.BOOLEAN);
                case TEXT -> add(field, kindOfText());
            }
            return true;
        }

        private @Nullable Kind kindOfText() {
            if (scalar.micros() != Times.NONE) {
                return Kind.DATETIME;
            }
            return scalar.text().length() > Limits.MAX_AUTO_TEXT ? null : Kind.KEYWORD;
        }

        /** Reads an object of a list, of which filters see nothing but a place. */
        private boolean place(JsonParser parser, String field) throws IOException {
            double lat = Double.NaN;
            double lon = Double.NaN;
            for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
                JsonToken token = parser.nextToken();
                if (key.equals("lat")) {
                    lat = degrees(parser, token);
                } else if (key.equals("lon")) {
                    lon = degrees(parser, token);
                }
                parser.skipChildren();
            }
            if (isPlace(lat, lon)) {
                add(field, Kind.GEO);
                return true;
            }
            return false;
        }

        private void add(String field, @Nullable Kind kind) {
            boolean fits = !field.isEmpty()
                    && field.length() <= Limits.MAX_FIELD_LENGTH
                    && !field.startsWith(PREFIX)
                    && field.chars().noneMatch(Character::isISOControl);
            if (fits && found.size() < MOST_FOUND && names.add(field)) {
                found.add(new Found(field, kind));
            }
        }

        private void forget(int from) {
            while (found.size() > from) {
                names.remove(found.removeLast().field);
            }
        }
    }

    private static double degrees(JsonParser parser, JsonToken token) throws IOException {
        return token.isNumeric() ? parser.getDoubleValue() : Double.NaN;
    }

    private static boolean isPlace(double lat, double lon) {
        return Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
    }
}
