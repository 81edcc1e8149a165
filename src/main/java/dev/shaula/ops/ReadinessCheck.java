package dev.shaula.ops;

import dev.shaula.collection.CollectionRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * Every collection found on disk is open. Damaged shards are named but do not make the server unready: the rest keeps
 * serving, and a balancer that takes the server away would turn a part of the loss into all of it.
 */
@Readiness
@ApplicationScoped
class ReadinessCheck implements HealthCheck {
    private final CollectionRegistry registry;

    ReadinessCheck(CollectionRegistry registry) {
        this.registry = registry;
    }

    @Override
    public HealthCheckResponse call() {
        List<String> damage = registry.damage();
        return HealthCheckResponse.named("collections")
                .status(registry.ready())
                .withData("open", registry.list().size())
                .withData("damaged", damage.size())
                .withData("damage", String.join("; ", damage))
                .build();
    }
}
