package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import dev.shaula.shard.Shard;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk does not answer: one file of a store is a pipe that nobody writes to, and opening it does not return. */
@NullMarked
class LateShardTest {
    private static final FieldIndex YEAR = new FieldIndex("year", FieldIndex.Kind.INTEGER);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    @Test
    void shouldServeTheOthersWhileAShardIsOpeningAndTakeItInWhenItComes() throws Exception {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            fill(node, "late");
            fill(node, "punctual");
        }
        Path current = current("late");
        Path kept = current.resolveSibling("CURRENT.kept");
        Files.move(current, kept);
        assumeTrue(makePipe(current), "skipped: no mkfifo");

        LocalCollections.Settings impatient =
                LocalCollections.Settings.withBudget(16 << 20).withOpenWait(Duration.ofMillis(50));
        boolean blocked = true;
        try (EmbeddedNode node = new EmbeddedNode(data, impatient, s -> s)) {
            try {
                LocalCollections all = node.collections();
                while (!onlyOneIsLate(all.damage())) { // the others may be late as well
                    Thread.onSpinWait();
                }
                assertThat(nearest(all, "punctual")).containsExactly("a");
                assertThatThrownBy(() -> nearest(all, "late"))
                        .isInstanceOf(VectorDbException.class)
                        .hasMessageContaining("shard late/0 is still opening since ")
                        .hasMessageContaining("try again later");
                get(all.require("late").createIndex(YEAR));

                unblock(current, kept);
                blocked = false;
                while (!all.damage().isEmpty()) {
                    Thread.onSpinWait();
                }
                assertThat(nearest(all, "late")).containsExactly("a");
                get(all.require("late").upsert(List.of(point("b")), Ack.INDEXED));
                assertThat(all.require("late").info().vectorCount()).isEqualTo(2);
                while (all.require("late").indexes().isEmpty()) {
                    Thread.onSpinWait();
                }
                assertThat(all.require("late").indexes())
                        .extracting(IndexStatus::index)
                        .containsExactly(YEAR);
            } finally {
                if (blocked) {
                    unblock(current, kept);
                }
            }
        }
    }

    private static boolean onlyOneIsLate(List<String> damage) {
        return damage.size() == 1 && damage.getFirst().startsWith("late/0: still opening since ");
    }

    @Test
    void shouldNotWaitWhenClosedForAShardThatMayNeverCome() {
        CompletableFuture<Shard> never = new CompletableFuture<>();
        LateShard late = new LateShard(never, QuarantinedShard.opening("late/0", Instant.EPOCH));
        get(late.close());
        assertThat(late.status().failure()).isEqualTo("late/0: still opening since 1970-01-01T00:00:00Z");
    }

    private static void fill(EmbeddedNode node, String name) {
        get(node.create(new CollectionConfig(name, 2, Metric.COSINE, 1, 8, 40, true))
                .upsert(List.of(point("a")), Ack.INDEXED));
    }

    private static Point point(String id) {
        return new Point(id, new float[] {1, 2}, Metadata.ofJson("{\"year\":1972}"));
    }

    private static List<String> nearest(LocalCollections all, String name) {
        return get(all.require(name).search(SearchRequest.of(new float[] {1, 2}, 1))).stream()
                .map(ScoredPoint::id)
                .toList();
    }

    private Path current(String name) throws IOException {
        try (Stream<Path> files = Files.walk(data.resolve("collections"))) {
            return files.filter(f -> f.endsWith("CURRENT") && f.toString().contains("/" + name + "-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static boolean makePipe(Path path) throws InterruptedException {
        try {
            return new ProcessBuilder("mkfifo", path.toString()).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** The pipe's reader gets what the file holds; whoever opens it after that finds the file. */
    private static void unblock(Path pipe, Path file) throws IOException {
        byte[] content = Files.readAllBytes(file);
        try (OutputStream out = Files.newOutputStream(pipe)) {
            Files.move(file, pipe, StandardCopyOption.REPLACE_EXISTING);
            out.write(content);
        }
    }
}
