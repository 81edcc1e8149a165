package dev.shaula.collection;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.Metric;
import dev.shaula.model.Quantization;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.jboss.logging.Logger;

/**
 * The file {@code collection.json} in a collection's directory: what it was made with, and its indexes. A directory without one is what
 * a crash left of a creation that nobody was told of.
 *
 * <p>One changed byte could rename a collection, or send its ids to other shards, so that all of it seems to be gone.
 * Hence a checksum over the values, and a second copy from which a damaged first one is mended.
 */
record Manifest(CollectionConfig config, Instant createdAt, Declarations declared) {
    static final String FILE = "collection.json";
    private static final String COPY = FILE + ".copy";
    /** What {@link #write} makes. */
    static final List<String> FILES = List.of(FILE, COPY);

    private static final String QUANTIZATION = "quantization";
    private static final String TTL_SECONDS = "ttl_seconds";
    private static final String AUTO_INDEX_FIELDS = "auto_index_max_fields";
    private static final String INDEXES = "indexes";
    private static final String AUTOMATIC = "auto_indexes";
    private static final String LEFT_OUT = "auto_index_left_out";
    private static final int VERSION = 1;
    private static final JsonFactory JSON = new JsonFactory();
    private static final Logger LOG = Logger.getLogger(Manifest.class);

    /** Whether a collection was ever completely made in {@code directory}. */
    static boolean exists(Path directory) {
        return Files.exists(directory.resolve(FILE)) || Files.exists(directory.resolve(COPY));
    }

    /** Writes it, and its copy, so that after a crash they are there whole or not at all. */
    void write(Path directory) throws IOException {
        DurableFiles.write(directory.resolve(COPY), toJson());
        DurableFiles.write(directory.resolve(FILE), toJson());
        DurableFiles.syncParent(directory);
    }

    /** Removes it so that a crash cannot bring it back; does nothing if there is none. */
    static void delete(Path directory) throws IOException {
        boolean copy = Files.deleteIfExists(directory.resolve(COPY));
        if (Files.deleteIfExists(directory.resolve(FILE)) || copy) {
            DurableFiles.sync(directory);
        }
    }

    /** Reads it, mending either copy from the other; an {@link IOException} names the file and what is wrong with it. */
    static Manifest read(Path directory) throws IOException {
        Manifest manifest;
        try {
            manifest = readFile(directory.resolve(FILE));
        } catch (IOException e) {
            manifest = readCopy(directory, e);
        }
        try {
            readFile(directory.resolve(COPY));
        } catch (IOException e) {
            manifest.mend(directory, e);
        }
        return manifest;
    }

    private static Manifest readCopy(Path directory, IOException damage) throws IOException {
        try {
            Manifest manifest = readFile(directory.resolve(COPY));
            manifest.mend(directory, damage);
            return manifest;
        } catch (IOException both) {
            damage.addSuppressed(both);
            throw damage;
        }
    }

    /** The collection is sound, so a disk that is full or read-only must not keep it from being served. */
    private void mend(Path directory, IOException damage) {
        LOG.warnf("%s; it is written again from its other copy", damage.getMessage());
        try {
            write(directory);
        } catch (IOException e) {
            LOG.warnf("%s: could not be written again: %s", directory, e.getMessage());
        }
    }

    private static Manifest readFile(Path file) throws IOException {
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
                    Boolean.parseBoolean(field(fields, "enable_hnsw")),
                    Quantization.parse(QUANTIZATION, fields.getOrDefault(QUANTIZATION, Quantization.AUTO.wireName())),
                    Long.parseLong(fields.getOrDefault(TTL_SECONDS, "0")),
                    Integer.parseInt(fields.getOrDefault(AUTO_INDEX_FIELDS, "0")));
            Declarations declared = new Declarations(
                    indexes(fields.getOrDefault(INDEXES, "")),
                    indexes(fields.getOrDefault(AUTOMATIC, "")),
                    lines(fields.getOrDefault(LEFT_OUT, "")));
            Manifest manifest = new Manifest(config, Instant.parse(field(fields, "created_at")), declared);
            if (!manifest.checksum().equals(field(fields, "crc32c"))) {
                throw new IOException("its checksum is wrong");
            }
            return manifest;
        } catch (IOException | RuntimeException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private byte[] toJson() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            writeFields(json);
            json.writeStringField("crc32c", checksum());
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    /** Of the values, not of the bytes: who changes the layout of the file changes nothing. */
    private String checksum() throws IOException {
        StringWriter compact = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(compact)) {
            json.writeStartObject();
            writeFields(json);
            json.writeEndObject();
        }
        CRC32C crc = new CRC32C();
        crc.update(compact.toString().getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    private void writeFields(JsonGenerator json) throws IOException {
        json.writeNumberField("version", VERSION);
        json.writeStringField("name", config.name());
        json.writeNumberField("dimensions", config.dimensions());
        json.writeStringField("metric", config.metric().wireName());
        json.writeNumberField("shards", config.shards());
        json.writeNumberField("m", config.m());
        json.writeNumberField("ef_construction", config.efConstruction());
        json.writeBooleanField("enable_hnsw", config.hnsw());
        if (config.quantization() != Quantization.AUTO) {
            // Absent from manifests that are older than the choice, whose checksums must still agree.
            json.writeStringField(QUANTIZATION, config.quantization().wireName());
        }
        if (config.ttlSeconds() != 0) {
            json.writeNumberField(TTL_SECONDS, config.ttlSeconds());
        }
        if (config.autoIndexFields() != 0) {
            json.writeNumberField(AUTO_INDEX_FIELDS, config.autoIndexFields());
        }
        json.writeStringField("created_at", createdAt.toString());
        // Left out where there is none, as by versions that knew of none.
        writeUnlessEmpty(json, INDEXES, text(declared.indexes()));
        writeUnlessEmpty(json, AUTOMATIC, text(declared.automatic()));
        writeUnlessEmpty(json, LEFT_OUT, String.join("\n", declared.leftOut()));
    }

    private static void writeUnlessEmpty(JsonGenerator json, String name, String value) throws IOException {
        if (!value.isEmpty()) {
            json.writeStringField(name, value);
        }
    }

    /** A line for each: its kind, a space, its field. */
    private static String text(List<FieldIndex> indexes) {
        return indexes.stream()
                .map(index -> index.kind().wireName() + " " + index.field())
                .collect(Collectors.joining("\n"));
    }

    private static List<String> lines(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split("\n", -1));
    }

    private static List<FieldIndex> indexes(String text) throws IOException {
        List<FieldIndex> indexes = new ArrayList<>();
        for (String line : lines(text)) {
            int space = line.indexOf(' ');
            if (space < 0) {
                throw new IOException("indexes: expected a kind and a field, found \"" + line + "\"");
            }
            indexes.add(new FieldIndex(line.substring(space + 1), Kind.fromWireName(line.substring(0, space))));
        }
        return List.copyOf(indexes);
    }

    private static String field(Map<String, String> fields, String name) throws IOException {
        String value = fields.get(name);
        if (value == null) {
            throw new IOException("expected a field \"" + name + "\"");
        }
        return value;
    }
}
