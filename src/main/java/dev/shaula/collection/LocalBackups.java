package dev.shaula.collection;

import dev.shaula.collection.LocalCollections.Stored;
import dev.shaula.model.CollectionInfo;
import dev.shaula.model.VectorDbException;
import dev.shaula.shard.ShardBackup;
import dev.shaula.shard.ShardFiles;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** The backups of a data directory, in its folder {@code backups}. */
final class LocalBackups implements Backups {
    private static final Logger LOG = Logger.getLogger(LocalBackups.class);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final BackupFolders folders;
    private final Worker worker;
    private final Clock clock;
    private final LocalCollections collections;
    private final AtomicReference<@Nullable Operation> running = new AtomicReference<>();
    private volatile @Nullable Info lastFailure;
    private volatile boolean closing;

    /** What is being done now; the only one. */
    private record Operation(String what, Info begun, AtomicLong bytes, CompletableFuture<Boolean> ended) {
        static Operation of(String what, String name, Instant now) {
            Info begun = new Info(name, Status.RUNNING, now, 0, List.of(), null);
            return new Operation(what, begun, new AtomicLong(), new CompletableFuture<>());
        }

        boolean isBackup() {
            return what.equals("backup");
        }

        Info now() {
            return new Info(begun.name(), Status.RUNNING, begun.createdAt(), bytes.get(), List.of(), null);
        }
    }

    LocalBackups(Path root, Worker worker, Clock clock, LocalCollections collections) {
        this.folders = new BackupFolders(root);
        this.worker = worker;
        this.clock = clock;
        this.collections = collections;
    }

    /** To be called once, before anything else. Blocks. */
    void sweep() throws IOException {
        folders.sweep();
    }

    /** Begins nothing any more, and completes when nothing is under way. */
    Uni<Void> close() {
        closing = true;
        Operation operation = running.get();
        return operation == null
                ? Uni.createFrom().voidItem()
                : Uni.createFrom().completionStage(operation.ended()).replaceWithVoid();
    }

    // --- taking ------------------------------------------------------------------------------------------------

    @Override
    public Uni<Info> create(Request request) {
        return Uni.createFrom().deferred(() -> {
            Instant now = clock.instant();
            String name = request.name() == null ? "backup-" + TIME.format(now) : request.name();
            BackupFolders.checkName("name", name);
            List<Stored> wanted = wanted(request);
            Map<String, String> aliases =
                    request.collection() == null ? collections.aliases().all() : Map.of();
            Operation operation = Operation.of("backup", name, now);
            return exclusively(operation, () -> take(operation, wanted, aliases));
        });
    }

    private List<Stored> wanted(Request request) {
        String name = request.collection();
        if (name == null) {
            return collections.stored();
        }
        collections.require(name);
        return collections
                .stored(name)
                .map(List::of)
                .orElseThrow(() -> VectorDbException.unavailable(
                        "collection \"" + name + "\" is still being opened; try again later"));
    }

    private Uni<Info> take(Operation operation, List<Stored> wanted, Map<String, String> aliases) {
        String name = operation.begun().name();
        return worker.call(() -> folders.begin(name))
                .chain(draft -> Multi.createFrom()
                        .iterable(wanted)
                        .onItem()
                        .transformToUniAndConcatenate(stored -> copy(operation, stored, draft, wanted.size() > 1))
                        .collect()
                        .asList()
                        .chain(copied -> worker.call(() -> {
                            List<BackupManifest.Collection> there =
                                    copied.stream().flatMap(Optional::stream).toList();
                            Instant begun = operation.begun().createdAt();
                            BackupManifest manifest = new BackupManifest(name, begun, version(), there, aliases);
                            DurableFiles.sync(draft);
                            folders.complete(draft, manifest);
                            return manifest.info();
                        }))
                        .onFailure()
                        .call(() -> worker.run(() -> DataDirectory.deleteTree(draft)))
                        .onFailure(IOException.class)
                        .transform(e -> ShardFiles.failure(draft, "a backup", e))
                        .onFailure()
                        .invoke(e -> failed(operation, e)));
    }

    private void failed(Operation operation, Throwable e) {
        LOG.errorf("backup \"%s\" failed: %s", operation.begun().name(), e);
        Info begun = operation.begun();
        lastFailure =
                new Info(begun.name(), Status.FAILED, begun.createdAt(), 0, List.of(), String.valueOf(e.getMessage()));
    }

    private static String version() {
        String version = LocalBackups.class.getPackage().getImplementationVersion();
        return version == null ? "development build" : version;
    }

    /** Empty if the collection was dropped meanwhile and others are wanted as well. */
    private Uni<Optional<BackupManifest.Collection>> copy(
            Operation operation, Stored stored, Path draft, boolean others) {
        Path folder = draft.resolve(stored.folder().getFileName());
        CollectionInfo info = stored.collection().info();
        Uni<BackupManifest.Collection> copied = worker.run(() -> {
                    checkGoesOn();
                    Files.createDirectory(folder);
                    new Manifest(
                                    info.config(),
                                    info.createdAt(),
                                    stored.collection().declarations())
                            .write(folder);
                })
                .chain(() -> stored.collection().backup(folder))
                .chain(shards -> worker.call(() -> describe(operation, stored.name(), folder, shards)));
        return copied.map(Optional::of)
                .onFailure(e -> others && isGone(stored))
                .recoverWithUni(() -> worker.call(() -> {
                    DataDirectory.deleteTree(folder);
                    return Optional.empty();
                }));
    }

    private boolean isGone(Stored stored) {
        return !collections.stored().contains(stored);
    }

    /** Syncs and checksums what was copied. */
    private BackupManifest.Collection describe(Operation operation, String name, Path folder, List<ShardBackup> shards)
            throws IOException {
        List<BackupManifest.Content> files = new ArrayList<>();
        for (String file : Manifest.FILES) {
            files.add(content(operation, folder, file, Files.size(folder.resolve(file))));
        }
        for (int s = 0; s < shards.size(); s++) {
            Path home = ShardedCollection.shardFolder(folder, s);
            for (ShardBackup.Part part : shards.get(s).parts()) {
                String path = home.getFileName() + "/" + part.path();
                files.add(content(operation, folder, path, part.bytes()));
                DurableFiles.syncParent(folder.resolve(path));
            }
            DurableFiles.sync(home);
        }
        DurableFiles.sync(folder);
        List<Long> sequences = shards.stream().map(ShardBackup::sequence).toList();
        return new BackupManifest.Collection(name, folder.getFileName().toString(), sequences, files);
    }

    private BackupManifest.Content content(Operation operation, Path folder, String path, long bytes)
            throws IOException {
        Path file = folder.resolve(path);
        if (!ShardFiles.immutable(file)) {
            DurableFiles.sync(file); // the others were synced when they were made
        }
        return new BackupManifest.Content(path, bytes, Checksums.of(file, bytes, n -> progress(operation, n)));
    }

    private void progress(Operation operation, long bytes) {
        checkGoesOn();
        operation.bytes().addAndGet(bytes);
    }

    private void checkGoesOn() {
        if (closing) {
            throw VectorDbException.unavailable("the server is being stopped");
        }
    }

    // --- listing and deleting ----------------------------------------------------------------------------------

    @Override
    public Uni<List<Info>> list() {
        return worker.call(() -> {
            List<Info> infos = new ArrayList<>(folders.list());
            Operation operation = running.get();
            if (operation != null
                    && operation.isBackup()
                    && !folders.exists(operation.begun().name())) {
                infos.add(operation.now());
            }
            Info failure = lastFailure;
            if (failure != null && infos.stream().noneMatch(i -> i.name().equals(failure.name()))) {
                infos.add(failure);
            }
            infos.sort(Comparator.comparing(Info::name));
            return List.copyOf(infos);
        });
    }

    @Override
    public Uni<Void> delete(String name) {
        Operation operation = Operation.of("deletion", name, clock.instant());
        return exclusively(operation, () -> worker.run(() -> DataDirectory.drop(folders.require(name))));
    }

    // --- restoring ---------------------------------------------------------------------------------------------

    @Override
    public Uni<List<CollectionInfo>> restore(Restoration wish) {
        Operation operation = Operation.of("restore", wish.backup(), clock.instant());
        return exclusively(
                operation,
                () -> worker.call(() -> {
                            RestorePlan plan = RestorePlan.of(folders.require(wish.backup()), wish);
                            plan.names().forEach(collections::checkFree);
                            plan.verify(n -> progress(operation, n));
                            return plan;
                        })
                        .chain(this::restore));
    }

    /** One after the other; if one fails, those before it are dropped again. */
    private Uni<List<CollectionInfo>> restore(RestorePlan plan) {
        List<ShardedCollection> made = new ArrayList<>();
        return Multi.createFrom()
                .iterable(plan.items())
                .onItem()
                .transformToUniAndConcatenate(item -> adopt(item).invoke(made::add))
                .collect()
                .asList()
                .call(all -> Multi.createFrom()
                        .iterable(plan.aliases().entrySet())
                        .onItem()
                        .transformToUniAndConcatenate(
                                alias -> collections.aliases().set(alias.getKey(), alias.getValue()))
                        .collect()
                        .last())
                .map(all -> all.stream().map(ShardedCollection::info).toList())
                .onFailure()
                .call(() -> undo(plan, made));
    }

    private Uni<ShardedCollection> adopt(RestorePlan.Item item) {
        return collections
                .adopt(
                        item.config(),
                        item.declarations(),
                        folder -> worker.run(() -> {
                            try {
                                item.copyTo(folder, this::checkGoesOn);
                            } catch (IOException e) {
                                throw ShardFiles.failure(folder, "a restore", e);
                            }
                        }))
                .invoke(opened -> {
                    if (!opened.sequences().equals(item.sequences())) {
                        throw damaged(
                                item.folder(),
                                "expected the records " + item.sequences() + ", found those up to "
                                        + opened.sequences());
                    }
                });
    }

    private Uni<Void> undo(RestorePlan plan, List<ShardedCollection> made) {
        Uni<Void> undone = Uni.createFrom().voidItem();
        for (String alias : plan.aliases().keySet()) {
            undone = undone.chain(() -> collections.aliases().delete(alias))
                    .onFailure()
                    .recoverWithNull();
        }
        for (ShardedCollection collection : made) {
            String name = collection.info().config().name();
            undone = undone.chain(() -> collections.drop(name)).onFailure().recoverWithNull();
        }
        return undone;
    }

    /** The backup is not what it was: says where. */
    static VectorDbException damaged(Path place, String text) {
        return new VectorDbException(VectorDbException.Kind.INTERNAL, place + ": is damaged: " + text);
    }

    // --- one at a time -----------------------------------------------------------------------------------------

    /** Once begun, the work goes on whether its caller waits or not. */
    private <T> Uni<T> exclusively(Operation operation, Supplier<Uni<T>> work) {
        return Uni.createFrom().emitter(emitter -> {
            Operation other = running.compareAndExchange(null, operation);
            if (other != null) {
                emitter.fail(VectorDbException.conflict(
                        "a " + other.what() + " of \"" + other.begun().name() + "\" is running; one at a time"));
                return;
            }
            Uni.createFrom()
                    .deferred(() -> {
                        checkGoesOn();
                        return work.get();
                    })
                    .onTermination()
                    .invoke(() -> {
                        running.set(null);
                        operation.ended().complete(true);
                    })
                    .subscribe()
                    .with(emitter::complete, emitter::fail);
        });
    }
}
