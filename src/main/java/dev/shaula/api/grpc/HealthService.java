package dev.shaula.api.grpc;

import dev.shaula.collection.CollectionRegistry;
import dev.shaula.model.VectorDbException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** {@code grpc.health.v1.Health}: serving once every collection is open. */
@Singleton
final class HealthService {
    static final String NAME = "grpc.health.v1.Health";
    private static final Set<String> SERVICES = Set.of("", CollectionsService.NAME, VectorsService.NAME);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    private final CollectionRegistry registry;

    HealthService(CollectionRegistry registry) {
        this.registry = registry;
    }

    List<Method<?, ?>> methods() {
        return List.of(
                new Method<HealthCheckRequest, HealthCheckResponse>(
                        "/" + NAME + "/Check", HealthCheckRequest.parser(), call -> call.unary(this::check)),
                new Method<HealthCheckRequest, HealthCheckResponse>(
                        "/" + NAME + "/Watch", HealthCheckRequest.parser(), call -> call.stream(this::watch)));
    }

    private Uni<HealthCheckResponse> check(HealthCheckRequest request) {
        if (!SERVICES.contains(request.getService())) {
            throw VectorDbException.notFound(
                    "service: expected one of " + SERVICES.stream().sorted().toList());
        }
        return Uni.createFrom().item(answer(status(request.getService())));
    }

    /** The status now and whenever it changes; a service that is not known may still come, as the protocol has it. */
    private Multi<HealthCheckResponse> watch(HealthCheckRequest request) {
        return Multi.createFrom()
                .ticks()
                .every(LOOK_EVERY)
                .onOverflow()
                .drop()
                .map(tick -> status(request.getService()))
                .skip()
                .repetitions()
                .map(HealthService::answer);
    }

    private ServingStatus status(String service) {
        if (!SERVICES.contains(service)) {
            return ServingStatus.SERVICE_UNKNOWN;
        }
        return registry.ready() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    }

    private static HealthCheckResponse answer(ServingStatus status) {
        return HealthCheckResponse.newBuilder().setStatus(status).build();
    }
}
