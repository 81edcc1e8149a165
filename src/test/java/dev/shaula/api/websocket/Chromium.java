package dev.shaula.api.websocket;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A headless Chromium with one page, driven by the DevTools protocol. */
final class Chromium implements AutoCloseable, WebSocket.Listener {
    private static final String LISTENING = "DevTools listening on ";
    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final WebSocket socket;
    private final Map<Integer, CompletableFuture<JsonObject>> calls = new ConcurrentHashMap<>();
    private final AtomicInteger lastCall = new AtomicInteger();
    private final StringBuilder text = new StringBuilder();
    private final String session;

    /** The program, null if there is none on the path. */
    static @Nullable Path installed() {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    Chromium(Path program, Path profile, URI page) throws IOException {
        process = new ProcessBuilder(
                        program.toString(),
                        "--headless=new",
                        "--no-sandbox", // it runs as root in containers, and visits our own page only
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--user-data-dir=" + profile,
                        "--remote-debugging-port=0",
                        "about:blank")
                .redirectErrorStream(true)
                .start();
        socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create(endpoint()), this)
                .join();
        String target = call("Target.createTarget", new JsonObject().put("url", "about:blank"), null)
                .getString("targetId");
        session = call(
                        "Target.attachToTarget",
                        new JsonObject().put("targetId", target).put("flatten", true),
                        null)
                .getString("sessionId");
        call("Page.navigate", new JsonObject().put("url", page.toString()), session);
    }

    private String endpoint() throws IOException {
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        StringBuilder all = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(LISTENING)) {
                // Read on, or the browser stops when the pipe is full.
                Thread.ofVirtual().start(() -> output.lines().forEach(ignored -> {}));
                return line.substring(LISTENING.length());
            }
            all.append(line).append('\n');
        }
        throw new IOException("chromium did not start: " + all);
    }

    /** The value of an expression in the page; a promise is awaited. */
    @Nullable
    Object evaluate(String expression) {
        JsonObject result = call(
                "Runtime.evaluate",
                new JsonObject()
                        .put("expression", expression)
                        .put("awaitPromise", true)
                        .put("returnByValue", true),
                session);
        if (result.containsKey("exceptionDetails")) {
            throw new AssertionError(expression + ": " + result.encode());
        }
        return result.getJsonObject("result").getValue("value");
    }

    private JsonObject call(String method, JsonObject parameters, @Nullable String inSession) {
        int id = lastCall.incrementAndGet();
        CompletableFuture<JsonObject> answer = new CompletableFuture<>();
        calls.put(id, answer);
        JsonObject message =
                new JsonObject().put("id", id).put("method", method).put("params", parameters);
        if (inSession != null) {
            message.put("sessionId", inSession);
        }
        socket.sendText(message.encode(), true).join();
        JsonObject reply = answer.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
        if (!reply.containsKey("result")) {
            throw new AssertionError(method + ": " + reply.encode());
        }
        return reply.getJsonObject("result");
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
        text.append(part);
        if (last) {
            JsonObject message = new JsonObject(text.toString());
            text.setLength(0);
            CompletableFuture<JsonObject> waiting = calls.remove(message.getInteger("id", -1));
            if (waiting != null) {
                waiting.complete(message);
            }
        }
        from.request(1);
        return null;
    }

    @Override
    public void close() {
        socket.abort();
        process.destroy();
        process.onExit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }
}
