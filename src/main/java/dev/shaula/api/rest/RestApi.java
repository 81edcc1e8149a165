package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.Failure;
import dev.shaula.model.VectorDbException;
import io.quarkus.vertx.http.runtime.RouteConstants;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The table of operations over HTTP. It matches paths as they were sent: an id may hold slashes, dots and anything
 * percent-encoded, which a router of path segments would normalise away.
 */
@ApplicationScoped
class RestApi {
    /** Behind the one that counts connections, before every one that has a path. */
    private static final int FIRST = -15;

    private final Door door;
    private final List<Operation> operations;

    RestApi(
            Door door,
            CollectionOperations collections,
            IndexOperations indexes,
            ReadingOperations reading,
            VectorOperations vectors,
            AliasOperations aliases,
            AdminOperations admin,
            BackupOperations backups,
            LiveOperations live,
            ServerOperations server) {
        this.door = door;
        operations = List.of(
                Operation.get("/health", server::health),
                Operation.get("/info", server::info),
                Operation.post("/collections", collections::create),
                Operation.get("/collections", collections::list),
                Operation.get("/collections/{name}", collections::describe),
                Operation.delete("/collections/{name}", collections::drop),
                Operation.post("/collections/{name}/indexes", indexes::create),
                Operation.get("/collections/{name}/indexes", indexes::list),
                Operation.delete("/collections/{name}/indexes", indexes::drop),
                Operation.post("/collections/{name}/scroll", reading::scroll),
                Operation.post("/collections/{name}/count", reading::count),
                Operation.get("/collections/{name}/export", reading::export),
                Operation.post("/collections/{name}/facet", reading::facet),
                Operation.get("/aliases", aliases::list),
                Operation.post("/aliases", aliases::set),
                Operation.delete("/aliases/{alias}", aliases::delete),
                Operation.post("/vectors/upsert", vectors::upsert),
                Operation.post("/vectors/query", vectors::query),
                Operation.post("/vectors/batch_query", vectors::batchQuery),
                Operation.post("/vectors/delete", vectors::delete),
                Operation.post("/vectors/metadata", vectors::metadata),
                Operation.get("/vectors/{id}", vectors::get),
                Operation.get("/live", live::get),
                Operation.post("/live", live::post),
                Operation.post("/admin/commit", admin::commit),
                Operation.post("/admin/compact", admin::commit),
                Operation.post("/admin/saveall", admin::commit),
                Operation.post("/admin/save/{name}", admin::save),
                Operation.post("/admin/backup", backups::create),
                Operation.get("/admin/backups", backups::list),
                Operation.delete("/admin/backups/{name}", backups::delete),
                Operation.post("/admin/restore", backups::restore),
                Operation.post("/embedding/generate", server::embedding));
    }

    /** The operations, for whoever documents them. */
    List<Operation> operations() {
        return operations;
    }

    void routes(@Observes Router router) {
        router.route().handler(this::dispatch);
        router.route().order(FIRST).handler(this::checkUri);
        router.route().order(10 * RouteConstants.ROUTE_ORDER_AFTER_DEFAULT).handler(this::refuse);
    }

    private void dispatch(RoutingContext routing) {
        String path = routing.request().path();
        Operation operation = path == null ? null : find(path, routing.request().method());
        if (path == null || operation == null) {
            routing.next();
        } else {
            run(operation, path, routing);
        }
    }

    private @Nullable Operation find(String path, HttpMethod method) {
        HttpMethod wanted = method.equals(HttpMethod.HEAD) ? HttpMethod.GET : method;
        Operation found = null;
        for (Operation operation : operations) {
            if (operation.method().equals(wanted) && operation.matches(path)) {
                found = found == null || operation.fixedLength() > found.fixedLength() ? operation : found;
            }
        }
        return found;
    }

    private void run(Operation operation, String path, RoutingContext routing) {
        String encoding = routing.request().getHeader(HttpHeaders.CONTENT_ENCODING);
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            String text = "Content-Encoding: expected none, got \"" + encoding + "\"";
            exchange(routing, operation.name(), "").send(Answer.of(new Failure(415, text, 0)));
            return;
        }
        try {
            Exchange exchange = exchange(routing, operation.name(), Paths.decode(operation.tail(path)));
            try {
                operation.handler().accept(exchange);
            } catch (RuntimeException e) {
                exchange.fail(e);
            }
        } catch (RuntimeException e) {
            exchange(routing, operation.name(), "").fail(e);
        }
    }

    private Exchange exchange(RoutingContext routing, String name, String tail) {
        return new Exchange(routing, door, name, tail);
    }

    /** The router would answer a broken escape without a word, as soon as it compares the path with that of a route. */
    private void checkUri(RoutingContext routing) {
        try {
            Paths.checkUri(routing.request().uri());
        } catch (VectorDbException e) {
            exchange(routing, "unknown", "").fail(e);
            return;
        }
        routing.next();
    }

    /** Nobody took the request: the path is unknown, or known for other methods. */
    private void refuse(RoutingContext routing) {
        String path = routing.request().path();
        List<String> allowed = operations.stream()
                .filter(operation -> path != null && operation.matches(path))
                .map(operation -> operation.method().name())
                .distinct()
                .toList();
        if (allowed.isEmpty()) {
            exchange(routing, "unknown", "").send(Answer.of(404, Answers.error("no such path: " + path)));
        } else {
            routing.response().putHeader(HttpHeaders.ALLOW, String.join(", ", allowed));
            String text = "method " + routing.request().method() + ": expected " + String.join(" or ", allowed);
            exchange(routing, "unknown", "").send(Answer.of(405, Answers.error(text)));
        }
    }
}
