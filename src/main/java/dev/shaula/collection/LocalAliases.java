package dev.shaula.collection;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import dev.shaula.shard.ShardFiles;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The aliases of a data directory, in its file {@code aliases.json}. Readers see an immutable map; changes are written
 * first and seen afterwards. {@link #names} is held while a name is given or taken away, aliases and collections alike,
 * and only on threads that may block.
 */
final class LocalAliases implements Aliases {
    static final String FILE = "aliases.json";
    private static final long VERSION = 1;
    private static final long MAX_FILE_BYTES = 32L << 20;

    private final Path file;
    private final Worker worker;
    private final ReentrantLock names;
    private final Predicate<String> isCollection;
    private volatile Map<String, String> targets = Map.of();
    private volatile @Nullable String damage;

    /** @param isCollection asked while {@code names} is held */
    LocalAliases(Path root, Worker worker, ReentrantLock names, Predicate<String> isCollection) {
        this.file = root.resolve(FILE);
        this.worker = worker;
        this.names = names;
        this.isCollection = isCollection;
    }

    /** Reads the file, if there is one. A damaged one leaves no aliases and refuses changes. Blocks. */
    void load() throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        try {
            Map<String, Object> body = SealedJson.read(file, MAX_FILE_BYTES);
            if (SealedJson.number(body, "version") != VERSION) {
                throw new IOException(file + ": expected version " + VERSION + ", found " + body.get("version"));
            }
            targets = parse(SealedJson.object(body, "aliases"));
        } catch (IOException e) {
            damage = e.getMessage();
            throw e;
        }
    }

    static Map<String, String> parse(Map<?, ?> aliases) throws IOException {
        Map<String, String> parsed = new TreeMap<>();
        for (Map.Entry<?, ?> alias : aliases.entrySet()) {
            parsed.put((String) alias.getKey(), SealedJson.as(alias.getValue(), "aliases", String.class));
        }
        return Collections.unmodifiableMap(parsed);
    }

    /** The collection that {@code name} stands for; null if it is no alias. */
    @Nullable
    String target(String name) {
        return targets.get(name);
    }

    @Override
    public Map<String, String> all() {
        return targets;
    }

    @Override
    public Uni<Void> set(String alias, String collection) {
        return worker.run(() -> {
            CollectionConfig.checkName("alias", alias);
            names.lock();
            try {
                checkTarget(alias, collection);
                Map<String, String> next = new TreeMap<>(targets);
                next.put(alias, collection);
                if (next.size() > Limits.MAX_ALIASES) {
                    throw VectorDbException.conflict("aliases: expected at most " + Limits.MAX_ALIASES);
                }
                replace(next);
            } finally {
                names.unlock();
            }
        });
    }

    @Override
    public Uni<Void> delete(String alias) {
        return worker.run(() -> {
            names.lock();
            try {
                Map<String, String> next = new TreeMap<>(targets);
                if (next.remove(alias) == null) {
                    throw VectorDbException.notFound("alias \"" + alias + "\" does not exist");
                }
                replace(next);
            } finally {
                names.unlock();
            }
        });
    }

    private void checkTarget(String alias, String collection) {
        if (isCollection.test(alias)) {
            throw VectorDbException.conflict("alias: \"" + alias + "\" already exists as a collection");
        }
        if (!isCollection.test(collection)) {
            throw VectorDbException.notFound("collection \"" + collection + "\" does not exist"
                    + (targets.containsKey(collection) ? "; it is an alias, name the collection itself" : ""));
        }
    }

    private void replace(Map<String, String> next) {
        String reason = damage;
        if (reason != null) {
            throw new VectorDbException(
                    VectorDbException.Kind.INTERNAL, reason + "; remove the file and restart to begin without aliases");
        }
        try {
            SealedJson.write(file, Map.of("version", VERSION, "aliases", next));
        } catch (IOException e) {
            throw ShardFiles.failure(file, "a change of aliases", e);
        }
        targets = Collections.unmodifiableMap(next);
    }

    /** To be called while the lock is held, before a collection gets {@code name}. */
    void checkFree(String name) {
        String target = target(name);
        if (target != null) {
            throw VectorDbException.conflict(
                    "\"" + name + "\" already exists as an alias of collection \"" + target + "\"");
        }
    }

    /** Refuses to take an alias for its collection where that would be destructive. */
    void checkNoAlias(String name) {
        String target = target(name);
        if (target != null) {
            throw VectorDbException.conflict("\"" + name + "\" is an alias of collection \"" + target
                    + "\"; delete the alias, or name the collection itself");
        }
    }

    /** To be called while the lock is held, before collection {@code name} goes. */
    void checkUnused(String name) {
        if (!of(name).isEmpty()) {
            throw VectorDbException.conflict("collection \"" + name + "\" has aliases: " + String.join(", ", of(name))
                    + "; move or delete them first");
        }
    }
}
