package dev.shaula.cli;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A service that speaks the contract over real sockets and can be told to misbehave: to read slowly, to cut the
 * connection, to refuse. It stores rows and answers queries by brute force (Euclidean).
 */
final class ContractServer implements Closeable {
    /** Consulted before a slice is stored; may wait, or say how the request ends. */
    interface Gate {
        Verdict before(long rowsOfRequest, long rowsInAll) throws InterruptedException;
    }

    sealed interface Verdict {
        record Go() implements Verdict {}

        /** Close the connection without a word. */
        record Cut() implements Verdict {}

        /** Answer with an error: as a plain answer if nothing was acknowledged yet, else as the last line. */
        record Refuse(int status, String error) implements Verdict {}
    }

    private static final int SLICE_ROWS = 100;
    private static final int RECEIVE_BUFFER_BYTES = 1 << 16;

    private final ServerSocket listener;
    final Map<String, Map<String, @Nullable Object>> collections = new ConcurrentHashMap<>();
    final Map<String, Map<String, @Nullable Object>> rows = Collections.synchronizedMap(new LinkedHashMap<>());
    final List<String> firstIds = Collections.synchronizedList(new ArrayList<>());
    final List<String> targets = Collections.synchronizedList(new ArrayList<>());
    final AtomicLong bodyBytes = new AtomicLong();
    final ConcurrentLinkedQueue<Verdict> nextUpserts = new ConcurrentLinkedQueue<>();
    volatile Gate gate = (ofRequest, inAll) -> new Verdict.Go();
    volatile boolean closeAfterEveryAnswer;
    private final AtomicLong acknowledged = new AtomicLong();

    ContractServer() throws IOException {
        listener = new ServerSocket();
        listener.setReceiveBufferSize(RECEIVE_BUFFER_BYTES);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Thread.ofVirtual().start(this::accept);
    }

    String url() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 13);
            boolean open = true;
            while (open) {
                open = exchange(in, socket.getOutputStream()) && !closeAfterEveryAnswer;
            }
        } catch (IOException | InterruptedException e) {
            // the client went away
        }
    }

    private boolean exchange(InputStream in, OutputStream out) throws IOException, InterruptedException {
        String[] request = HttpConnection.readLine(in).split(" ");
        Map<String, String> headers = new HashMap<>();
        for (String line = HttpConnection.readLine(in); !line.isEmpty(); line = HttpConnection.readLine(in)) {
            headers.put(line.split(":")[0].toLowerCase(Locale.ROOT), line.split(":", 2)[1].strip());
        }
        targets.add(request[0] + " " + request[1]);
        if (request[1].startsWith("/vectors/upsert?")) {
            return upsert(new ChunkedInput(in), out);
        }
        byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
        answer(request[0], request[1], body.length == 0 ? Map.of() : Json.object(body), out);
        return true;
    }

    private void answer(String method, String target, Map<String, ? extends @Nullable Object> body, OutputStream out)
            throws IOException {
        String path = URLDecoder.decode(target.split("\\?", 2)[0], StandardCharsets.UTF_8);
        String name = path.substring(path.lastIndexOf('/') + 1);
        switch (method + " " + path.replaceFirst("(?<=^/(collections|vectors)/).*", "*")) {
            case "GET /health" -> send(out, 200, Map.of("status", "ok"));
            case "GET /collections" -> send(out, 200, Map.of("collections", List.copyOf(collections.values())));
            case "POST /collections" -> {
                Map<String, @Nullable Object> made = new LinkedHashMap<>(body);
                made.put("created_at", "t" + System.nanoTime());
                collections.put(String.valueOf(body.get("name")), made);
                send(out, 201, Map.of("success", true));
            }
            case "GET /collections/*" -> {
                Map<String, @Nullable Object> info = collections.get(name);
                if (info != null) {
                    info.put("vector_count", rows.size());
                }
                send(out, info == null ? 404 : 200, info == null ? Map.of("error", "no such collection") : info);
            }
            case "DELETE /collections/*" -> {
                boolean found = collections.remove(name) != null;
                send(out, found ? 200 : 404, found ? Map.of("success", true) : Map.of("error", "no such collection"));
            }
            case "POST /vectors/*" -> send(out, 200, Map.of("results", search(body)));
            case "GET /vectors/*" -> {
                Map<String, @Nullable Object> row = rows.get(name);
                send(out, row == null ? 404 : 200, row == null ? Map.of("error", "Vector not found") : row);
            }
            default -> send(out, 404, Map.of("error", "no such path"));
        }
    }

    private List<Map<String, @Nullable Object>> search(Map<String, ? extends @Nullable Object> query) {
        float[] q = Json.vector(query.get("vector"), "vector");
        long k = query.get("top_k") instanceof Number n ? n.longValue() : 10;
        Comparator<Map<String, @Nullable Object>> byScore = Comparator.comparingDouble(ContractServer::minusScore);
        return rows.values().stream()
                .map(row -> {
                    Map<String, @Nullable Object> result = new LinkedHashMap<>();
                    result.put("id", row.get("id"));
                    result.put("score", 1 / (1 + distance(q, Json.vector(row.get("vector"), "row"))));
                    result.put("metadata", row.getOrDefault("metadata", Map.of()));
                    return result;
                })
                .sorted(byScore)
                .limit(k)
                .toList();
    }

    private static double minusScore(Map<String, @Nullable Object> result) {
        return result.get("score") instanceof Double score ? -score : Double.NaN;
    }

    static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
        }
        return sum;
    }

    private boolean upsert(InputStream body, OutputStream out) throws IOException, InterruptedException {
        if (nextUpserts.poll() instanceof Verdict.Refuse early) {
            send(out, early.status, Map.of("error", early.error));
            return false; // as a server that will not read the body
        }
        LineReader lines = new LineReader(new CountedInput(body), 1 << 24);
        List<Map<String, @Nullable Object>> slice = new ArrayList<>();
        long stored = 0;
        boolean begun = false;
        byte[] line;
        do {
            line = lines.next();
            if (line != null) {
                slice.add(Json.object(line));
            }
            if (slice.size() == SLICE_ROWS || (line == null && !slice.isEmpty())) {
                switch (gate.before(stored, acknowledged.get())) {
                    case Verdict.Cut ignored -> {
                        return false;
                    }
                    case Verdict.Refuse r -> {
                        refuse(out, begun, r, stored);
                        return false;
                    }
                    case Verdict.Go ignored -> {}
                }
                if (stored == 0) {
                    firstIds.add(String.valueOf(slice.getFirst().get("id")));
                }
                slice.forEach(r -> rows.put(String.valueOf(r.get("id")), r));
                stored += slice.size();
                acknowledged.addAndGet(slice.size());
                begun = begin(out, begun);
                chunk(out, Map.of("count", slice.size(), "acknowledged", stored));
                slice.clear();
            }
        } while (line != null);
        begin(out, begun);
        chunk(out, Map.of("success", true, "count", stored, "upserted_count", stored));
        out.write("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        return true;
    }

    private static boolean begin(OutputStream out, boolean begun) throws IOException {
        if (!begun) {
            out.write("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
                    .getBytes(StandardCharsets.ISO_8859_1));
        }
        return true;
    }

    private static void refuse(OutputStream out, boolean begun, Verdict.Refuse r, long stored) throws IOException {
        if (!begun) {
            send(out, r.status, Map.of("error", r.error));
            return;
        }
        chunk(out, Map.of("success", false, "error", r.error, "status", r.status, "acknowledged", stored));
        out.write("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void chunk(OutputStream out, Map<String, ?> line) throws IOException {
        byte[] text = (Json.write(line) + "\n").getBytes(StandardCharsets.UTF_8);
        out.write((Integer.toHexString(text.length) + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        out.write(text);
        out.write("\r\n".getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void send(OutputStream out, int status, Map<String, ? extends @Nullable Object> body)
            throws IOException {
        byte[] text = Json.write(body).getBytes(StandardCharsets.UTF_8);
        out.write(("HTTP/1.1 " + status + " Status\r\nContent-Length: " + text.length + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        out.write(text);
    }

    private final class CountedInput extends FilterInputStream {
        CountedInput(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            int n = super.read(b, off, len);
            bodyBytes.addAndGet(Math.max(0, n));
            return n;
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
