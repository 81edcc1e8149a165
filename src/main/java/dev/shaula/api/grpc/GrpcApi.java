package dev.shaula.api.grpc;

import com.google.protobuf.Empty;
import com.google.protobuf.MessageLite;
import com.google.rpc.Code;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The table of methods, and the way to it: requests over HTTP/2 whose content type is that of gRPC. */
@ApplicationScoped
class GrpcApi {
    /** Before every route of HTTP. */
    private static final int ORDER = -10;

    /** What a path that is not in the table leads to; one name for all, for the metrics. */
    private static final Method<Empty, Empty> UNKNOWN = new Method<>(
            "/unknown", Empty.parser(), call -> call.end(Refusal.plain(Code.UNIMPLEMENTED, "no such method")));

    private final GrpcDoor door;
    private final Map<String, Method<?, ?>> methods;

    GrpcApi(
            GrpcDoor door,
            CollectionsService collections,
            VectorsService vectors,
            HealthService health,
            ReflectionService reflection) {
        this.door = door;
        methods = Stream.of(collections.methods(), vectors.methods(), health.methods(), reflection.methods())
                .flatMap(List::stream)
                .collect(Collectors.toUnmodifiableMap(Method::path, Function.identity()));
    }

    void routes(@Observes Router router) {
        router.route().order(ORDER).handler(this::dispatch);
    }

    private void dispatch(RoutingContext routing) {
        String type = routing.request().getHeader("content-type");
        if (routing.request().version() == HttpVersion.HTTP_2 && isGrpc(type)) {
            start(routing, methods.getOrDefault(routing.request().path(), UNKNOWN));
        } else {
            routing.next();
        }
    }

    private static boolean isGrpc(@Nullable String type) {
        return type != null
                && (type.equals("application/grpc")
                        || type.startsWith("application/grpc+proto")
                        || type.startsWith("application/grpc;"));
    }

    private <Q, A extends MessageLite> void start(RoutingContext routing, Method<Q, A> method) {
        Call<Q, A> call = new Call<>(routing, method, door);
        call.guard(() -> method.handler().accept(call));
    }
}
