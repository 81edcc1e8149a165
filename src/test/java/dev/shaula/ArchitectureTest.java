package dev.shaula;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The import table of the house. Rules are plain tests: a rule that checks nothing must not be able to pass. */
@NullMarked
class ArchitectureTest {
    private static final String ROOT = "dev.shaula";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    /** Room to the rooms it may import, itself aside; sub-rooms of {@code api} are rooms of their own. */
    private static final Map<String, List<String>> MAY_IMPORT = new TreeMap<>(Map.ofEntries(
            Map.entry("model", List.of()),
            Map.entry("memory", List.of()),
            Map.entry("simd", List.of()),
            Map.entry("vectors", List.of("model", "memory", "simd")),
            Map.entry("hnsw", List.of("model", "memory", "vectors")),
            Map.entry("payload", List.of("model", "memory")),
            Map.entry("text", List.of("model", "memory")),
            Map.entry("storage", List.of("model", "memory")),
            Map.entry("shard", List.of("model", "memory", "simd", "vectors", "hnsw", "payload", "text", "storage")),
            Map.entry("collection", List.of("model", "shard")),
            Map.entry("cluster", List.of("model", "shard", "collection")),
            Map.entry("security", List.of("model")),
            Map.entry("api.wire", List.of("model", "collection", "security")),
            Map.entry("api.rest", List.of("api.wire", "model", "collection", "security")),
            Map.entry("api.websocket", List.of("api.wire", "model", "collection", "security")),
            Map.entry("api.grpc", List.of("api.wire", "model", "collection", "security")),
            Map.entry("api.kafka", List.of("api.wire", "model", "collection", "security")),
            Map.entry("ops", List.of("model", "shard", "collection")),
            Map.entry("cli", List.of("model"))));

    @Test
    void shouldImportTheClassesThatTheRulesSpeakOf() {
        assertThat(CLASSES.size()).isGreaterThan(15);
        assertThat(CLASSES.stream().map(ArchitectureTest::roomOf).collect(Collectors.toSet()))
                .contains("model", "collection");
    }

    @Test
    void shouldKeepEveryClassInARoomOfTheTable() {
        Set<String> unknown = CLASSES.stream()
                .filter(c -> !MAY_IMPORT.containsKey(roomOf(c)))
                .map(JavaClass::getName)
                .collect(Collectors.toSet());
        assertThat(unknown).isEmpty();
    }

    @Test
    void shouldImportOnlyWhatTheTableAllows() {
        for (Map.Entry<String, List<String>> room : MAY_IMPORT.entrySet()) {
            noClasses()
                    .that(liveIn(room.getKey()))
                    .should()
                    .dependOnClassesThat(liveInAnyRoomBut(room.getKey(), room.getValue()))
                    .because(room.getKey() + " may import only " + room.getValue())
                    .allowEmptyShould(true)
                    .check(CLASSES);
        }
    }

    @Test
    void shouldKeepTheEngineFreeOfFrameworks() {
        noClasses()
                .that(liveIn("model", "memory", "simd", "vectors", "hnsw", "payload", "text", "storage"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.vertx..", "io.smallrye..", "io.quarkus..", "jakarta..", "io.netty..")
                .because("the engine is embedded, tested and measured alone")
                .check(CLASSES);
    }

    @Test
    void shouldUseTheVectorApiInSimdOnly() {
        noClasses()
                .that(liveOutside("simd"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("jdk.incubator.vector..")
                .check(CLASSES);
    }

    @Test
    void shouldMakeArenasAndMappingsInMemoryOnly() {
        noClasses()
                .that(liveOutside("memory"))
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Arena")
                .check(CLASSES);
        noClasses()
                .that(liveOutside("memory"))
                .should()
                .callMethodWhere(DescribedPredicate.describe(
                        "FileChannel.map",
                        call -> call.getTarget().getName().equals("map")
                                && call.getTargetOwner().isAssignableTo(java.nio.channels.FileChannel.class)))
                .check(CLASSES);
    }

    @Test
    void shouldMarkEveryPackageNullMarked() {
        classes()
                .that()
                .resideInAPackage(ROOT + "..")
                .should(NullMarkedPackages.beNullMarked())
                .check(CLASSES);
    }

    private static DescribedPredicate<JavaClass> liveIn(String... rooms) {
        Set<String> wanted = Set.copyOf(Arrays.asList(rooms));
        return DescribedPredicate.describe("live in " + wanted, c -> wanted.contains(roomOf(c)));
    }

    private static DescribedPredicate<JavaClass> liveOutside(String room) {
        return DescribedPredicate.describe(
                "live outside " + room, c -> !roomOf(c).equals(room));
    }

    private static DescribedPredicate<JavaClass> liveInAnyRoomBut(String self, List<String> allowed) {
        return DescribedPredicate.describe("live in a room it may not import", c -> {
            String room = roomOf(c);
            return !room.isEmpty() && !room.equals(self) && !allowed.contains(room);
        });
    }

    /** The room a class of ours lives in; empty for the classes of others. */
    private static String roomOf(JavaClass c) {
        String name = c.getPackageName();
        if (!name.startsWith(ROOT)) {
            return "";
        }
        String below = name.equals(ROOT) ? "(root)" : name.substring(ROOT.length() + 1);
        String[] parts = below.split("\\.", -1);
        return parts[0].equals("api") && parts.length > 1 ? "api." + parts[1] : parts[0];
    }
}
