package dev.shaula.ops;

import dev.shaula.collection.CollectionRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Startup;

/** Recovery is over; once up it stays up, so that probes of life begin only then. */
@Startup
@ApplicationScoped
class StartedCheck implements HealthCheck {
    private final CollectionRegistry registry;
    private final AtomicBoolean started = new AtomicBoolean();

    StartedCheck(CollectionRegistry registry) {
        this.registry = registry;
    }

    @Override
    public HealthCheckResponse call() {
        if (registry.ready()) {
            started.set(true);
        }
        return HealthCheckResponse.named("recovery").status(started.get()).build();
    }
}
