package dev.shaula.load;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * As messages of {@code Vectors/UpsertStream}, one stream on a connection of its own, HTTP/2 (RFC 9113) with prior
 * knowledge and heads without Huffman coding or table: a writer that is slowed by the windows of the server.
 */
final class GreedyGrpc extends Greedy {
    private static final int SEND_BUFFER = 64 << 10;
    private static final int FRAME = 16_384;
    private static final int FIRST_WINDOW = 65_535;
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RESET = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GO_AWAY = 7;
    private static final int WINDOW_UPDATE = 8;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final OutputStream out;
    private final String collection;
    private final Object windows = new Object();
    private long connectionWindow = FIRST_WINDOW;
    private long streamWindow = FIRST_WINDOW;
    private long initialWindow = FIRST_WINDOW;
    private boolean closed;
    private int unacknowledged;
    private ByteArrayOutputStream answer = new ByteArrayOutputStream();

    GreedyGrpc(URI url, String collection, String name, int[] versions, Percentiles times) throws IOException {
        super(name, versions, times);
        this.collection = collection;
        socket.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(url.getHost(), url.getPort()));
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = socket.getOutputStream();
        begin(out, url.getAuthority(), "/shaula.v1.Vectors/UpsertStream");
        listen();
    }

    /** Begins a connection and a call on it, whose stream is 1. */
    static void begin(OutputStream to, String authority, String method) throws IOException {
        to.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        to.write(framed(SETTINGS, 0, 0, new byte[0], 0, 0));
        byte[] head = head(authority, method);
        to.write(framed(HEADERS, END_HEADERS, 1, head, 0, head.length));
    }

    /** Sends the one message of a call. */
    static void lastData(OutputStream to, byte[] message) throws IOException {
        to.write(framed(DATA, END_STREAM, 1, message, 0, message.length));
    }

    private static byte[] head(String authority, String method) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        header(block, ":method", "POST");
        header(block, ":scheme", "http");
        header(block, ":path", method);
        header(block, ":authority", authority);
        header(block, "content-type", "application/grpc");
        header(block, "te", "trailers");
        return block.toByteArray();
    }

    /** RFC 7541, 6.2.2: a literal without indexing, its name new; all are shorter than 127 bytes. */
    private static void header(ByteArrayOutputStream block, String name, String value) {
        block.write(0);
        block.write(name.length());
        block.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
        block.write(value.length());
        block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
    }

    private synchronized void frame(int type, int flags, int stream, byte[] payload, int from, int length)
            throws IOException {
        out.write(framed(type, flags, stream, payload, from, length));
    }

    private static byte[] framed(int type, int flags, int stream, byte[] payload, int from, int length) {
        ByteBuffer frame = ByteBuffer.allocate(9 + length);
        frame.put((byte) (length >> 16))
                .putShort((short) length)
                .put((byte) type)
                .put((byte) flags);
        return frame.putInt(stream).put(payload, from, length).array();
    }

    @Override
    byte[] encoded(Batch batch, int version, long number) {
        return batch.grpc(collection, version, number);
    }

    @Override
    void write(byte[] bytes) throws IOException, InterruptedException {
        for (int at = 0; at < bytes.length; ) {
            int n = take(Math.min(FRAME, bytes.length - at));
            frame(DATA, 0, 1, bytes, at, n);
            at += n;
        }
    }

    /** Waits for room in both windows, and takes it. */
    private int take(int wanted) throws IOException, InterruptedException {
        synchronized (windows) {
            while (!closed && Math.min(connectionWindow, streamWindow) <= 0) {
                windows.wait(1_000);
            }
            if (closed) {
                throw new IOException("the stream has ended");
            }
            int n = (int) Math.min(wanted, Math.min(connectionWindow, streamWindow));
            connectionWindow -= n;
            streamWindow -= n;
            return n;
        }
    }

    @Override
    void end() throws IOException {
        frame(DATA, END_STREAM, 1, new byte[0], 0, 0);
    }

    @Override
    void hear() throws IOException {
        try {
            boolean open = true;
            while (open) {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                int flags = in.readUnsignedByte();
                int stream = in.readInt();
                open = take(type, flags, stream, in.readNBytes(length));
            }
        } finally {
            synchronized (windows) {
                closed = true;
                windows.notifyAll();
            }
        }
    }

    private boolean take(int type, int flags, int stream, byte[] payload) throws IOException {
        switch (type) {
            case DATA -> data(payload);
            case SETTINGS -> settings(flags, payload);
            case PING -> answerPing(flags, payload);
            case WINDOW_UPDATE -> widen(stream, ByteBuffer.wrap(payload).getInt());
            case RESET, GO_AWAY ->
                throw new IOException(
                        "frame " + type + " of the server: " + new String(payload, StandardCharsets.ISO_8859_1));
            default -> {}
        }
        boolean trailers = type == HEADERS || type == DATA;
        return !(trailers && (flags & END_STREAM) != 0);
    }

    private void answerPing(int flags, byte[] payload) throws IOException {
        if ((flags & 1) == 0) {
            frame(PING, 1, 0, payload, 0, payload.length);
        }
    }

    private void settings(int flags, byte[] payload) throws IOException {
        if ((flags & 1) != 0) {
            return;
        }
        ByteBuffer settings = ByteBuffer.wrap(payload);
        while (settings.hasRemaining()) {
            int id = settings.getShort();
            int value = settings.getInt();
            if (id == 4) {
                widen(1, (int) (value - initialWindow));
                initialWindow = value;
            }
        }
        frame(SETTINGS, 1, 0, new byte[0], 0, 0);
    }

    private void widen(int stream, int more) {
        synchronized (windows) {
            if (stream == 0) {
                connectionWindow += more;
            } else {
                streamWindow += more;
            }
            windows.notifyAll();
        }
    }

    private void data(byte[] payload) throws IOException {
        answer.writeBytes(payload);
        unacknowledged += payload.length;
        if (unacknowledged > FIRST_WINDOW / 2) {
            byte[] more = ByteBuffer.allocate(4).putInt(unacknowledged).array();
            frame(WINDOW_UPDATE, 0, 0, more, 0, 4);
            frame(WINDOW_UPDATE, 0, 1, more, 0, 4);
            unacknowledged = 0;
        }
        ByteBuffer messages = ByteBuffer.wrap(answer.toByteArray());
        while (messages.remaining() >= 5 && messages.remaining() >= 5 + messages.getInt(messages.position() + 1)) {
            int end = messages.position() + 5 + messages.getInt(messages.position() + 1);
            messages.position(messages.position() + 5);
            acknowledged(total(messages, end));
        }
        answer = new ByteArrayOutputStream();
        answer.write(messages.array(), messages.position(), messages.remaining());
    }

    /** Field 3 of an {@code UpsertAck}, whose fields are numbers or, of wire type 2, lists of such with their length. */
    private static long total(ByteBuffer message, int end) {
        long total = 0;
        while (message.position() < end) {
            int tag = message.get();
            long value = varint(message);
            if ((tag & 7) == 2) {
                message.position(message.position() + Math.toIntExact(value));
            } else if (tag >> 3 == 3) {
                total = value;
            }
        }
        return total;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 127) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
        super.close();
    }
}
