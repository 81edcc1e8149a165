package dev.shaula.collection;

import dev.shaula.model.VectorDbException;
import dev.shaula.shard.ShardRuntime;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.DurationConverter;
import io.quarkus.runtime.configuration.MemorySize;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.jboss.logging.Logger;

/** Makes the node's collections from its configuration, opens them when the service starts and closes them when it stops. */
@ApplicationScoped
final class CollectionsProducer {
    private static final Logger LOG = Logger.getLogger(CollectionsProducer.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(60);

    @Produces
    @Singleton
    LocalCollections open(Vertx vertx, CollectionSettings settings) {
        LocalCollections.Settings defaults = settings.writeBudget()
                .map(budget -> LocalCollections.Settings.withBudget(budget.asLongValue()))
                .orElseGet(LocalCollections.Settings::defaults);
        LocalCollections.Settings node = new LocalCollections.Settings(
                        settings.shards().orElse(defaults.shards()),
                        defaults.writeBudgetBytes(),
                        defaults.sliceBytes(),
                        settings.writeWait())
                .withParts(bytes(settings.collectionBudget()), bytes(settings.connectionBudget()))
                .withOpenWait(settings.openWait());
        return LocalCollections.open(vertx, Clock.systemUTC(), node, shardSettings(settings));
    }

    private static OptionalLong bytes(Optional<MemorySize> size) {
        return size.map(given -> OptionalLong.of(given.asLongValue())).orElseGet(OptionalLong::empty);
    }

    /** Recovery begins with the service, not with the first request. */
    void start(@Observes StartupEvent event, LocalCollections collections) {
        LOG.infof("%d collections found", collections.size());
    }

    /** While the event loops still run: shards close on their own threads. */
    void stop(@Observes ShutdownEvent event, LocalCollections collections) {
        collections.close().await().atMost(CLOSE_TIMEOUT);
    }

    private static ShardRuntime.Settings shardSettings(CollectionSettings settings) {
        ShardRuntime.Settings defaults = ShardRuntime.Settings.of(settings.dataDir());
        return new ShardRuntime.Settings(
                settings.dataDir(),
                settings.searchThreads().orElse(defaults.searchThreads()),
                settings.searchQueue(),
                syncInterval(settings.sync()),
                defaults.maxBatchWrites(),
                settings.maxWriteRate(),
                settings.memoryLimit().map(MemorySize::asLongValue).orElseGet(CollectionsProducer::memoryLimit),
                settings.checkpointInterval(),
                settings.searchWait());
    }

    private static Duration syncInterval(String sync) {
        if (sync.equals("always")) {
            return Duration.ZERO;
        }
        Duration interval = DurationConverter.parseDuration(sync);
        if (interval.isNegative() || interval.isZero()) {
            throw VectorDbException.invalid("shaula.sync: expected \"always\" or a time such as 200ms, got " + sync);
        }
        return interval;
    }

    private static long memoryLimit() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long heap = Runtime.getRuntime().maxMemory();
        return Math.max(system.getTotalMemorySize() / 10 * 8 - heap, system.getTotalMemorySize() / 4);
    }
}
