package dev.shaula.doors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** {@code /vectors/stream}: binary queries, JSON answers. */
record SocketDoor(String collection) implements Door {
    private static final int FINAL_BINARY = 0x82;
    private static final int MASKED_16_BIT_LENGTH = 0x80 | 126;
    private static final int WITHOUT_METADATA = 2;
    private static final int WITH_EF = 8;

    @Override
    public String name() {
        return "WebSocket, binary";
    }

    /** A frame whose mask is zero, which leaves the payload as it is. */
    @Override
    public ByteBuffer query(float[] vector, int k, int ef) {
        byte[] name = collection.getBytes(StandardCharsets.UTF_8);
        int length = 28 + name.length + Float.BYTES * vector.length;
        ByteBuffer frame = ByteBuffer.allocateDirect(8 + length);
        frame.put((byte) FINAL_BINARY)
                .put((byte) MASKED_16_BIT_LENGTH)
                .putShort((short) length)
                .putInt(0);
        frame.order(ByteOrder.LITTLE_ENDIAN).put((byte) 2).put((byte) (WITHOUT_METADATA | WITH_EF));
        frame.putShort((short) name.length)
                .putInt(k)
                .putLong(1)
                .putInt(vector.length)
                .putFloat(Float.NaN);
        return frame.putInt(ef).put(name).put(JsonAnswers.bytes(vector)).flip();
    }

    @Override
    public Conversation open() {
        return new Socket();
    }

    @Override
    public int[] ids(ByteBuffer answer) {
        return JsonAnswers.ids(answer);
    }

    private static final class Socket implements Conversation {
        private boolean ready;
        private ByteBuffer answer = ByteBuffer.allocate(0);

        @Override
        public byte[] hello() {
            return ("GET /vectors/stream HTTP/1.1\r\nHost: shaula\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Key: c2hhdWxhIGlzIGEgc3Rhcg==\r\nSec-WebSocket-Version: 13\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public boolean ready() {
            return ready;
        }

        @Override
        public void ask(ByteBuffer encoded, ByteBuffer out) {
            out.put(encoded.duplicate());
        }

        @Override
        public boolean take(ByteBuffer in, ByteBuffer out) {
            if (!ready) {
                upgraded(in);
                return false;
            }
            while (in.remaining() >= 2) {
                int lengthCode = in.get(in.position() + 1) & 127;
                int head = lengthCode == 127 ? 10 : lengthCode == 126 ? 4 : 2;
                if (in.remaining() < head) {
                    return false;
                }
                int length = lengthCode == 127
                        ? Math.toIntExact(in.getLong(in.position() + 2))
                        : lengthCode == 126 ? in.getShort(in.position() + 2) & 0xffff : lengthCode;
                if (in.remaining() < head + length) {
                    return false;
                }
                int opcode = in.get(in.position()) & 15;
                ByteBuffer payload = in.slice(in.position() + head, length);
                in.position(in.position() + head + length);
                if (message(opcode, payload, out)) {
                    return true;
                }
            }
            return false;
        }

        private void upgraded(ByteBuffer in) {
            int end = HttpConversation.headEnd(in);
            if (end >= 0) {
                if (in.get(in.position() + 9) != '1') {
                    throw new IllegalStateException("no upgrade: " + HttpConversation.text(in));
                }
                in.position(end);
                ready = true;
            }
        }

        /** Whether the frame is the answer. */
        private boolean message(int opcode, ByteBuffer payload, ByteBuffer out) {
            switch (opcode) {
                case 1 -> {
                    String start = HttpConversation.text(payload.slice(0, Math.min(40, payload.limit())));
                    if (!start.contains("\"result\"")) {
                        throw new IllegalStateException("expected a result, got " + HttpConversation.text(payload));
                    }
                    answer = payload;
                    return true;
                }
                case 9 ->
                    out.put((byte) 0x8a)
                            .put((byte) (0x80 | payload.limit()))
                            .putInt(0)
                            .put(payload);
                default -> throw new IllegalStateException("unexpected frame " + opcode);
            }
            return false;
        }

        @Override
        public ByteBuffer answer() {
            return answer;
        }
    }
}
