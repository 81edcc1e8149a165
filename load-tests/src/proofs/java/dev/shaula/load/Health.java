package dev.shaula.load;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.time.Duration;

/** Waiting for a server to answer. */
final class Health {
    private static final Duration POLL = Duration.ofMillis(50);

    private Health() {}

    /** Waits for the first healthy answer. @throws IllegalStateException when there is none in time */
    static void await(URI url, Duration patience) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!isHealthy(url)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(url + ": not healthy after " + patience);
            }
            Thread.sleep(POLL);
        }
    }

    private static boolean isHealthy(URI url) throws IOException {
        try (Connection connection = new Connection(url)) {
            return connection.get("/health").status() == 200;
        } catch (ConnectException e) {
            return false;
        }
    }
}
