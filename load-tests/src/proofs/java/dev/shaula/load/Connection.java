package dev.shaula.load;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/**
 * One HTTP/1.1 connection on a plain socket: what is measured is the server and the loopback, not the threads and queues
 * of a client library, and a writer that is slowed is slowed in its own {@code write}. One thread may write while one
 * other reads.
 */
final class Connection implements AutoCloseable {
    /** Far above any answer that is slow on purpose: a server that says nothing for so long hangs. */
    private static final Duration SILENCE = Duration.ofMinutes(10);
    /** Small, so that rows wait in the server or in the client's hands and not in the kernel. */
    private static final int SEND_BUFFER = 16 << 10;

    private final Socket socket = new Socket();
    private final InputStream in;
    private final OutputStream out;
    private final String host;

    /** An answer; {@code body} is empty when it comes in pieces, see {@link #replyChunk}. */
    record Reply(int status, String body) {}

    Connection(URI url) throws IOException {
        host = url.getAuthority();
        socket.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(Math.toIntExact(SILENCE.toMillis()));
        socket.connect(new InetSocketAddress(url.getHost(), url.getPort()));
        in = new BufferedInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    Reply get(String path) throws IOException {
        return send("GET", path, new byte[0]);
    }

    Reply post(String path, String json) throws IOException {
        return send("POST", path, json.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends a request without waiting for its answer. */
    void ask(String path, String json) throws IOException {
        request("POST", path, json.getBytes(StandardCharsets.UTF_8));
    }

    private Reply send(String method, String path, byte[] body) throws IOException {
        request(method, path, body);
        return reply();
    }

    private void request(String method, String path, byte[] body) throws IOException {
        write(head(method, path, "application/json") + "Content-Length: " + body.length + "\r\n\r\n", body);
    }

    /** Begins a body of NDJSON in chunks. */
    void startChunks(String path) throws IOException {
        write(head("POST", path, "application/x-ndjson") + "Transfer-Encoding: chunked\r\n\r\n", new byte[0]);
    }

    /** Sends one chunk; blocks while the server reads nothing. */
    void chunk(byte[] bytes) throws IOException {
        byte[] framed = new byte[bytes.length + 2];
        System.arraycopy(bytes, 0, framed, 0, bytes.length);
        framed[bytes.length] = '\r';
        framed[bytes.length + 1] = '\n';
        write(Integer.toHexString(bytes.length) + "\r\n", framed);
    }

    void lastChunk() throws IOException {
        write("0\r\n\r\n", new byte[0]);
    }

    /** Reads an answer whole, or only its head if it comes in chunks (see {@link #replyChunk}). */
    Reply reply() throws IOException {
        String status = rawLine();
        int length = 0;
        boolean chunked = false;
        for (String header = rawLine(); !header.isEmpty(); header = rawLine()) {
            String lower = header.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(lower.substring(15).strip());
            }
            chunked |= lower.startsWith("transfer-encoding:") && lower.contains("chunked");
        }
        String body = chunked ? "" : new String(in.readNBytes(length), StandardCharsets.UTF_8);
        return new Reply(Integer.parseInt(status.split(" ", 3)[1]), body);
    }

    /** The next chunk of an answer, empty after the last. */
    String replyChunk() throws IOException {
        int length = Integer.parseInt(rawLine(), 16);
        String chunk = new String(in.readNBytes(length), StandardCharsets.UTF_8);
        rawLine();
        return chunk;
    }

    private String head(String method, String path, String type) {
        return method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: " + type + "\r\n";
    }

    private void write(String head, byte[] body) throws IOException {
        byte[] first = head.getBytes(StandardCharsets.US_ASCII);
        byte[] all = new byte[first.length + body.length];
        System.arraycopy(first, 0, all, 0, first.length);
        System.arraycopy(body, 0, all, first.length, body.length);
        out.write(all);
    }

    private String rawLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new IOException("closed by the server after \"" + line.toString(StandardCharsets.UTF_8) + "\"");
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.UTF_8).strip();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
