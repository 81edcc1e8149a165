package dev.shaula.doors;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** HTTP/1.1 with keep-alive; answers have a length. */
final class HttpConversation implements Conversation {
    private static final byte[] LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);

    private ByteBuffer answer = ByteBuffer.allocate(0);

    @Override
    public byte[] hello() {
        return new byte[0];
    }

    @Override
    public boolean ready() {
        return true;
    }

    @Override
    public void ask(ByteBuffer encoded, ByteBuffer out) {
        out.put(encoded.duplicate());
    }

    @Override
    public boolean take(ByteBuffer in, ByteBuffer out) {
        int body = headEnd(in);
        if (body < 0) {
            return false;
        }
        int length = length(in, body);
        if (in.limit() - body < length) {
            return false;
        }
        if (in.get(in.position() + 9) != '2') {
            throw new IllegalStateException("refused: " + text(in.slice(in.position(), body + length - in.position())));
        }
        answer = in.slice(body, length);
        in.position(body + length);
        return true;
    }

    @Override
    public ByteBuffer answer() {
        return answer;
    }

    /** Where the body begins; -1 while the head is not complete. */
    static int headEnd(ByteBuffer in) {
        for (int i = in.position() + 3; i < in.limit(); i++) {
            if (in.get(i) == '\n' && in.get(i - 1) == '\r' && in.get(i - 2) == '\n') {
                return i + 1;
            }
        }
        return -1;
    }

    private static int length(ByteBuffer in, int end) {
        for (int at = in.position(); at < end - LENGTH.length; at++) {
            if (in.get(at) == '\n' && matches(in, at + 1)) {
                return number(in, at + 1 + LENGTH.length);
            }
        }
        throw new IllegalStateException("an answer without a length: " + text(in.duplicate()));
    }

    private static boolean matches(ByteBuffer in, int at) {
        for (int i = 0; i < LENGTH.length; i++) {
            int c = in.get(at + i);
            if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != LENGTH[i]) {
                return false;
            }
        }
        return true;
    }

    private static int number(ByteBuffer in, int start) {
        int value = 0;
        for (int at = start; in.get(at) != '\r'; at++) {
            if (in.get(at) != ' ') {
                value = 10 * value + in.get(at) - '0';
            }
        }
        return value;
    }

    static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}
