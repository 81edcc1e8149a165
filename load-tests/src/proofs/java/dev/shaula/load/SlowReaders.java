package dev.shaula.load;

import static dev.shaula.load.Options.mib;
import static dev.shaula.load.Options.property;
import static dev.shaula.load.Options.say;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Clients that ask for much and read 1 KB a second: exports over HTTP, live queries over server-sent events and
 * WebSocket, scrolls over gRPC, while every row is written anew. Fails when what the server holds after a collection of
 * garbage, heap and direct memory, grew by more than a bound for each client.
 */
public final class SlowReaders {
    private static final String COLLECTION = "slow-readers";
    private static final long SEED = 29;
    private static final int BATCH = 100;
    private static final int TICKS_PER_SECOND = 4;
    private static final int BYTES_PER_TICK = 1_024 / TICKS_PER_SECOND;
    private static final int RECEIVE_BUFFER = 4 << 10;

    private final Settings settings;
    private final Rows rows;

    /**
     * The size of a run.
     *
     * @param launcher of the server
     * @param rows of the collection
     * @param dimensions of every vector
     * @param clients of each kind
     * @param seconds that they read for
     * @param heapMiB heap of the server
     * @param bytesOfOne that a client may cost: two answers, a page, and the buffers of its connection
     */
    record Settings(Path launcher, int rows, int dimensions, int clients, int seconds, int heapMiB, long bytesOfOne) {}

    /** Bytes of heap and direct memory in use, after a collection of garbage. */
    record Report(long before, long during) {}

    SlowReaders(Settings settings) {
        this.settings = settings;
        this.rows = new Rows(settings.dimensions(), SEED);
    }

    /** Runs it once. */
    public static void main(String[] args) throws Exception {
        new SlowReaders(new Settings(
                        Options.launcher(),
                        property("rows", 20_000, Integer::valueOf),
                        property("dimensions", 128, Integer::valueOf),
                        property("clients", 50, Integer::valueOf),
                        property("seconds", 60, Integer::valueOf),
                        property("heap", 256, Integer::valueOf),
                        property("bytes", 512L << 10, Long::valueOf)))
                .run();
    }

    Report run() throws IOException, InterruptedException {
        OwnServer.Launch launch = new OwnServer.Launch(
                settings.launcher(),
                "-Xmx%dm -XX:MaxDirectMemorySize=128m".formatted(settings.heapMiB()),
                Map.of(),
                Path.of("target", "slow-readers.log"));
        OwnServer server = OwnServer.start(launch, OwnServer.freeAddress());
        try (Client observer = new Client(server.address(), COLLECTION);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            observer.create(settings.dimensions());
            writeAll(server);
            writeAll(server);
            long before = memory(server, observer);
            List<Socket> sockets = new ArrayList<>();
            try {
                for (int i = 0; i < settings.clients(); i++) {
                    sockets.add(export(server.address()));
                    sockets.add(events(server.address()));
                    sockets.add(webSocket(server.address()));
                    sockets.add(scroll(server.address()));
                }
                sockets.forEach(socket -> threads.submit(() -> sip(socket)));
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(settings.seconds());
                do {
                    writeAll(server);
                } while (System.nanoTime() - end < 0);
                return judge(new Report(before, memory(server, observer)), sockets.size());
            } finally {
                threads.shutdownNow();
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
        } finally {
            server.stop();
        }
    }

    private Report judge(Report report, int clients) throws IOException {
        long each = (report.during() - report.before()) / clients;
        say(String.format(
                Locale.ROOT,
                "heap and direct memory after a collection: %.1f MiB before, %.1f MiB with %d clients of 1 KB/s"
                        + " (%.1f KiB each), load average %s",
                mib(report.before()),
                mib(report.during()),
                clients,
                each / 1024.0,
                Options.loadAverage()));
        if (each > settings.bytesOfOne()) {
            throw new IOException(
                    "memory: expected at most " + settings.bytesOfOne() + " bytes for each slow client, got " + each);
        }
        return report;
    }

    /** Every row once, each time with the same vectors in another order of versions. */
    private void writeAll(OwnServer server) throws IOException, InterruptedException {
        try (Writer writer = new Writer(server.address(), COLLECTION, rows, 0)) {
            for (int sent = 0; sent < settings.rows(); sent += BATCH) {
                writer.send(Math.min(BATCH, settings.rows() - sent));
            }
            writer.finish();
        }
    }

    private static long memory(OwnServer server, Client observer) throws IOException, InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        for (int i = 0; i < 2; i++) {
            Process collect = new ProcessBuilder(jcmd.toString(), Long.toString(server.pid()), "GC.run")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (collect.waitFor() != 0) {
                throw new IOException(jcmd + ": could not have garbage collected");
            }
        }
        Metrics metrics = observer.metrics();
        return metrics.heapUsed() + metrics.sum("jvm_buffer_memory_used_bytes", "direct");
    }

    private static Socket connect(URI url) throws IOException {
        Socket socket = new Socket();
        socket.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
        socket.connect(new InetSocketAddress(url.getHost(), url.getPort()));
        return socket;
    }

    private static void ask(Socket socket, String head, String body) throws IOException {
        String all = head + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " + body.length()
                + "\r\n\r\n" + body;
        socket.getOutputStream().write(all.getBytes(StandardCharsets.US_ASCII));
    }

    private static Socket export(URI url) throws IOException {
        Socket socket = connect(url);
        ask(socket, "GET /collections/" + COLLECTION + "/export", "");
        return socket;
    }

    private Socket events(URI url) throws IOException {
        Socket socket = connect(url);
        ask(socket, "POST /live", rows.query(COLLECTION, 1, 100, true));
        return socket;
    }

    private Socket webSocket(URI url) throws IOException {
        Socket socket = connect(url);
        OutputStream out = socket.getOutputStream();
        out.write(("GET /vectors/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hhdWxhLXNsb3ctb25lIQ==\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        String query = rows.query(COLLECTION, 2, 100, true);
        byte[] json = ("{\"op\":\"subscribe\",\"id\":\"1\"," + query.substring(1)).getBytes(StandardCharsets.US_ASCII);
        out.write(ByteBuffer.allocate(8 + json.length)
                .put((byte) 0x81)
                .put((byte) (128 | 126))
                .putShort((short) json.length)
                .putInt(0)
                .put(json)
                .array());
        return socket;
    }

    private static Socket scroll(URI url) throws IOException {
        Socket socket = connect(url);
        GreedyGrpc.begin(socket.getOutputStream(), url.getAuthority(), "/shaula.v1.Vectors/Scroll");
        byte[] name = COLLECTION.getBytes(StandardCharsets.US_ASCII);
        byte[] message = ByteBuffer.allocate(5 + 2 + name.length)
                .put((byte) 0)
                .putInt(2 + name.length)
                .put((byte) (1 << 3 | 2))
                .put((byte) name.length)
                .put(name)
                .array();
        GreedyGrpc.lastData(socket.getOutputStream(), message);
        return socket;
    }

    /** Reads 1 KB a second until the socket is closed. */
    private static @Nullable Void sip(Socket socket) throws IOException, InterruptedException {
        InputStream in = socket.getInputStream();
        byte[] bytes = new byte[BYTES_PER_TICK];
        while (in.read(bytes) >= 0) {
            TimeUnit.MILLISECONDS.sleep(1_000 / TICKS_PER_SECOND);
        }
        return null;
    }
}
