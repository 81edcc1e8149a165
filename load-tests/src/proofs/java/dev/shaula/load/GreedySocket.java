package dev.shaula.load;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** As binary messages of a WebSocket, as many as its credit allows. Masked with zeros, which change nothing. */
final class GreedySocket extends Greedy {
    private static final Pattern CREDIT = Pattern.compile("\"credit\":(\\d+)");
    private static final Pattern POINTS = Pattern.compile("\"points\":(\\d+)");
    private static final int SEND_BUFFER = 64 << 10;
    private static final int OP_TEXT = 1;
    private static final int OP_BINARY = 2;
    private static final int OP_CLOSE = 8;
    private static final int OP_PING = 9;
    private static final int OP_PONG = 10;

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final OutputStream out;
    private final String collection;
    private final Semaphore credit = new Semaphore(0);

    GreedySocket(URI url, String collection, String name, int[] versions, Percentiles times) throws IOException {
        super(name, versions, times);
        this.collection = collection;
        socket.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(url.getHost(), url.getPort()));
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = socket.getOutputStream();
        out.write("""
                GET /vectors/stream HTTP/1.1
                Host: x
                Upgrade: websocket
                Connection: Upgrade
                Sec-WebSocket-Version: 13
                Sec-WebSocket-Key: c2hhdWxhLW92ZXJsb2FkIQ==

                """.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
        skipHead();
        say("{\"op\":\"open\",\"stream\":\"" + name + "\",\"collection\":\"" + collection + "\"}");
        listen();
    }

    private void skipHead() throws IOException {
        int matched = 0;
        while (matched < 4) {
            int b = in.readUnsignedByte();
            matched = b == "\r\n\r\n".charAt(matched) ? matched + 1 : b == '\r' ? 1 : 0;
        }
    }

    private void say(String json) throws IOException {
        frame(OP_TEXT, json.getBytes(StandardCharsets.UTF_8));
    }

    private synchronized void frame(int op, byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length).put((byte) (128 | op));
        if (payload.length < 126) {
            frame.put((byte) (128 | payload.length));
        } else if (payload.length < 1 << 16) {
            frame.put((byte) (128 | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (128 | 127)).putLong(payload.length);
        }
        frame.putInt(0).put(payload);
        out.write(frame.array(), 0, frame.position());
    }

    @Override
    byte[] encoded(Batch batch, int version, long number) {
        return batch.socket(name, version, number);
    }

    @Override
    void write(byte[] bytes) throws IOException, InterruptedException {
        credit.acquire(bytes.length);
        frame(OP_BINARY, bytes);
    }

    @Override
    void end() throws IOException {
        say("{\"op\":\"close\",\"stream\":\"" + name + "\"}");
    }

    @Override
    void hear() throws IOException {
        for (boolean open = true; open; ) {
            int op = in.readUnsignedByte() & 15;
            int length = in.readUnsignedByte() & 127;
            int bytes = length == 126 ? in.readUnsignedShort() : length == 127 ? (int) in.readLong() : length;
            byte[] payload = in.readNBytes(bytes);
            switch (op) {
                case OP_PING -> frame(OP_PONG, payload);
                case OP_TEXT -> open = take(new String(payload, StandardCharsets.UTF_8));
                case OP_CLOSE -> throw new IOException("closed by the server");
                default -> {}
            }
        }
    }

    private boolean take(String json) throws IOException {
        if (json.contains("\"event\":\"error\"")) {
            throw new IOException(collection + ": " + json);
        }
        Matcher points = POINTS.matcher(json);
        if (points.find()) {
            acknowledged(Long.parseLong(points.group(1)));
        }
        Matcher granted = CREDIT.matcher(json);
        if (granted.find()) {
            credit.release(Integer.parseInt(granted.group(1)));
        }
        return !json.contains("\"event\":\"closed\"");
    }

    @Override
    public void close() throws IOException {
        socket.close();
        super.close();
    }
}
