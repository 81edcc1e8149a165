package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * How long after its opening a collection of one shard filters by its five indexes: as it was closed, and without the
 * files beside its checkpoints. {@code IndexStartBenchmark ROWS}; three turns each, in turn.
 */
final class IndexStartBenchmark {
    private static final List<FieldIndex> INDEXES = List.of(
            new FieldIndex("title", Kind.KEYWORD),
            new FieldIndex("tags", Kind.KEYWORD),
            new FieldIndex("year", Kind.INTEGER),
            new FieldIndex("price", Kind.FLOAT),
            new FieldIndex("at", Kind.DATETIME));

    private IndexStartBenchmark() {}

    /** Rows to be stored. */
    public static void main(String[] args) throws IOException {
        int rows = Integer.parseInt(args[0]);
        Path data = Files.createTempDirectory("index-start");
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            fill(node, rows);
        }
        for (int turn = 0; turn < 3; turn++) {
            System.out.printf("with files: %d ms, %d bytes on disk%n", openMs(data), indexBytes(data, false));
            indexBytes(data, true);
            System.out.printf("without:    %d ms%n", openMs(data));
        }
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void fill(EmbeddedNode node, int rows) {
        CollectionConfig config = new CollectionConfig("things", 8, Metric.DOT, 1, 8, 40, false);
        VectorCollection things =
                get(node.collections().create(config, INDEXES)).collection();
        Random random = new Random(7);
        for (int from = 0; from < rows; from += 1_000) {
            List<Point> points = new ArrayList<>();
            for (int i = from; i < Math.min(rows, from + 1_000); i++) {
                String json = "{\"title\":\"A title of its own, number " + i + "\",\"tags\":[\"t" + random.nextInt(20)
                        + "\",\"t" + random.nextInt(20) + "\"],\"year\":" + (1900 + random.nextInt(120)) + ",\"price\":"
                        + random.nextInt(100_000) / 100.0 + ",\"at\":\"2026-0" + (1 + random.nextInt(9))
                        + "-11T10:20:30Z\",\"text\":\"" + "some words that nobody filters by ".repeat(10) + "\"}";
                points.add(new Point("p" + i, new float[8], Metadata.ofJson(json)));
            }
            get(things.upsert(points, Ack.DURABLE));
        }
    }

    private static long openMs(Path data) {
        long startedNs = System.nanoTime();
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.collections().require("things");
            long openNs = System.nanoTime();
            while (!things.indexes().stream().allMatch(IndexStatus::ready)) {
                Thread.onSpinWait();
            }
            System.out.printf("open after %d ms, ", (openNs - startedNs) / 1_000_000);
            return (System.nanoTime() - startedNs) / 1_000_000;
        }
    }

    private static long indexBytes(Path data, boolean delete) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.filter(f -> f.getFileName().toString().startsWith("indexes-"))
                    .toList()) {
                bytes += Files.size(file);
                if (delete) {
                    Files.delete(file);
                }
            }
        }
        return bytes;
    }
}
