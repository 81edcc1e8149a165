package dev.shaula.doors;

import dev.shaula.sidebyside.DataSet;
import dev.shaula.sidebyside.MatrixFile;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * Measures a running server through its doors: ingest, searches, searches beside inserts. One line of a table for each
 * measurement; {@code doors.sh} starts the server and says what the columns are.
 */
public final class DoorSpeed {
    private static final int BATCH = 200;
    private static final int INGEST_CONNECTIONS = 2;
    private static final int INSERT_CONNECTIONS = 4;
    private static final long SECOND = 1_000_000_000L;

    private final Map<String, String> options;
    private final InetSocketAddress server;
    private final long pid;
    private final String collection;
    private final MatrixFile base;
    private final MatrixFile queries;
    private final MatrixFile neighbours;
    private final long warmNs;
    private final long measureNs;

    private DoorSpeed(Map<String, String> options) throws IOException {
        this.options = options;
        server = new InetSocketAddress("127.0.0.1", number("--port"));
        pid = number("--pid");
        collection = options.getOrDefault("--collection", "doors");
        Path data = Path.of(options.get("--data"));
        DataSet set = DataSet.prepare(options.get("--set"), data, data);
        base = MatrixFile.open(set.base());
        queries = MatrixFile.open(set.queries());
        neighbours = MatrixFile.open(set.neighbours());
        warmNs = number("--warm") * SECOND;
        measureNs = number("--seconds") * SECOND;
    }

    /** Arguments are pairs of a name and a value; {@code doors.sh} fills them in. */
    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
        DoorSpeed speed = new DoorSpeed(options);
        for (String step : options.get("--steps").split(",")) {
            switch (step) {
                case "ingest" -> speed.ingest();
                case "search" -> speed.searches();
                case "mixed" -> speed.mixed();
                default -> throw new IllegalArgumentException("--steps: ingest, search or mixed, got " + step);
            }
        }
    }

    private int number(String name) {
        return Integer.parseInt(options.get(name));
    }

    private Door door(String name) {
        return switch (name) {
            case "json" -> new HttpDoor(HttpDoor.Form.JSON, collection);
            case "base64" -> new HttpDoor(HttpDoor.Form.BASE64, collection);
            case "binary" -> new HttpDoor(HttpDoor.Form.BINARY, collection);
            case "grpc" -> new GrpcDoor(collection);
            case "websocket" -> new SocketDoor(collection);
            default ->
                throw new IllegalArgumentException("--doors: json, base64, binary, grpc or websocket, got " + name);
        };
    }

    // --- ingest -------------------------------------------------------------------------------------------------

    /** Every row, each acknowledged when it is synced and searchable. */
    private void ingest() throws IOException {
        create();
        boolean json = options.get("--ingest").equals("json");
        int rows = Math.min(base.rows(), number("--rows"));
        Lane lane = Lane.closed(
                HttpConversation::new,
                INGEST_CONNECTIONS,
                n -> upsert(n * BATCH, Math.min(rows, (n + 1) * BATCH), json, ""),
                (rows + BATCH - 1) / BATCH,
                (n, answer) -> {});
        Usage before = Usage.now(pid);
        long startNs = System.nanoTime();
        lane.count();
        run(Long.MAX_VALUE / 2, lane);
        double seconds = (System.nanoTime() - startNs) / 1e9;
        Usage used = Usage.now(pid).since(before);
        print(
                "| %s, %d connections, batches of %d | %,.0f rows/s | p99 of a batch %.0f ms | server %.2f, client %.2f, others %.2f cores |",
                json ? "JSON numbers" : "JSON base64",
                INGEST_CONNECTIONS,
                BATCH,
                rows / seconds,
                lane.millis(0.99),
                used.serverNs() / 1e9 / seconds,
                used.client() / 1e9 / seconds,
                used.others() / 1e9 / seconds);
        print("| linked | %.1f s after the last acknowledgement | | |", settle());
    }

    private void create() throws IOException {
        String body = "{\"name\":\"" + collection + "\",\"dimensions\":" + base.columns() + "}";
        ByteBuffer request =
                HttpDoor.post("/collections", "application/json", body.getBytes(StandardCharsets.US_ASCII));
        run(Long.MAX_VALUE / 2, Lane.closed(HttpConversation::new, 1, n -> request, 1, (n, answer) -> {}));
    }

    private ByteBuffer upsert(int from, int to, boolean json, String prefix) {
        StringBuilder body = new StringBuilder("{\"collection\":\"" + collection + "\",\"vectors\":[");
        for (int row = from; row < to; row++) {
            float[] vector = base.floats(row % base.rows());
            body.append(row == from ? "" : ",")
                    .append("{\"id\":\"")
                    .append(prefix)
                    .append(row)
                    .append("\",\"vector\":");
            body.append(json ? JsonAnswers.numbers(vector) : JsonAnswers.base64(vector))
                    .append('}');
        }
        byte[] text = body.append("]}").toString().getBytes(StandardCharsets.US_ASCII);
        return HttpDoor.post("/vectors/upsert", "application/json", text);
    }

    /** Rows are linked after their acknowledgement: waits until the server has nothing to do; seconds that it took. */
    private double settle() throws IOException {
        long startNs = System.nanoTime();
        Usage last = Usage.now(pid);
        for (int quiet = 0; quiet < 3; ) {
            sleep(500);
            Usage now = Usage.now(pid);
            quiet = now.since(last).serverNs() < 25_000_000 ? quiet + 1 : 0;
            last = now;
        }
        return (System.nanoTime() - startNs) / 1e9 - 1.5;
    }

    private static void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    // --- searches -----------------------------------------------------------------------------------------------

    private void searches() throws IOException {
        settle();
        for (String point : options.get("--points").split(",")) {
            String[] parts = point.split("/");
            int k = Integer.parseInt(parts[0]);
            int ef = Integer.parseInt(parts[1]);
            for (String name : options.get("--doors").split(",")) {
                Door door = door(name);
                double recall = recall(door, encoded(door, k, ef), k);
                for (int i = 2; i < parts.length; i++) {
                    search(door, k, ef, Integer.parseInt(parts[i]), recall);
                }
            }
        }
    }

    private IntFunction<ByteBuffer> encoded(Door door, int k, int ef) {
        List<ByteBuffer> encoded = new ArrayList<>();
        for (int i = 0; i < queries.rows(); i++) {
            encoded.add(door.query(queries.floats(i), k, ef));
        }
        return n -> encoded.get(n % encoded.size());
    }

    /** Every query once, its answer read and compared with the exact one. */
    private double recall(Door door, IntFunction<ByteBuffer> encoded, int k) throws IOException {
        long[] hits = new long[1];
        run(Long.MAX_VALUE / 2, Lane.closed(door::open, 1, encoded, queries.rows(), (n, answer) -> {
            int[] ids = door.ids(answer);
            if (ids.length != k) {
                throw new IllegalStateException("query " + n + ": expected " + k + " results, got " + ids.length);
            }
            Set<Integer> nearest = new HashSet<>();
            int[] row = neighbours.ints(n);
            for (int i = 0; i < k; i++) {
                nearest.add(row[i]);
            }
            for (int id : ids) {
                hits[0] += nearest.contains(id) ? 1 : 0;
            }
        }));
        return (double) hits[0] / k / queries.rows();
    }

    private void search(Door door, int k, int ef, int connections, double recall) throws IOException {
        Lane lane = Lane.closed(door::open, connections, encoded(door, k, ef), Integer.MAX_VALUE, (n, answer) -> {});
        measure(String.format(Locale.ROOT, "%s | %d | %d | %.4f", door.name(), k, ef, recall), lane, List.of(lane));
    }

    /** Searches over 4 connections while single points are inserted at a constant rate. */
    private void mixed() throws IOException {
        String[] parts = options.get("--mixed").split("/");
        int k = Integer.parseInt(parts[0]);
        int ef = Integer.parseInt(parts[1]);
        int rate = Integer.parseInt(parts[2]);
        String[] names = options.get("--doors").split(",");
        // Before anything is inserted: copies of rows are nearer than some of the exact neighbours that are known.
        Map<String, Double> recalls = new HashMap<>();
        for (String name : names) {
            Door door = door(name);
            recalls.put(name, recall(door, encoded(door, k, ef), k));
        }
        for (String name : names) {
            Door door = door(name);
            IntFunction<ByteBuffer> encoded = encoded(door, k, ef);
            double recall = recalls.get(name);
            Lane lane = Lane.closed(door::open, 4, encoded, Integer.MAX_VALUE, (n, answer) -> {});
            String prefix = "x-" + System.nanoTime() + "-";
            Lane inserts = Lane.constant(
                    HttpConversation::new, INSERT_CONNECTIONS, n -> upsert(n, n + 1, false, prefix), rate);
            measure(
                    String.format(Locale.ROOT, "%s + %d inserts/s | %d | %d | %.4f", door.name(), rate, k, ef, recall),
                    lane,
                    List.of(lane, inserts));
            print(
                    "| of it inserts | | | | %d | %,.0f | %.2f | %.2f | | | | | | |",
                    INSERT_CONNECTIONS,
                    inserts.counted() / (measureNs / 1e9),
                    inserts.millis(0.5),
                    inserts.millis(0.99));
        }
    }

    private void measure(String what, Lane lane, List<Lane> lanes) throws IOException {
        try (LoadLoop loop = new LoadLoop(server, lanes)) {
            loop.run(warmNs);
            lanes.forEach(Lane::count);
            Usage before = Usage.now(pid);
            long startNs = System.nanoTime();
            loop.run(measureNs);
            double ns = System.nanoTime() - startNs;
            Usage used = Usage.now(pid).since(before);
            double n = lane.counted();
            print(
                    "| %s | %d | %,.0f | %.2f | %.2f | %.3f | %.0f | %.0f | %.0f | %.0f | %.2f, %.2f |",
                    what,
                    lane.connections(),
                    n / ns * 1e9,
                    lane.millis(0.5),
                    lane.millis(0.99),
                    used.serverNs() / n / 1e6,
                    used.of(ThreadClock.Work.SEARCH) / n / 1e3,
                    used.of(ThreadClock.Work.DOOR) / n / 1e3,
                    used.of(ThreadClock.Work.WRITE) / n / 1e3,
                    (used.serverNs()
                                    - used.of(ThreadClock.Work.SEARCH)
                                    - used.of(ThreadClock.Work.DOOR)
                                    - used.of(ThreadClock.Work.WRITE))
                            / n
                            / 1e3,
                    used.client() / ns,
                    used.others() / ns);
        }
    }

    private void run(long ns, Lane lane) throws IOException {
        try (LoadLoop loop = new LoadLoop(server, List.of(lane))) {
            loop.run(ns);
        }
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
