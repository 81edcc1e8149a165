package dev.shaula.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * One HTTP/1.1 connection on a plain (or TLS) socket, kept alive between exchanges.
 *
 * <p>Why not {@code java.net.http}: its HTTP/1.1 exchange reads the answer only after the whole body is sent, but an
 * import must see acknowledgements while it sends; and an evaluation should measure the server, not the client's
 * thread hops. Here one thread may write a body while another reads the answer. Otherwise for one thread at a time.
 */
final class HttpConnection implements Closeable {
    /** How much of a body may wait in the kernel; a sender is at most this (the kernel doubles it) ahead of the server. */
    static final int SEND_BUFFER_BYTES = 1 << 20;

    /** Largest answer that is held whole. */
    static final int MAX_ANSWER_BYTES = 1 << 28;

    private static final int MAX_HEAD_BYTES = 1 << 16;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final URI base;
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private boolean reusable = true;

    private HttpConnection(URI base, Socket socket) throws IOException {
        this.base = base;
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
        this.out = socket.getOutputStream();
    }

    /**
     * Connects to the host and port of {@code base}.
     *
     * @param base http or https; its path, if any, comes before every target
     * @param patience longest silence of the server while an answer is awaited
     * @throws IOException if nobody listens there
     */
    static HttpConnection open(URI base, Duration patience) throws IOException {
        boolean tls = "https".equals(base.getScheme());
        int port = base.getPort() >= 0 ? base.getPort() : tls ? 443 : 80;
        Socket socket = new Socket();
        try {
            socket.setSendBufferSize(SEND_BUFFER_BYTES);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
            socket.connect(new InetSocketAddress(base.getHost(), port), Math.toIntExact(CONNECT_TIMEOUT.toMillis()));
            return new HttpConnection(base, tls ? overTls(socket, base.getHost(), port) : socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket overTls(Socket socket, String host, int port) throws IOException {
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        SSLSocket secured = (SSLSocket) factory.createSocket(socket, host, port, true);
        SSLParameters parameters = secured.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS"); // not the default of a bare socket
        secured.setSSLParameters(parameters);
        secured.startHandshake();
        return secured;
    }

    /**
     * The first lines of an answer.
     *
     * @param headers names in lower case
     */
    record Head(int status, Map<String, String> headers) {
        String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    /** A whole answer. */
    record Answer(int status, byte[] body) {}

    /** Sends a request with a body of known length (may be empty) and waits for the whole answer. */
    Answer exchange(String method, String target, byte[] body) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream(body.length + 256);
        request.writeBytes(head(method, target, "application/json", "Content-Length: " + body.length));
        request.writeBytes(body);
        request.writeTo(out); // one write, so that a small request is one packet
        Head head = readHead();
        byte[] answer = body(head).readNBytes(MAX_ANSWER_BYTES + 1);
        if (answer.length > MAX_ANSWER_BYTES) {
            throw new IOException("the answer is longer than " + MAX_ANSWER_BYTES + " bytes");
        }
        return new Answer(head.status, answer);
    }

    /** Sends the head of a request of unknown length. Closing the result ends the request, not the connection. */
    OutputStream beginChunked(String method, String target, String contentType) throws IOException {
        out.write(head(method, target, contentType, "Transfer-Encoding: chunked"));
        return new ChunkedOutput(out);
    }

    private byte[] head(String method, String target, String contentType, String framing) {
        String path = base.getRawPath() == null ? "" : base.getRawPath().replaceFirst("/$", "");
        String host = base.getRawAuthority();
        return (method + " " + path + target + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: " + contentType
                        + "\r\nAccept: */*\r\nUser-Agent: shaula\r\n" + framing + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Waits for the head of the answer, past any interim (1xx) one. */
    Head readHead() throws IOException {
        Head head;
        do {
            head = new Head(statusOf(readLine()), readHeaders());
        } while (head.status < 200);
        reusable &= !"close".equalsIgnoreCase(head.header("connection"));
        return head;
    }

    private static int statusOf(String line) throws IOException {
        String[] parts = line.split(" ", 3);
        if (parts.length < 2 || !parts[0].startsWith("HTTP/1.") || !parts[1].matches("[1-5][0-9][0-9]")) {
            throw new IOException("not an HTTP/1.1 answer: \"" + Text.shorten(line, 60) + "\"");
        }
        return Integer.parseInt(parts[1]);
    }

    private Map<String, String> readHeaders() throws IOException {
        Map<String, String> headers = new HashMap<>();
        int bytes = 0;
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            bytes += line.length();
            int colon = line.indexOf(':');
            if (colon < 1 || bytes > MAX_HEAD_BYTES) {
                throw new IOException("bad header in the answer: \"" + Text.shorten(line, 60) + "\"");
            }
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return headers;
    }

    private String readLine() throws IOException {
        return readLine(in);
    }

    /** A line that ends with CR LF, in ISO 8859-1. */
    static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the server closed the connection");
            }
            if (line.length() >= MAX_HEAD_BYTES) {
                throw new IOException("a header line of the answer is longer than " + MAX_HEAD_BYTES + " bytes");
            }
            line.append((char) c);
        }
        int length = line.length();
        return length > 0 && line.charAt(length - 1) == '\r' ? line.substring(0, length - 1) : line.toString();
    }

    /** The body that follows {@code head}, as a stream that ends where it ends. */
    InputStream body(Head head) throws IOException {
        if (head.status == 204 || head.status == 304) {
            return InputStream.nullInputStream();
        }
        if ("chunked".equalsIgnoreCase(head.header("transfer-encoding"))) {
            return new ChunkedInput(in);
        }
        String length = head.header("content-length");
        if (length.isEmpty()) {
            reusable = false;
            return in;
        }
        try {
            return new FixedInput(in, Long.parseLong(length));
        } catch (NumberFormatException e) {
            throw new IOException("bad Content-Length in the answer: \"" + Text.shorten(length, 60) + "\"", e);
        }
    }

    /** Whether another exchange may follow on this connection. */
    boolean reusable() {
        return reusable && !socket.isClosed();
    }

    /** Closes the socket; a thread that is blocked writing to it or reading from it fails at once. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
