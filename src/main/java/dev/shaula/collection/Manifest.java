package dev.shaula.collection;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * The file {@code collection.json} in a collection's directory: what it was made with. A directory without one is what
 * a crash left of a creation that nobody was told of.
 */
record Manifest(CollectionConfig config, Instant createdAt) {
    static final String FILE = "collection.json";
    private static final int VERSION = 1;
    private static final JsonFactory JSON = new JsonFactory();

    /** Writes it so that after a crash it is there whole or not at all. */
    void write(Path directory) throws IOException {
        DurableFiles.write(directory.resolve(FILE), toJson());
        DurableFiles.syncParent(directory);
    }

    /** Removes it so that a crash cannot bring it back; does nothing if there is none. */
    static void delete(Path directory) throws IOException {
        if (Files.deleteIfExists(directory.resolve(FILE))) {
            DurableFiles.sync(directory);
        }
    }

    /** Reads it; an {@link IOException} names the file and what is wrong with it. */
    static Manifest read(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        Map<String, String> fields = new HashMap<>();
        try (JsonParser parser = JSON.createParser(Files.readAllBytes(file))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("expected a JSON object");
            }
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                parser.nextToken();
                fields.put(name, parser.getText());
            }
            int version = Integer.parseInt(field(fields, "version"));
            if (version != VERSION) {
                throw new IOException("expected version " + VERSION + ", found " + version);
            }
            CollectionConfig config = new CollectionConfig(
                    field(fields, "name"),
                    Integer.parseInt(field(fields, "dimensions")),
                    Metric.fromWireName(field(fields, "metric")),
                    Integer.parseInt(field(fields, "shards")),
                    Integer.parseInt(field(fields, "m")),
                    Integer.parseInt(field(fields, "ef_construction")),
                    Boolean.parseBoolean(field(fields, "enable_hnsw")));
            return new Manifest(config, Instant.parse(field(fields, "created_at")));
        } catch (IOException | RuntimeException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private byte[] toJson() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            json.writeNumberField("version", VERSION);
            json.writeStringField("name", config.name());
            json.writeNumberField("dimensions", config.dimensions());
            json.writeStringField("metric", config.metric().wireName());
            json.writeNumberField("shards", config.shards());
            json.writeNumberField("m", config.m());
            json.writeNumberField("ef_construction", config.efConstruction());
            json.writeBooleanField("enable_hnsw", config.hnsw());
            json.writeStringField("created_at", createdAt.toString());
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    private static String field(Map<String, String> fields, String name) throws IOException {
        String value = fields.get(name);
        if (value == null) {
            throw new IOException("expected a field \"" + name + "\"");
        }
        return value;
    }
}
