package dev.shaula.collection;

import dev.shaula.model.CollectionConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The file {@code backup.json} of a backup: what it holds and what every byte of it must be. A folder without one is no
 * backup.
 *
 * @param server version of the server that took it
 * @param aliases of a backup of everything; empty otherwise
 */
record BackupManifest(
        String name, Instant createdAt, String server, List<Collection> collections, Map<String, String> aliases) {
    static final String FILE = "backup.json";
    private static final long VERSION = 1;
    private static final long MAX_BYTES = 256L << 20;
    /** What Shaula and RocksDB call their files; no part is hidden, empty, {@code .} or {@code ..}. */
    private static final Pattern PATH_PART = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}");

    private static final int MAX_PATH_PARTS = 4;

    BackupManifest {
        collections = List.copyOf(collections);
    }

    /**
     * One collection.
     *
     * @param folder in the backup
     * @param sequences last record of the log of each shard
     */
    record Collection(String name, String folder, List<Long> sequences, List<Content> files) {
        Collection {
            sequences = List.copyOf(sequences);
            files = List.copyOf(files);
        }
    }

    /**
     * A file.
     *
     * @param path relative to the folder of the collection
     * @param bytes that belong to the backup; the file may be longer
     * @param crc CRC32C of these bytes
     */
    record Content(String path, long bytes, int crc) {}

    long bytes() {
        return collections.stream()
                .flatMap(c -> c.files().stream())
                .mapToLong(Content::bytes)
                .sum();
    }

    Backups.Info info() {
        List<Backups.Part> parts = collections.stream()
                .map(c -> new Backups.Part(c.name(), c.sequences()))
                .toList();
        return new Backups.Info(name, Backups.Status.COMPLETE, createdAt, bytes(), parts, null);
    }

    void write(Path folder) throws IOException {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("version", VERSION);
        body.put("name", name);
        body.put("created_at", createdAt.toString());
        body.put("server", server);
        body.put("aliases", aliases);
        body.put("collections", collections.stream().map(BackupManifest::toJson).toList());
        SealedJson.write(folder.resolve(FILE), body);
    }

    /** Reads it; an {@link IOException} names the file and what is wrong with it. Nothing in it points outside. */
    static BackupManifest read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        Map<String, Object> body = SealedJson.read(file, MAX_BYTES);
        try {
            if (SealedJson.number(body, "version") != VERSION) {
                throw new IOException("expected version " + VERSION + ", found " + body.get("version"));
            }
            List<Collection> collections = new ArrayList<>();
            for (Object collection : SealedJson.list(body, "collections")) {
                collections.add(collection(SealedJson.as(collection, "collections", Map.class)));
            }
            return new BackupManifest(
                    // A copied backup goes by the name that its folder has now.
                    folder.getFileName().toString(),
                    Instant.parse(SealedJson.text(body, "created_at")),
                    SealedJson.text(body, "server"),
                    collections,
                    LocalAliases.parse(SealedJson.object(body, "aliases")));
        } catch (IOException | RuntimeException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static Map<String, Object> toJson(Collection collection) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", collection.name());
        json.put("folder", collection.folder());
        json.put("sequences", collection.sequences());
        json.put(
                "files", collection.files().stream().map(BackupManifest::toJson).toList());
        return json;
    }

    private static Map<String, Object> toJson(Content file) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("path", file.path());
        json.put("bytes", file.bytes());
        json.put("crc32c", Integer.toUnsignedLong(file.crc()));
        return json;
    }

    private static Collection collection(Map<?, ?> json) throws IOException {
        List<Long> sequences = new ArrayList<>();
        for (Object sequence : SealedJson.list(json, "sequences")) {
            sequences.add(SealedJson.as(sequence, "sequences", Long.class));
        }
        List<Content> files = new ArrayList<>();
        for (Object file : SealedJson.list(json, "files")) {
            files.add(content(SealedJson.as(file, "files", Map.class)));
        }
        String name = SealedJson.text(json, "name");
        CollectionConfig.checkName("name", name);
        return new Collection(name, checkedPath(SealedJson.text(json, "folder"), 1), sequences, files);
    }

    private static Content content(Map<?, ?> json) throws IOException {
        String path = checkedPath(SealedJson.text(json, "path"), MAX_PATH_PARTS);
        long bytes = SealedJson.number(json, "bytes");
        long crc = SealedJson.number(json, "crc32c");
        if (bytes < 0 || crc < 0 || crc > 0xffff_ffffL) {
            throw new IOException(path + ": expected a size and a checksum, found " + bytes + " and " + crc);
        }
        return new Content(path, bytes, (int) crc);
    }

    private static String checkedPath(String path, int maxParts) throws IOException {
        String[] parts = path.split("/", -1);
        boolean plain = parts.length <= maxParts;
        for (String part : parts) {
            plain &= PATH_PART.matcher(part).matches();
        }
        if (!plain) {
            throw new IOException("expected a relative path of plain names, found \"" + path + "\"");
        }
        return path;
    }
}
