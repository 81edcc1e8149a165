package dev.shaula.collection;

import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import java.util.concurrent.Callable;

/** Runs what blocks on the pool that Vert.x keeps for it. Thread-safe. */
record Worker(Vertx vertx) {
    interface Action {
        void run() throws Exception;
    }

    <T> Uni<T> call(Callable<T> work) {
        return Uni.createFrom()
                .emitter(emitter -> vertx.executeBlocking(work, false).onComplete(done -> {
                    if (done.succeeded()) {
                        emitter.complete(done.result());
                    } else {
                        emitter.fail(done.cause());
                    }
                }));
    }

    Uni<Void> run(Action work) {
        return call(() -> {
                    work.run();
                    return true;
                })
                .replaceWithVoid();
    }
}
