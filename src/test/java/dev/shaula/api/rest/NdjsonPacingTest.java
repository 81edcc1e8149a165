package dev.shaula.api.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.collection.ByteBudget;
import dev.shaula.collection.LocalCollections;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** A client that writes as fast as its socket lets it, to a server that took it all until its write budget was used up. */
@NullMarked
@QuarkusTest
@TestProfile(NdjsonPacingTest.SmallBuffers.class)
class NdjsonPacingTest {
    private static final int DIMENSIONS = 128;
    private static final int ROW_BYTES = chunk(0).length();
    /** What is written before the server stops, so that the kernel knows a fast reader. */
    private static final int TAKEN_BEFORE = 10 << 20;
    /** The client's socket, the kernel's and the server's part in advance; then the end of the rows under way. */
    private static final long MOST_TAKEN = 700_000;

    @TestHTTPResource("/")
    @SuppressWarnings("NullAway.Init") // set by Quarkus
    URI url;

    @Inject
    @SuppressWarnings("NullAway.Init") // set by Quarkus
    LocalCollections collections;

    private int rows;
    private ByteBuffer next = ByteBuffer.allocate(0);

    /** The service with receive buffers as on a small machine. */
    public static final class SmallBuffers implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("shaula.http.receive-buffer", "64K");
        }
    }

    @Test
    void shouldTakeOfAGreedyClientNoMoreInAdvanceThanItsBuffersHold() throws Exception {
        try (SocketChannel socket = SocketChannel.open()) {
            socket.setOption(StandardSocketOptions.SO_SNDBUF, 64 << 10);
            socket.connect(new InetSocketAddress(url.getHost(), url.getPort()));
            socket.configureBlocking(false);
            next = ByteBuffer.wrap("""
                    POST /vectors/upsert?collection=n-greedy HTTP/1.1
                    Host: x
                    Content-Type: application/x-ndjson
                    Transfer-Encoding: chunked

                    """.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
            long taken = writeUntil(() -> rows * ROW_BYTES > TAKEN_BEFORE, socket);
            ByteBudget budget = collections.writeBudget();
            ByteBudget.Waiter all = budget.acquire(budget.capacity());
            try {
                taken += writeUntil(all::isGranted, socket);
                for (long more = 1; more > 0; taken += more) {
                    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
                    more = writeUntil(() -> System.nanoTime() - end > 0, socket);
                }
                int stored = given().get("/collections/n-greedy").path("vector_count");
                assertThat(taken - (long) stored * ROW_BYTES)
                        .as("bytes that the client could send and that are not stored")
                        .isLessThan(MOST_TAKEN);
            } finally {
                all.release();
            }
        }
    }

    private long writeUntil(BooleanSupplier over, SocketChannel socket) throws IOException {
        long taken = 0;
        while (!over.getAsBoolean()) {
            taken += write(socket);
        }
        return taken;
    }

    private static String chunk(int number) {
        String row = String.format(
                Locale.ROOT, "{\"id\":\"%09d\",\"vector\":[0.125%s]}\n", number, ",0.125".repeat(DIMENSIONS - 1));
        return Integer.toHexString(row.length()) + "\r\n" + row + "\r\n";
    }

    /** Offers the next bytes to the socket and says how many it took. */
    private int write(SocketChannel socket) throws IOException {
        if (!next.hasRemaining()) {
            next = ByteBuffer.wrap(chunk(rows++).getBytes(StandardCharsets.US_ASCII));
        }
        return socket.write(next);
    }
}
