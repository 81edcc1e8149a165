package dev.shaula.load;

import dev.shaula.fixtures.VectorSet;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** What a simulation needs of the service before and after the measured part; for one thread. */
final class Service implements AutoCloseable {
    private static final int ROWS_PER_UPSERT = 1_000;
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(120);

    private final URI url;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    Service(URI url) {
        this.url = url;
    }

    /** Waits for the first healthy answer. @throws IllegalStateException when there is none in time */
    void awaitHealthy(Duration patience) throws IOException, InterruptedException {
        Health.await(url, patience);
    }

    /** Creates the collection and stores every base row, each under its row number; returns the time the rows took. */
    Duration load(String collection, VectorSet vectors) throws IOException, InterruptedException {
        post("/collections", Wire.createCollection(collection, vectors));
        long start = System.nanoTime();
        int rows = vectors.base().length;
        for (int from = 0; from < rows; from += ROWS_PER_UPSERT) {
            post("/vectors/upsert", Wire.upsert(collection, vectors, from, Math.min(rows, from + ROWS_PER_UPSERT)));
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }

    void drop(String collection) throws IOException, InterruptedException {
        expectSuccess(exchange(request("/collections/" + collection).DELETE()));
    }

    @Override
    public void close() {
        http.close();
    }

    private void post(String path, String body) throws IOException, InterruptedException {
        expectSuccess(exchange(
                request(path).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body))));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(url.resolve(path)).timeout(REQUEST_TIMEOUT);
    }

    private HttpResponse<String> exchange(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), BodyHandlers.ofString());
    }

    private static void expectSuccess(HttpResponse<String> response) throws IOException {
        if (response.statusCode() >= 300) {
            throw new IOException(response.request().method() + " " + response.uri() + ": HTTP " + response.statusCode()
                    + " " + response.body());
        }
    }
}
