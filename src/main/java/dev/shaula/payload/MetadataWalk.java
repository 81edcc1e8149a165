package dev.shaula.payload;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import java.io.IOException;

/**
 * One streaming pass over the bytes of metadata that tells a {@link Sink} what stands in the slots of a
 * {@link FieldTrie}; the rest is skipped. Of a key that stands twice in one object the last counts. Immutable; any
 * thread may use it, each with a sink and a scalar of its own.
 */
final class MetadataWalk {
    /** Metadata is bounded as a whole, so the bounds on its parts only need to be as wide. */
    static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNumberLength(Limits.MAX_METADATA_BYTES)
                    .maxNameLength(Limits.MAX_METADATA_BYTES)
                    .build())
            .build();

    private final FieldTrie trie;
    private final boolean places;

    /** What a slot holds: a scalar, the scalars and places of a list, or a place. */
    interface Sink {
        /** The slot is there, or there again: whatever was told of it before counts no more. */
        void begin(int slot);

        /** The slot is not there after all. */
        void forget(int slot);

        void scalar(int slot, Scalar scalar);

        /** Degrees, within their ranges. */
        void place(int slot, double lat, double lon);
    }

    /** @param places whether the sink wants places; finding them costs a little */
    MetadataWalk(FieldTrie trie, boolean places) {
        this.trie = trie;
        this.places = places;
    }

    /** @throws IllegalArgumentException if the metadata is not a JSON object */
    void walk(Metadata metadata, Scalar scalar, Sink sink) {
        try (JsonParser parser = JSON.createParser(metadata.json())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("metadata: expected a JSON object");
            }
            new Walker(parser, scalar, sink).object(trie.root, true);
        } catch (IOException e) {
            throw new IllegalArgumentException("metadata: expected a JSON object", e);
        }
    }

    private final class Walker {
        private final JsonParser parser;
        private final Scalar scalar;
        private final Sink sink;

        Walker(JsonParser parser, Scalar scalar, Sink sink) {
            this.parser = parser;
            this.scalar = scalar;
            this.sink = sink;
        }

        /** @param descend false for an object in a list, which may be a place and nothing else */
        void object(FieldTrie.Node node, boolean descend) throws IOException {
            double lat = Double.NaN;
            double lon = Double.NaN;
            for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
                JsonToken token = parser.nextToken();
                if (places && key.equals("lat")) {
                    lat = degrees(token);
                } else if (places && key.equals("lon")) {
                    lon = degrees(token);
                }
                FieldTrie.Node child = descend ? node.child(key) : null;
                if (child == null) {
                    parser.skipChildren();
                } else {
                    value(token, child);
                }
            }
            if (Math.abs(lat) <= 90 && Math.abs(lon) <= 180) {
                for (int slot : node.slots()) {
                    sink.place(slot, lat, lon);
                }
            }
        }

        private double degrees(JsonToken token) throws IOException {
            return token.isNumeric() ? parser.getDoubleValue() : Double.NaN;
        }

        private void value(JsonToken token, FieldTrie.Node node) throws IOException {
            for (int slot : node.slotsFromHere()) {
                sink.forget(slot); // an earlier value of the same key counts no more
            }
            for (int slot : node.slots()) {
                sink.begin(slot);
            }
            switch (token) {
                case START_OBJECT -> {
                    if (node.hasChildren() || places) {
                        object(node, true);
                    } else {
                        parser.skipChildren();
                    }
                }
                case START_ARRAY -> array(node);
                default -> scalar(token, node);
            }
        }

        private void array(FieldTrie.Node node) throws IOException {
            for (JsonToken token = parser.nextToken();
                    token != null && token != JsonToken.END_ARRAY;
                    token = parser.nextToken()) {
                if (token.isScalarValue()) {
                    scalar(token, node);
                } else if (places && token == JsonToken.START_OBJECT) {
                    object(node, false);
                } else {
                    parser.skipChildren();
                }
            }
        }

        private void scalar(JsonToken token, FieldTrie.Node node) throws IOException {
            if (node.slots().length > 0) {
                scalar.read(parser, token);
                for (int slot : node.slots()) {
                    sink.scalar(slot, scalar);
                }
            }
        }
    }
}
