package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class AliasesTest {
    private static final int DIMENSIONS = 8;

    @TempDir
    Path data;

    private static CollectionConfig config(String name) {
        return new CollectionConfig(name, DIMENSIONS, Metric.EUCLIDEAN, 2, 16, 100, true);
    }

    private static void filled(EmbeddedNode node, String name) {
        get(node.create(config(name)).upsert(new RandomVectors(DIMENSIONS, 7).points(name, 300), Ack.INDEXED));
    }

    private static void assertRefused(Uni<?> call, VectorDbException.Kind kind, String text) {
        assertThatThrownBy(() -> get(call))
                .isInstanceOfSatisfying(
                        VectorDbException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(text);
    }

    /** The collections that an answer comes from, for ids begin with the name of theirs. */
    private static Set<String> sources(List<ScoredPoint> answer) {
        return answer.stream().map(p -> p.id().replaceAll("\\d", "")).collect(Collectors.toSet());
    }

    @Test
    void shouldSwitchWithoutAnErrorAndAnswerWhollyFromOneCollection() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            filled(node, "blue");
            filled(node, "green");
            Aliases aliases = node.collections().aliases();
            get(aliases.set("live", "blue"));
            SearchRequest request = SearchRequest.of(new RandomVectors(DIMENSIONS, 8).next(), 20);
            AtomicBoolean stop = new AtomicBoolean();
            List<CompletableFuture<Integer>> searchers = new ArrayList<>();
            for (int s = 0; s < 3; s++) {
                searchers.add(CompletableFuture.supplyAsync(
                        () -> {
                            int switches = 0;
                            Set<String> last = Set.of();
                            while (!stop.get()) {
                                List<ScoredPoint> answer =
                                        get(node.collections().require("live").search(request));
                                assertThat(answer).hasSize(20);
                                Set<String> sources = sources(answer);
                                assertThat(sources).hasSize(1);
                                switches += sources.equals(last) ? 0 : 1;
                                last = sources;
                            }
                            return switches;
                        },
                        task -> Thread.ofPlatform().start(task)));
            }
            for (int i = 0; i < 200; i++) {
                String target = i % 2 == 0 ? "green" : "blue";
                get(aliases.set("live", target));
                assertThat(sources(get(node.collections().require("live").search(request))))
                        .containsExactly(target);
            }
            stop.set(true);
            assertThat(searchers).allSatisfy(s -> assertThat(s.join()).isGreaterThan(2));
        }
    }

    /** Rebuild beside, switch, drop the old: whoever asks for the alias finds a collection at every moment. */
    @Test
    void shouldAlwaysFindACollectionWhileOldOnesAreDroppedBehindTheAlias() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            node.create(config("v0"));
            get(node.collections().aliases().set("live", "v0"));
            AtomicBoolean stop = new AtomicBoolean();
            CompletableFuture<Void> reader = CompletableFuture.runAsync(
                    () -> {
                        while (!stop.get()) {
                            assertThat(node.collections().find("live")).isPresent();
                        }
                    },
                    task -> Thread.ofPlatform().start(task));
            for (int v = 1; v <= 20; v++) {
                node.create(config("v" + v));
                get(node.collections().aliases().set("live", "v" + v));
                get(node.collections().drop("v" + (v - 1)));
            }
            stop.set(true);
            reader.join();
        }
    }

    @Test
    void shouldKeepAliasesOverARestart() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            filled(node, "blue");
            filled(node, "green");
            get(node.collections().aliases().set("live", "blue"));
            get(node.collections().aliases().set("other", "blue"));
            get(node.collections().aliases().set("live", "green"));
            get(node.collections().aliases().set("gone", "green"));
            get(node.collections().aliases().delete("gone"));
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().aliases().all()).isEqualTo(Map.of("live", "green", "other", "blue"));
            assertThat(node.collections().aliases().of("green")).containsExactly("live");
            assertThat(node.collections().require("live").info().config().name())
                    .isEqualTo("green");
            assertThat(node.collections().find("gone")).isEmpty();
            assertThat(node.collections().damage()).isEmpty();
        }
    }

    @Test
    void shouldGiveANameToOneThingOnly() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            node.create(config("blue"));
            node.create(config("green"));
            Aliases aliases = node.collections().aliases();
            get(aliases.set("live", "blue"));
            assertRefused(
                    aliases.set("green", "blue"),
                    VectorDbException.Kind.CONFLICT,
                    "\"green\" already exists as a collection");
            assertRefused(
                    node.collections().create(config("live")),
                    VectorDbException.Kind.CONFLICT,
                    "\"live\" already exists as an alias of collection \"blue\"");
            assertRefused(
                    node.collections().drop("blue"),
                    VectorDbException.Kind.CONFLICT,
                    "collection \"blue\" has aliases: live");
            assertRefused(
                    node.collections().drop("live"), VectorDbException.Kind.CONFLICT, "is an alias of collection");
            assertRefused(aliases.set("second", "live"), VectorDbException.Kind.NOT_FOUND, "it is an alias");
            assertRefused(aliases.set("x", "nothing"), VectorDbException.Kind.NOT_FOUND, "does not exist");
            assertRefused(aliases.set(".x", "blue"), VectorDbException.Kind.INVALID, "alias:");
            assertRefused(aliases.delete("x"), VectorDbException.Kind.NOT_FOUND, "does not exist");
            assertThat(aliases.all()).isEqualTo(Map.of("live", "blue"));
            get(aliases.delete("live"));
            get(node.collections().drop("blue"));
        }
    }

    @Test
    void shouldReportADamagedFileAndServeTheCollections() throws IOException {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            node.create(config("blue"));
            get(node.collections().aliases().set("live", "blue"));
        }
        Path file = data.resolve(LocalAliases.FILE);
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < whole.length; i++) {
            byte[] flipped = whole.clone();
            flipped[i] ^= 1;
            Files.write(file, flipped);
            assertThatThrownBy(() -> SealedJson.read(file, 1 << 20)).isInstanceOf(IOException.class);
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().damage()).hasSize(1);
            assertThat(node.collections().damage().getFirst()).contains("aliases.json");
            assertThat(node.collections().find("blue")).isPresent();
            assertRefused(
                    node.collections().aliases().set("live", "blue"),
                    VectorDbException.Kind.INTERNAL,
                    "remove the file and restart");
        }
    }
}
