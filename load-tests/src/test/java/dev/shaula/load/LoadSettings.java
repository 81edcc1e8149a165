package dev.shaula.load;

import dev.shaula.fixtures.VectorSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a run is asked to do, from {@code -D} properties; the README's table lists them.
 *
 * @param url of a running server; absent: start one and stop it at the end
 * @param launcher of that server
 * @param data directory of stored vector sets; absent: embedding-like vectors are made
 * @param set name of the stored set
 * @param rows embedding-like base rows
 * @param dimensions of embedding-like vectors
 * @param queries different embedding-like queries; they are asked in a circle
 * @param seed of embedding-like vectors
 * @param rate searches per second, arriving whether or not earlier ones were answered
 * @param duration of the measured part
 * @param warmup before it, with the rate rising from one a second
 * @param efSearch candidates a search keeps
 * @param p99Millis highest 99th percentile of the answering times that passes
 * @param recall lowest mean recall@10 that passes
 */
record LoadSettings(
        Optional<URI> url,
        Path launcher,
        Optional<Path> data,
        String set,
        int rows,
        int dimensions,
        int queries,
        long seed,
        double rate,
        Duration duration,
        Duration warmup,
        int efSearch,
        int p99Millis,
        double recall) {
    /** Rows asked for and compared. */
    static final int K = 10;

    static LoadSettings fromSystemProperties() {
        return new LoadSettings(
                optional("url", URI::create),
                property("launcher", Path.of("..", "shaula"), Path::of),
                optional("data", Path::of),
                property("set", "sift-128", Function.identity()),
                property("rows", 5_000, Integer::valueOf),
                property("dimensions", 128, Integer::valueOf),
                property("queries", 200, Integer::valueOf),
                property("seed", 42L, Long::valueOf),
                property("rate", 50.0, Double::valueOf),
                property("duration", Duration.ofSeconds(30), LoadSettings::seconds),
                property("warmup", Duration.ofSeconds(10), LoadSettings::seconds),
                property("ef", 100, Integer::valueOf),
                property("p99", 50, Integer::valueOf),
                property("recall", 0.95, Double::valueOf));
    }

    /** Reads or makes the vectors; takes seconds. */
    VectorSet vectors() {
        return data.map(this::stored).orElseGet(() -> VectorSet.embeddingLike(rows, dimensions, queries, K, seed));
    }

    private VectorSet stored(Path directory) {
        try {
            return VectorSet.stored(directory, set, K);
        } catch (IOException e) {
            throw new UncheckedIOException("data: cannot read set " + set + " of " + directory, e);
        }
    }

    private static Duration seconds(String text) {
        return Duration.ofSeconds(Long.parseLong(text));
    }

    private static <T> T property(String name, T otherwise, Function<String, T> parse) {
        return optional(name, parse).orElse(otherwise);
    }

    /** An empty value counts as absent, so that scripts can pass {@code -Durl=$URL} always. */
    private static <T> Optional<T> optional(String name, Function<String, T> parse) {
        String text = System.getProperty(name, "");
        try {
            return text.isBlank() ? Optional.empty() : Optional.of(parse.apply(text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("-D" + name + ": cannot use \"" + text + "\"", e);
        }
    }
}
