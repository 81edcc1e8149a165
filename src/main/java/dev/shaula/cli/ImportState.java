package dev.shaula.cli;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Properties;
import java.util.SortedMap;

/**
 * How far an import has come, kept in a small file so that a second run goes on from there. Losing the file costs time
 * only: rows are upserts by id, so sending them again changes nothing.
 */
final class ImportState {
    /** Rows may be acknowledged thousands of times a second; the disk hears of it at most this often. */
    private static final long SAVE_INTERVAL_NS = 500_000_000L;

    private static final String ACKNOWLEDGED = "acknowledged";

    private final Path file;
    private final SortedMap<String, String> identity;
    private long lastSaveNs = System.nanoTime();

    /**
     * @param directory where progress files live; made when needed
     * @param target what is imported where: one progress file each
     * @param identity all that must be the same for the rows done to be the same rows, such as size and time of the file
     */
    ImportState(Path directory, String target, SortedMap<String, String> identity) {
        this.file = directory.resolve(hash(target) + ".properties");
        this.identity = identity;
    }

    /** {@code $XDG_CACHE_HOME/shaula/imports}, or the same under {@code ~/.cache}. */
    static Path defaultDirectory() {
        String cache = System.getenv("XDG_CACHE_HOME");
        Path base = cache == null || cache.isBlank()
                ? Path.of(System.getProperty("user.home", "."), ".cache")
                : Path.of(cache);
        return base.resolve("shaula").resolve("imports");
    }

    Path file() {
        return file;
    }

    /** Rows acknowledged by earlier runs of the same import; 0 if there was none, or the file or collection changed. */
    long load() {
        Properties saved = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            saved.load(in);
            boolean same =
                    identity.entrySet().stream().allMatch(e -> e.getValue().equals(saved.getProperty(e.getKey())));
            return same ? Math.max(0, Long.parseLong(saved.getProperty(ACKNOWLEDGED, "0"))) : 0;
        } catch (IOException | IllegalArgumentException e) {
            return 0; // absent or not ours: begin at the beginning, which is always right
        }
    }

    /** Saves the number of acknowledged rows, unless that was done a moment ago. */
    synchronized void note(long acknowledged) throws IOException {
        if (System.nanoTime() - lastSaveNs >= SAVE_INTERVAL_NS) {
            save(acknowledged);
        }
    }

    /** Saves the number of acknowledged rows. A crash leaves the old file or the new one. */
    synchronized void save(long acknowledged) throws IOException {
        Properties properties = new Properties();
        properties.putAll(identity);
        properties.setProperty(ACKNOWLEDGED, Long.toString(acknowledged));
        Files.createDirectories(file.toAbsolutePath().getParent());
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try (Writer out = Files.newBufferedWriter(fresh)) {
            properties.store(out, null);
        }
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        lastSaveNs = System.nanoTime();
    }

    void delete() throws IOException {
        Files.deleteIfExists(file);
    }

    private static String hash(String s) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(s.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }
}
