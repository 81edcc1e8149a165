package dev.shaula.doors;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * {@code shaula.v1.Vectors/Search} over HTTP/2: each query is a stream of two frames that are encoded beforehand, in
 * which only the number of the stream changes. Headers are literals that enter no table (RFC 7541, 6.2.2).
 */
record GrpcDoor(String collection) implements Door {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GOAWAY = 7;
    private static final int WINDOW_UPDATE = 8;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int ACK = 1;
    private static final int FRAME_HEAD = 9;

    @Override
    public String name() {
        return "gRPC, packed bytes";
    }

    @Override
    public ByteBuffer query(float[] vector, int k, int ef) {
        byte[] headers = headers();
        byte[] message = message(vector, k, ef);
        ByteBuffer out = ByteBuffer.allocateDirect(2 * FRAME_HEAD + headers.length + 5 + message.length);
        frameHead(out, headers.length, HEADERS, END_HEADERS).put(headers);
        frameHead(out, 5 + message.length, DATA, END_STREAM);
        return out.put((byte) 0).putInt(message.length).put(message).flip();
    }

    private static byte[] headers() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(0x83); // :method POST
        out.write(0x86); // :scheme http
        out.write(0x04); // :path
        text(out, "/shaula.v1.Vectors/Search");
        out.write(0x01); // :authority
        text(out, "shaula");
        out.write(0x0f); // content-type, number 31 = 15 + 16
        out.write(0x10);
        text(out, "application/grpc");
        out.write(0x00);
        text(out, "te");
        text(out, "trailers");
        return out.toByteArray();
    }

    private static void text(ByteArrayOutputStream out, String text) {
        out.write(text.length());
        out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** The fields of {@code SearchRequest} by their numbers in {@code shaula.proto}. */
    private byte[] message(float[] vector, int k, int ef) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(1 << 3 | 2);
        text(out, collection);
        out.write(2 << 3 | 2);
        varint(out, Float.BYTES * vector.length);
        out.writeBytes(JsonAnswers.bytes(vector));
        out.write(4 << 3);
        varint(out, k);
        out.write(11 << 3);
        varint(out, 0); // include_metadata
        out.write(13 << 3);
        varint(out, ef);
        return out.toByteArray();
    }

    private static void varint(ByteArrayOutputStream out, int value) {
        int rest = value;
        while (rest > 127) {
            out.write(rest & 127 | 128);
            rest >>>= 7;
        }
        out.write(rest);
    }

    private static ByteBuffer frameHead(ByteBuffer out, int length, int type, int flags) {
        return out.put((byte) (length >> 16))
                .putShort((short) length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(0);
    }

    @Override
    public Conversation open() {
        return new Http2();
    }

    @Override
    public int[] ids(ByteBuffer answer) {
        ByteBuffer in = answer.duplicate();
        int[] ids = new int[16];
        int n = 0;
        while (in.hasRemaining()) {
            in.get(); // field 1: a result
            int end = readVarint(in);
            end += in.position();
            in.get(); // field 1 of it: the id
            byte[] id = new byte[readVarint(in)];
            in.get(id);
            ids = n == ids.length ? Arrays.copyOf(ids, 2 * n) : ids;
            ids[n++] = Integer.parseInt(new String(id, StandardCharsets.US_ASCII));
            in.position(end);
        }
        return Arrays.copyOf(ids, n);
    }

    private static int readVarint(ByteBuffer in) {
        int value = 0;
        for (int shift = 0; ; shift += 7) {
            int b = in.get();
            value |= (b & 127) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private static final class Http2 implements Conversation {
        private static final int MAX_WINDOW = Integer.MAX_VALUE;

        private final ByteBuffer body = ByteBuffer.allocate(1 << 20);
        private ByteBuffer answer = ByteBuffer.allocate(0);
        private boolean ready;
        private int stream = -1;

        @Override
        public byte[] hello() {
            ByteBuffer out = ByteBuffer.allocate(128);
            out.put("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            frameHead(out, 12, SETTINGS, 0)
                    .putShort((short) 1) // size of the table of headers
                    .putInt(0)
                    .putShort((short) 4) // window of each stream
                    .putInt(MAX_WINDOW);
            frameHead(out, 4, WINDOW_UPDATE, 0).putInt(MAX_WINDOW - 65_535);
            return Arrays.copyOf(out.array(), out.position());
        }

        @Override
        public boolean ready() {
            return ready;
        }

        /** One question is under way at a time and shorter than half a window, so windows need not be counted. */
        @Override
        public void ask(ByteBuffer encoded, ByteBuffer out) {
            stream += 2;
            int start = out.position();
            int headers = (encoded.getShort(1) & 0xffff) + FRAME_HEAD;
            out.put(encoded.duplicate());
            out.putInt(start + 5, stream).putInt(start + headers + 5, stream);
            body.clear();
        }

        @Override
        public boolean take(ByteBuffer in, ByteBuffer out) {
            while (in.remaining() >= FRAME_HEAD) {
                int at = in.position();
                int length = (in.get(at) & 0xff) << 16 | in.getShort(at + 1) & 0xffff;
                if (in.remaining() < FRAME_HEAD + length) {
                    return false;
                }
                ByteBuffer payload = in.slice(at + FRAME_HEAD, length);
                in.position(at + FRAME_HEAD + length);
                if (frame(in.get(at + 3), in.get(at + 4), payload, out)) {
                    return true;
                }
            }
            return false;
        }

        private boolean frame(int type, int flags, ByteBuffer payload, ByteBuffer out) {
            switch (type) {
                case DATA -> body.put(payload);
                case SETTINGS -> {
                    ready = true;
                    if ((flags & ACK) == 0) {
                        frameHead(out, 0, SETTINGS, ACK);
                    }
                }
                case PING -> {
                    if ((flags & ACK) == 0) {
                        frameHead(out, 8, PING, ACK).put(payload);
                    }
                }
                case RST_STREAM, GOAWAY ->
                    throw new IllegalStateException("cut off: " + HttpConversation.text(payload));
                default -> {}
            }
            return (type == HEADERS || type == DATA) && (flags & END_STREAM) != 0 && complete();
        }

        private boolean complete() {
            if (body.position() < 5 || body.position() != 5 + body.getInt(1)) {
                throw new IllegalStateException("no message in the answer");
            }
            answer = body.slice(5, body.position() - 5);
            return true;
        }

        @Override
        public ByteBuffer answer() {
            return answer;
        }
    }
}
