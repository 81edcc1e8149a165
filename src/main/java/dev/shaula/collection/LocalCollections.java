package dev.shaula.collection;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.VectorDbException;
import dev.shaula.shard.LocalShard;
import dev.shaula.shard.Shard;
import dev.shaula.shard.ShardFiles;
import dev.shaula.shard.ShardRuntime;
import io.smallrye.mutiny.CompositeException;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The collections of one process in one data directory. Plain Mutiny and Vert.x, so that an application can embed it;
 * the service makes one through {@link CollectionsProducer}.
 */
public final class LocalCollections implements CollectionRegistry {
    private static final Logger LOG = Logger.getLogger(LocalCollections.class);

    /** A shard has a thread, a store and files of its own. */
    private static final int MAX_SHARDS = 64;

    private static final long SWEEP_MS = 10_000;

    private final Worker worker;
    private final Clock clock;
    private final Settings settings;
    private final Admission admission;
    private final DataDirectory directory;
    private final ShardRuntime runtime;
    private final ConcurrentMap<String, Entry> entries = new ConcurrentHashMap<>();
    /** Found at the start and not in a shard. */
    private final ConcurrentLinkedQueue<String> damage = new ConcurrentLinkedQueue<>();
    /** Held while a name is given to a collection or an alias or taken away; only on threads that may block. */
    private final ReentrantLock names = new ReentrantLock();

    private static final int POINTS_OF_A_CORE = 128;
    private static final int POINTS_OF_A_SHARD = 64;

    private final Scrolls scrolls = new Scrolls(Scrolls.Bounds.defaults(), System::nanoTime);
    private final Runnable sweeping;
    private final LocalAliases aliases;
    private final LocalBackups backups;
    private volatile boolean ready;

    /** A name that is taken: {@code opened} settles when its shards have recovered. */
    private static final class Entry {
        private final CollectionConfig config;
        private final Uni<ShardedCollection> opened;
        private volatile @Nullable ShardedCollection collection;
        private volatile @Nullable Path folder;

        Entry(CollectionConfig config, Uni<ShardedCollection> opening) {
            this.config = config;
            this.opened =
                    opening.onItem().invoke(c -> this.collection = c).memoize().indefinitely();
        }
    }

    /**
     * Choices for the node; the rest is in {@link ShardRuntime.Settings}.
     *
     * @param shards of a collection whose creator left the number open
     * @param writeBudgetBytes writes in flight
     * @param collectionBudgetBytes the part of it that one collection may have
     * @param connectionBudgetBytes the part of it that one connection may have
     * @param sliceBytes heap bytes of one slice of a stream
     * @param writeWait how long a whole request waits for the budget
     * @param openWait how long the start waits for a shard before it goes on without it, at least 1 ms
     */
    public record Settings(
            int shards,
            long writeBudgetBytes,
            long collectionBudgetBytes,
            long connectionBudgetBytes,
            long sliceBytes,
            Duration writeWait,
            Duration openWait) {
        private static final Duration OPEN_WAIT = Duration.ofSeconds(60);

        private static final int SLICE_POINTS = 1_024;
        private static final long SMALLEST_SLICE = 128 << 10;
        private static final long LARGEST_SLICE = 4 << 20;

        /** The same with another time to wait for a shard. */
        public Settings withOpenWait(Duration wait) {
            return new Settings(
                    shards,
                    writeBudgetBytes,
                    collectionBudgetBytes,
                    connectionBudgetBytes,
                    sliceBytes,
                    writeWait,
                    wait);
        }

        /** From the cores and the heap of this process. */
        public static Settings defaults() {
            return withBudget(Runtime.getRuntime().maxMemory() / 8);
        }

        /** The defaults with another write budget, in bytes. */
        public static Settings withBudget(long bytes) {
            int shards = Math.max(1, Runtime.getRuntime().availableProcessors() / 4);
            // A hundred streams with two slices each should fit the budget, so that each can gather while it writes.
            return new Settings(
                    shards, bytes, Math.clamp(bytes / 200, SMALLEST_SLICE, LARGEST_SLICE), Duration.ofSeconds(30));
        }

        /** With half of the write budget for one collection, an eighth for one connection, and 60 s for a shard to open. */
        public Settings(int shards, long writeBudgetBytes, long sliceBytes, Duration writeWait) {
            this(
                    shards,
                    writeBudgetBytes,
                    writeBudgetBytes / 2,
                    writeBudgetBytes / 8,
                    sliceBytes,
                    writeWait,
                    OPEN_WAIT);
        }

        /** The same with other parts for one collection and one connection, where they are given; in bytes. */
        public Settings withParts(OptionalLong collection, OptionalLong connection) {
            return new Settings(
                    shards,
                    writeBudgetBytes,
                    collection.orElse(collectionBudgetBytes),
                    connection.orElse(connectionBudgetBytes),
                    sliceBytes,
                    writeWait,
                    openWait);
        }

        Admission toAdmission() {
            return new Admission(
                    new ByteBudget(writeBudgetBytes, connectionBudgetBytes),
                    new UpsertStream.Bounds(SLICE_POINTS, sliceBytes),
                    writeWait);
        }
    }

    private LocalCollections(
            Vertx vertx, Clock clock, Settings settings, DataDirectory directory, ShardRuntime runtime) {
        this.worker = new Worker(vertx);
        this.clock = clock;
        this.settings = settings;
        this.admission = settings.toAdmission();
        this.directory = directory;
        this.runtime = runtime;
        this.aliases = new LocalAliases(directory.root(), worker, names, entries::containsKey);
        this.backups = new LocalBackups(directory.root(), worker, clock, this);
        long timer = vertx.setPeriodic(SWEEP_MS, ignored -> scrolls.dropIdle());
        this.sweeping = () -> vertx.cancelTimer(timer);
    }

    /**
     * Opens a data directory and begins to recover its collections; {@link #ready} tells when that has ended. Blocks
     * for the time of a directory listing.
     *
     * @throws UncheckedIOException if the directory cannot be used, for instance because another process does
     */
    public static LocalCollections open(Vertx vertx, Clock clock, Settings settings, ShardRuntime.Settings shards) {
        try {
            DataDirectory directory = DataDirectory.open(shards.dataDir());
            LocalCollections collections =
                    new LocalCollections(vertx, clock, settings, directory, ShardRuntime.open(vertx, shards, clock));
            collections.recover();
            return collections;
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** Bytes of writes in flight, and their bound. */
    public ByteBudget writeBudget() {
        return admission.budget();
    }

    @Override
    public Map<String, Long> bounds() {
        ShardRuntime.Settings shards = runtime.settings();
        return Map.ofEntries(
                Map.entry("heap_bytes", Runtime.getRuntime().maxMemory()),
                Map.entry("write_budget_bytes", settings.writeBudgetBytes()),
                Map.entry("write_budget_of_collection_bytes", settings.collectionBudgetBytes()),
                Map.entry("write_budget_of_connection_bytes", settings.connectionBudgetBytes()),
                Map.entry("write_wait_ms", settings.writeWait().toMillis()),
                Map.entry("search_threads", (long) shards.searchThreads()),
                Map.entry("search_queue", (long) shards.searchQueue()),
                Map.entry("search_wait_ms", shards.searchWait().toMillis()),
                Map.entry("native_memory_bytes", shards.memoryLimitBytes()),
                Map.entry("writes_per_second_and_shard", (long) shards.maxWritesPerSecond()));
    }

    /** How long writes take from their admission to their answer. */
    public WriteTimes writeTimes() {
        return admission.times();
    }

    /** Bytes of writes that lie in the mailboxes of shards; a part of what the write budget counts. */
    public long queuedWriteBytes() {
        return entries.values().stream()
                .map(entry -> entry.collection)
                .filter(Objects::nonNull)
                .mapToLong(ShardedCollection::queuedWriteBytes)
                .sum();
    }

    /** Collections there are, opened or being opened. */
    public int size() {
        return entries.size();
    }

    public ShardRuntime runtime() {
        return runtime;
    }

    @Override
    public Uni<Created> create(CollectionConfig wish, List<FieldIndex> indexes) {
        return Uni.createFrom().deferred(() -> {
            Declarations declared = Declarations.of(indexes);
            Entry existing = entries.get(wish.name());
            if (existing != null) {
                return found(existing, wish);
            }
            CollectionConfig config = wish.withShards(shardsFor(wish));
            Entry fresh = new Entry(
                    config,
                    Uni.createFrom()
                            .deferred(() -> make(
                                    config, declared, folder -> Uni.createFrom().voidItem())));
            return worker.call(() -> register(fresh))
                    .chain(registered -> registered == fresh
                            ? opened(fresh).map(c -> new Created(c, false))
                            : found(registered, wish));
        });
    }

    private static Uni<Created> found(Entry existing, CollectionConfig wish) {
        checkEqual(existing.config, wish);
        return existing.opened.map(c -> new Created(c, true));
    }

    /** The entry that has the name of {@code fresh} from now on: itself, or the one that came first. Blocks. */
    private Entry register(Entry fresh) {
        names.lock();
        try {
            aliases.checkFree(fresh.config.name());
            Entry existing = entries.putIfAbsent(fresh.config.name(), fresh);
            return existing == null ? fresh : existing;
        } finally {
            names.unlock();
        }
    }

    private Uni<ShardedCollection> opened(Entry fresh) {
        return fresh.opened.onFailure().invoke(() -> entries.remove(fresh.config.name(), fresh));
    }

    @Override
    public Optional<VectorCollection> find(String name) {
        Entry entry = entry(name);
        if (entry == null) {
            return Optional.empty();
        }
        ShardedCollection collection = entry.collection;
        if (collection == null) {
            throw VectorDbException.unavailable("collection \"" + name + "\" is still being opened; try again later");
        }
        return Optional.of(collection);
    }

    private @Nullable Entry entry(String name) {
        Entry entry = entries.get(name);
        String target = entry == null ? aliases.target(name) : null;
        while (target != null) {
            entry = entries.get(target);
            String now = aliases.target(name);
            // A collection is dropped once its alias has moved on: absence counts only if it did not meanwhile.
            target = entry != null || target.equals(now) ? null : now;
        }
        return entry;
    }

    @Override
    public List<VectorCollection> list() {
        List<VectorCollection> open = new ArrayList<>();
        entries.values().stream()
                .sorted(Comparator.comparing(e -> e.config.name()))
                .forEach(e -> {
                    ShardedCollection collection = e.collection;
                    if (collection != null) {
                        open.add(collection);
                    }
                });
        return open;
    }

    @Override
    public Uni<Void> drop(String name) {
        return Uni.createFrom().deferred(() -> {
            Entry entry = entries.get(name);
            if (entry == null) {
                aliases.checkNoAlias(name);
                throw missing(name);
            }
            return entry.opened
                    .chain(collection -> worker.run(() -> unregister(entry)).chain(collection::close))
                    .chain(() -> worker.run(() -> {
                        Path folder = entry.folder;
                        if (folder != null) {
                            directory.delete(folder);
                        }
                    }));
        });
    }

    private void unregister(Entry entry) throws IOException {
        String name = entry.config.name();
        names.lock();
        try {
            aliases.checkUnused(name);
            if (entries.get(name) != entry) {
                throw missing(name);
            }
            // On disk first: were the name free before, a crash could bring back this collection beside a new one.
            Path folder = entry.folder;
            if (folder != null) {
                Manifest.delete(folder);
            }
            entries.remove(name, entry);
        } finally {
            names.unlock();
        }
    }

    private static VectorDbException missing(String name) {
        return VectorDbException.notFound("collection \"" + name + "\" does not exist");
    }

    @Override
    public Uni<Void> commitAll() {
        List<Uni<Void>> commits = list().stream().map(VectorCollection::commit).toList();
        return commits.isEmpty()
                ? Uni.createFrom().voidItem()
                : Uni.join().all(commits).andCollectFailures().replaceWithVoid();
    }

    @Override
    public Aliases aliases() {
        return aliases;
    }

    @Override
    public Backups backups() {
        return backups;
    }

    @Override
    public List<String> damage() {
        List<String> all = new ArrayList<>(damage);
        entries.values().stream()
                .sorted(Comparator.comparing(e -> e.config.name()))
                .map(e -> e.collection)
                .filter(Objects::nonNull)
                .flatMap(ShardedCollection::failures)
                .forEach(all::add);
        return all;
    }

    @Override
    public boolean ready() {
        return ready;
    }

    /** Lets a backup or restore end, answers what was accepted, closes every collection, then the pools and the lock. */
    public Uni<Void> close() {
        sweeping.run();
        return backups.close()
                .chain(this::closeAll)
                .eventually(() -> worker.run(() -> {
                    runtime.close();
                    directory.close();
                }));
    }

    private Uni<Void> closeAll() {
        List<Uni<Void>> closing = new ArrayList<>();
        for (Entry entry : entries.values()) {
            ShardedCollection collection = entry.collection;
            if (collection != null) {
                closing.add(collection.close());
            }
        }
        entries.clear();
        return closing.isEmpty()
                ? Uni.createFrom().voidItem()
                : Uni.join().all(closing).andCollectFailures().replaceWithVoid();
    }

    private void recover() throws IOException {
        List<Uni<ShardedCollection>> opening = new ArrayList<>();
        for (Path folder : directory.collections()) {
            try {
                Manifest manifest = Manifest.read(folder);
                Entry entry = new Entry(manifest.config(), openShards(manifest, folder, this::openOrQuarantine));
                entry.folder = folder;
                if (entries.putIfAbsent(manifest.config().name(), entry) != null) {
                    throw new IOException(folder + ": a second collection \""
                            + manifest.config().name() + "\"");
                }
                opening.add(entry.opened);
            } catch (IOException e) {
                LOG.errorf("%s", e.getMessage());
                damage.add(folder.getFileName() + ": " + e.getMessage());
            }
        }
        recoverAliases();
        backups.sweep();
        if (opening.isEmpty()) {
            ready = true;
            return;
        }
        Uni.join()
                .all(opening)
                .andCollectFailures()
                .onTermination()
                .invoke(() -> ready = true)
                .subscribe()
                .with(
                        all -> LOG.infof("%d collections are open", all.size()),
                        failure -> LOG.errorf(failure, "a collection could not be opened"));
    }

    private void recoverAliases() {
        try {
            aliases.load();
        } catch (IOException e) {
            LOG.errorf("%s", e.getMessage());
            damage.add(String.valueOf(e.getMessage()));
        }
        aliases.all().forEach((alias, collection) -> {
            if (entries.containsKey(alias) || !entries.containsKey(collection)) {
                damage.add("alias \"" + alias + "\": expected a collection \"" + collection + "\" and none \"" + alias
                        + "\"");
            }
        });
    }

    /** Opens shards in a new folder that {@code fill} may have put files into; on a failure nothing is left. */
    private Uni<ShardedCollection> make(
            CollectionConfig config, Declarations declared, Function<Path, Uni<Void>> fill) {
        Manifest manifest = new Manifest(config, clock.instant(), declared);
        return worker.call(() -> directory.newFolder(config.name()))
                .chain(folder -> fill.apply(folder)
                        .chain(() -> openShards(manifest, folder, this::openShard))
                        .call(() -> worker.run(() -> manifest.write(folder)))
                        .invoke(() -> {
                            Entry entry = entries.get(config.name());
                            if (entry != null) {
                                entry.folder = folder;
                            }
                        })
                        .onFailure()
                        .call(() -> worker.run(() -> DataDirectory.drop(folder))));
    }

    // --- what backups need -------------------------------------------------------------------------------------

    /** An open collection and where it lies. */
    record Stored(ShardedCollection collection, Path folder) {
        String name() {
            return collection.info().config().name();
        }
    }

    /** Those that are open, in name order. */
    List<Stored> stored() {
        return entries.values().stream()
                .sorted(Comparator.comparing(e -> e.config.name()))
                .flatMap(e -> stored(e).stream())
                .toList();
    }

    /** The open collection of this name or alias. */
    Optional<Stored> stored(String name) {
        Entry entry = entry(name);
        return entry == null ? Optional.empty() : stored(entry);
    }

    private static Optional<Stored> stored(Entry entry) {
        ShardedCollection collection = entry.collection;
        Path folder = entry.folder;
        return collection == null || folder == null ? Optional.empty() : Optional.of(new Stored(collection, folder));
    }

    /** Fails with CONFLICT if a collection or an alias has this name. */
    void checkFree(String name) {
        aliases.checkFree(name);
        if (entries.containsKey(name)) {
            throw VectorDbException.conflict("collection \"" + name + "\" already exists");
        }
    }

    /** Makes a collection whose shards are what {@code fill} puts into its folder; on a failure nothing is left. */
    Uni<ShardedCollection> adopt(CollectionConfig config, Declarations declared, Function<Path, Uni<Void>> fill) {
        Entry fresh = new Entry(config, Uni.createFrom().deferred(() -> make(config, declared, fill)));
        return worker.call(() -> register(fresh)).chain(registered -> {
            if (registered != fresh) {
                checkFree(config.name());
            }
            return opened(fresh);
        });
    }

    private interface ShardOpener {
        Uni<Shard> open(CollectionConfig config, int number, Path folder);
    }

    /** If one cannot be opened, those that could are closed again. */
    private Uni<ShardedCollection> openShards(Manifest manifest, Path folder, ShardOpener opener) {
        CollectionConfig config = manifest.config();
        Queue<Shard> open = new ConcurrentLinkedQueue<>();
        List<Uni<Shard>> shards = new ArrayList<>();
        for (int s = 0; s < config.shards(); s++) {
            shards.add(opener.open(config, s, folder).invoke(open::add));
        }
        return Uni.join()
                .all(shards)
                .andCollectFailures()
                .onFailure(CompositeException.class)
                .transform(all -> all.getCauses().getFirst())
                .onFailure()
                .call(() -> closeShards(open))
                .map(all -> new ShardedCollection(
                        config,
                        manifest.createdAt(),
                        all,
                        admission.ofCollection(settings.collectionBudgetBytes(), pointsInFlight(config.shards())),
                        scrolls,
                        new DeclaredIndexes(
                                manifest.declared(),
                                config.autoIndexFields(),
                                worker,
                                declared -> save(config, declared))))
                .call(ShardedCollection::declareIndexes)
                .invoke(collection -> declareWhenOpen(open, collection));
    }

    /**
     * What the cores link in about 20 ms, or for each shard a batch that is synced and one that gathers: by Little's law
     * more would be answered later and not faster.
     */
    private static int pointsInFlight(int shards) {
        int cores = Runtime.getRuntime().availableProcessors();
        return Math.max(POINTS_OF_A_CORE * cores, POINTS_OF_A_SHARD * shards);
    }

    private static void declareWhenOpen(Collection<Shard> shards, ShardedCollection collection) {
        for (Shard shard : shards) {
            if (shard instanceof LateShard late) {
                late.whenOpen(() -> collection
                        .declareIndexes()
                        .subscribe()
                        .with(done -> {}, e -> LOG.warnf(e, "the indexes of a shard that came late are not declared")));
            }
        }
    }

    /** Writes the manifest anew, unless the collection is dropped meanwhile: a manifest would bring it back. */
    private void save(CollectionConfig config, Declarations declared) {
        names.lock();
        try {
            Stored stored = stored(config.name()).orElseThrow(() -> missing(config.name()));
            new Manifest(config, stored.collection().info().createdAt(), declared).write(stored.folder());
        } catch (IOException e) {
            throw ShardFiles.failure(directory.root(), "the declaration of an index", e);
        } finally {
            names.unlock();
        }
    }

    private static Uni<Void> closeShards(Collection<Shard> shards) {
        return shards.isEmpty()
                ? Uni.createFrom().voidItem()
                : Uni.join()
                        .all(shards.stream().map(Shard::close).toList())
                        .andCollectFailures()
                        .replaceWithVoid();
    }

    private Uni<Shard> openShard(CollectionConfig config, int number, Path folder) {
        String name = config.name() + "/" + number;
        return LocalShard.open(name, config, ShardedCollection.shardFolder(folder, number), runtime);
    }

    /** A shard that cannot be opened, or not in time, is named and refuses its calls; the others serve. */
    private Uni<Shard> openOrQuarantine(CollectionConfig config, int number, Path folder) {
        String name = config.name() + "/" + number;
        Uni<Shard> opening = openShard(config, number, folder).onFailure().recoverWithItem(failure -> {
            LOG.errorf(failure, "%s: could not be opened", name);
            return QuarantinedShard.damaged(name, String.valueOf(failure.getMessage()));
        });
        return Uni.createFrom().emitter(emitter -> {
            Instant since = clock.instant();
            CompletableFuture<Shard> opened = opening.subscribeAsCompletionStage();
            long watch = worker.vertx()
                    .setTimer(settings.openWait().toMillis(), due -> emitter.complete(late(name, since, opened)));
            opened.thenAccept(shard -> {
                worker.vertx().cancelTimer(watch);
                emitter.complete(shard); // of no effect if it is late
            });
        });
    }

    private Shard late(String name, Instant since, CompletableFuture<Shard> opened) {
        LOG.warnf("%s: still opening since %s; what does not need it is served", name, since);
        LateShard late = new LateShard(opened, QuarantinedShard.opening(name, since));
        late.whenOpen(() -> LOG.infof("%s: is no longer opening", name));
        return late;
    }

    /** The clients send their default without their users' having wished for it: such a wish is left to the server. */
    private int shardsFor(CollectionConfig wish) {
        return wish.shards() == CollectionConfig.DEFAULT_SHARDS
                ? settings.shards()
                : Math.min(wish.shards(), MAX_SHARDS);
    }

    private static void checkEqual(CollectionConfig existing, CollectionConfig wish) {
        if (existing.dimensions() != wish.dimensions() || existing.metric() != wish.metric()) {
            throw VectorDbException.conflict("collection \"" + wish.name() + "\" already exists with "
                    + existing.dimensions() + " dimensions and metric "
                    + existing.metric().wireName()
                    + ", not " + wish.dimensions() + " and " + wish.metric().wireName());
        }
    }
}
