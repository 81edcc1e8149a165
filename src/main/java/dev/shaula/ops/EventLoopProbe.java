package dev.shaula.ops;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.netty.util.concurrent.EventExecutor;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.Startup;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How late the event loops are: a timer on each of them that should fire every 10 ms. Of the delay, what the loop itself
 * computed meanwhile is told apart: the rest it spent waiting for a core, or blocked, which Vert.x's blocked-thread
 * checker tells.
 */
@Startup
@Singleton
class EventLoopProbe {
    private static final long PERIOD_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final Duration[] STEPS = {
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(20),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(500)
    };

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Timer delay;
    private final Timer work;
    private volatile boolean stopped;

    EventLoopProbe(Vertx vertx, MeterRegistry meters) {
        delay = Timer.builder("shaula.eventloop.delay")
                .description("How late a timer of an event loop fires")
                .serviceLevelObjectives(STEPS)
                .register(meters);
        work = Timer.builder("shaula.eventloop.work")
                .description("Of that delay, what the event loop itself computed")
                .serviceLevelObjectives(STEPS)
                .register(meters);
        for (EventExecutor loop : ((VertxInternal) vertx).getEventLoopGroup()) {
            loop.execute(() -> new Tick(loop).again());
        }
    }

    void stop(@Observes ShutdownEvent event) {
        stopped = true;
    }

    /** The timer of one event loop, on which all of it runs. */
    private final class Tick implements Runnable {
        private final EventExecutor loop;
        private long dueNs;
        private long cpuNs;

        Tick(EventExecutor loop) {
            this.loop = loop;
        }

        void again() {
            cpuNs = threads.getCurrentThreadCpuTime();
            dueNs = System.nanoTime() + PERIOD_NS;
            loop.schedule(this, PERIOD_NS, TimeUnit.NANOSECONDS);
        }

        @Override
        public void run() {
            long late = Math.max(0, System.nanoTime() - dueNs);
            delay.record(late, TimeUnit.NANOSECONDS);
            work.record(Math.min(late, threads.getCurrentThreadCpuTime() - cpuNs), TimeUnit.NANOSECONDS);
            if (!stopped && !loop.isShuttingDown()) {
                again();
            }
        }
    }
}
