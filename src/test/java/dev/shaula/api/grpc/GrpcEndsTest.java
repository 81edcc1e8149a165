package dev.shaula.api.grpc;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.api.grpc.v1.UpsertAck;
import dev.shaula.api.grpc.v1.UpsertStreamRequest;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls that nobody waits for any more end on the server too, by themselves. */
@QuarkusTest
class GrpcEndsTest {
    private static final String METHOD = "shaula.v1.Vectors/UpsertStream";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Inject
    @SuppressWarnings("NullAway.Init") // set by Quarkus
    Vertx vertx;

    private final GrpcClient client = new GrpcClient();

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void shouldEndACallThatItsClientCancels() throws Exception {
        long before = ended("CANCELLED");
        ClientCall<UpsertStreamRequest, UpsertAck> call = open();
        call.cancel("not wanted any more", null);
        awaitEnded("CANCELLED", before + 1);
    }

    @Test
    void shouldEndTheCallsOfAConnectionThatIsLost() throws Exception {
        long before = ended("CANCELLED");
        open();
        open();
        client.close();
        awaitEnded("CANCELLED", before + 2);
    }

    /** Over plain HTTP/2: the client of grpc-java would end the call itself, before the server does. */
    @Test
    void shouldEndACallAtItsDeadline() throws Exception {
        HttpClient http = vertx.createHttpClient(
                new HttpClientOptions().setProtocolVersion(HttpVersion.HTTP_2).setHttp2ClearTextUpgrade(false));
        HttpClientRequest request = http.request(HttpMethod.POST, RestAssured.port, "127.0.0.1", "/" + METHOD)
                .toCompletionStage()
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        request.putHeader("content-type", "application/grpc").putHeader("grpc-timeout", "150m");
        CompletableFuture<String> status = new CompletableFuture<>();
        request.response()
                .onSuccess(response -> response.endHandler(end -> status.complete(response.getTrailer("grpc-status"))));
        request.sendHead();
        assertThat(status.get(30, TimeUnit.SECONDS)).isEqualTo("4");
        http.close();
    }

    private ClientCall<UpsertStreamRequest, UpsertAck> open() throws InterruptedException {
        ClientCall<UpsertStreamRequest, UpsertAck> call =
                client.open(METHOD, UpsertStreamRequest.getDefaultInstance(), UpsertAck.getDefaultInstance());
        CountDownLatch acknowledged = new CountDownLatch(1);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(UpsertAck ack) {
                        acknowledged.countDown();
                    }
                },
                new Metadata());
        call.request(1);
        UpsertStreamRequest first = UpsertStreamRequest.newBuilder()
                .setCollection("g-ends")
                .setBatch(1)
                .addPoints(GrpcClient.point("a", 1, 0))
                .build();
        call.sendMessage(first);
        assertThat(acknowledged.await(30, TimeUnit.SECONDS)).isTrue();
        return call;
    }

    private void awaitEnded(String code, long expected) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (ended(code) < expected && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(ended(code)).isGreaterThanOrEqualTo(expected);
    }

    private static long ended(String code) {
        return given().get("/q/metrics")
                .asString()
                .lines()
                .filter(line -> line.startsWith("shaula_grpc_calls_seconds_count{")
                        && line.contains("code=\"" + code + "\"")
                        && line.contains("method=\"" + METHOD + "\""))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }
}
